/**
 * Three ways to spread the same work: Heddle on one scheduler, Heddle on all, a piscina pool with as many threads.
 * Each takes paths and gives their digests in the same order. All are opened before any is measured and stay open,
 * so that they can take turns; an idle VM and an idle pool cost next to nothing.
 */

import { type Down, oneOf, startVm, tag } from '@heddle/scheduler'
import { Piscina } from 'piscina'
import { type Gathered, gatherer } from './processes.ts'

export interface Contestant {
  readonly name: string
  readonly threadCount: number
  gather(paths: readonly string[]): Promise<readonly string[]>
  close(): Promise<void>
}

export async function openContestants(schedulerCount: number): Promise<Contestant[]> {
  const opened = [await openHeddle(1)]
  if (schedulerCount > 1) opened.push(await openHeddle(schedulerCount))
  opened.push(openPiscina(schedulerCount))
  return opened
}

async function openHeddle(schedulerCount: number): Promise<Contestant> {
  const vm = await startVm({ schedulers: schedulerCount })
  return {
    name: `Heddle, ${schedulerCount} scheduler${schedulerCount === 1 ? '' : 's'}`,
    threadCount: schedulerCount,
    async gather(paths) {
      const pid = await vm.spawn(gatherer, { paths, replyTo: vm.pid })
      vm.monitor(pid)
      // The host is a process like any other here: it monitors, and takes the first of two messages.
      const outcome = await vm.receive(oneOf(tag<Gathered>('gathered'), tag<Down>('DOWN')))
      if (outcome.type === 'DOWN') throw new Error(`the gatherer ended: ${JSON.stringify(outcome.reason)}`)
      await vm.receive(tag<Down>('DOWN'))
      return outcome.digests
    },
    close: () => vm.stop(),
  }
}

function openPiscina(threadCount: number): Contestant {
  const pool = new Piscina<string, string>({
    filename: new URL('./work.js', import.meta.url).href,
    name: 'digestOf',
    minThreads: threadCount,
    maxThreads: threadCount,
  })
  return {
    name: `piscina, ${threadCount} thread${threadCount === 1 ? '' : 's'}`,
    threadCount,
    gather: (paths) => Promise.all(paths.map((path) => pool.run(path))),
    close: () => pool.close(),
  }
}
