/**
 * Each figure is taken in an OS process of its own, a child of the one that prints: no figure meets the
 * compiled code, the heap or the leftovers of another, and one that hangs or dies takes nothing else with
 * it. Inside, one VM serves the warm-up round and all that count, so its schedulers' code is compiled when
 * they begin. A figure may ask for a child per round instead.
 */

import { fork } from 'node:child_process'
import { startVm } from '@heddle/scheduler'
import type { Figure, RoundResult } from './figure.ts'

const LIMIT_MS = 180_000
/** With `--in-child`, the program takes one figure and tells its parent, no more. */
export const CHILD_OPTION = 'in-child'

type FromChild = { readonly rounds: RoundResult[] } | { readonly error: string }

/** All rounds that count of one figure. Rejects if it fails or takes for ever. */
export async function takeFigure(figure: Figure, roundCount: number): Promise<RoundResult[]> {
  if (figure.scope === 'one_process') return takeInChild(figure, 1, roundCount)
  // The first launch warms what is warm from the second on: files in the page cache.
  await takeInChild(figure, 0, 1)
  const rounds: RoundResult[] = []
  for (let round = 0; round < roundCount; round++) rounds.push(...(await takeInChild(figure, 0, 1)))
  return rounds
}

function takeInChild(figure: Figure, warmUpCount: number, roundCount: number): Promise<RoundResult[]> {
  const args = ['micro', `--${CHILD_OPTION}`, `${figure.name},${warmUpCount},${roundCount}`]
  // Its standard output is ours to use: it must not write there.
  const child = fork(process.argv[1] as string, args, { stdio: ['ignore', 2, 2, 'ipc'] })
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`took longer than ${LIMIT_MS / 1_000} s`))
    }, LIMIT_MS)
    let result: FromChild | undefined
    child.on('message', (message: FromChild) => {
      result = message
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(limit)
      if (result === undefined)
        reject(new Error(`its OS process ended with ${signal ?? `exit code ${code}`}`))
      else if ('error' in result) reject(new Error(result.error))
      else resolve(result.rounds)
    })
  })
}

/** What the child does. */
export async function serveParent(order: string, figures: readonly Figure[]): Promise<number> {
  const [name, warmUpCount, roundCount] = order.split(',')
  const figure = figures.find((each) => each.name === name)
  if (figure === undefined || process.send === undefined) {
    process.stderr.write(`--${CHILD_OPTION} is for this program itself\n`)
    return 2
  }
  // The parent is gone: nobody waits for the rest.
  const orphaned = () => process.exit(1)
  process.once('disconnect', orphaned)
  const answer = await takeRounds(figure, Number(warmUpCount), Number(roundCount)).then(
    (rounds): FromChild => ({ rounds }),
    (error: unknown): FromChild => ({ error: error instanceof Error ? error.message : String(error) }),
  )
  await new Promise((resolve) => process.send?.(answer, undefined, undefined, resolve))
  process.off('disconnect', orphaned)
  process.disconnect()
  return 0
}

async function takeRounds(figure: Figure, warmUpCount: number, roundCount: number): Promise<RoundResult[]> {
  const { work } = figure
  if (work.schedulers === undefined) return repeat(work.round, warmUpCount, roundCount)
  await using vm = await startVm({ schedulers: work.schedulers })
  return await repeat(() => work.round(vm), warmUpCount, roundCount)
}

async function repeat(
  round: () => Promise<RoundResult>,
  warmUpCount: number,
  roundCount: number,
): Promise<RoundResult[]> {
  const results: RoundResult[] = []
  for (let index = 0; index < warmUpCount + roundCount; index++) results.push(await round())
  return results.slice(warmUpCount)
}
