/**
 * `npm run bench -- dirty`: what a task costs in the VM's pool, beside the same task in a plain piscina pool of as many
 * threads, one round of each in turn. The ratio is taken round by round: what the machine was worth at that moment cancels.
 */

import { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  type Column,
  describeMachine,
  formatHeading,
  formatMachine,
  formatQuantity,
  formatRow,
  summarize,
} from '@heddle/bench'
import { startVm, type Vm } from '@heddle/scheduler'
import { measureIn } from '../micro/measure.ts'
import { asker, dirtyWork, runTasks, TASK_SIZE, work } from './work.ts'

const THREAD_COUNT = 2
const ROUND_COUNT = 7
const WARM_UP_COUNT = 2
const TASK_COUNT = 2_000
/** Tasks under way at one time, for the throughput. */
const WIDTH = 32

interface Pool {
  run(task: object): Promise<ReturnType<typeof work>>
  destroy(): Promise<void>
}

/** The same that the VM uses, found as it finds it. */
function startPiscina(): Pool {
  const fromScheduler = createRequire(import.meta.resolve('@heddle/scheduler'))
  const { Piscina } = fromScheduler('piscina') as { Piscina: new (options: object) => Pool }
  return new Piscina({
    filename: fileURLToPath(new URL('./work.js', import.meta.url)),
    name: work.name,
    maxThreads: THREAD_COUNT,
    // As the VM's: by default piscina ends a thread that has had nothing to do for a moment, and then starts another.
    idleTimeout: 60_000,
  })
}

const columns: readonly Column[] = [
  { title: 'figure', width: 44 },
  { title: 'median', width: 8, align: 'right' },
  { title: 'min', width: 8, align: 'right' },
  { title: 'max', width: 8, align: 'right' },
]

function show(title: string, values: readonly number[]): void {
  const { median, min, max } = summarize(values)
  process.stdout.write(`${formatRow(columns, [title, ...[median, min, max].map(formatQuantity)])}\n`)
}

/** What a side came to, round by round, for each task: ms by the clock, and ms of CPU time, all threads together. */
interface Found {
  readonly clockMs: number[]
  readonly cpuMs: number[]
}

/** With `width` tasks under way at one time. */
async function compare(
  vm: Vm,
  pool: Pool,
  width: number,
  roundCount: number,
): Promise<Record<string, Found>> {
  const sides: Readonly<Record<string, () => Promise<number>>> = {
    piscina: () => runTasks(TASK_COUNT, width, () => pool.run({ n: TASK_SIZE })),
    'vm.dirty': () => runTasks(TASK_COUNT, width, () => vm.dirty(dirtyWork, { n: TASK_SIZE })),
    'self.dirty': () => measureIn(vm, asker, { taskCount: TASK_COUNT, width }),
  }
  const found: Record<string, Found> = {}
  for (let round = -WARM_UP_COUNT; round < roundCount; round++) {
    for (const [name, take] of Object.entries(sides)) {
      const before = process.cpuUsage()
      const ms = await take()
      const { user, system } = process.cpuUsage(before)
      if (round < 0) continue
      const { clockMs, cpuMs } = (found[name] ??= { clockMs: [], cpuMs: [] })
      clockMs.push(ms / TASK_COUNT)
      cpuMs.push((user + system) / 1_000 / TASK_COUNT)
    }
  }
  return found
}

function ratios(found: Record<string, Found>, name: string, of: keyof Found): number[] {
  return (found[name]?.[of] ?? []).map((ms, round) => ms / (found.piscina?.[of][round] ?? Number.NaN))
}

function showAll(found: Record<string, Found>, title: string): void {
  for (const [name, { clockMs }] of Object.entries(found))
    show(
      `${title}, ${name}: us/task`,
      clockMs.map((ms) => ms * 1_000),
    )
  for (const [name, { cpuMs }] of Object.entries(found))
    show(
      `${title}, ${name}: CPU us/task`,
      cpuMs.map((ms) => ms * 1_000),
    )
  for (const name of Object.keys(found).slice(1)) {
    show(`${title}, ${name} / piscina`, ratios(found, name, 'clockMs'))
    show(`${title}, ${name} / piscina, CPU`, ratios(found, name, 'cpuMs'))
  }
}

export async function runDirty(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { rounds: { type: 'string' } } })
  const roundCount = Number(values.rounds ?? ROUND_COUNT)
  if (!Number.isInteger(roundCount) || roundCount < 1) {
    process.stderr.write('npm run bench -- dirty [--rounds N]: N is a whole number from 1\n')
    return 2
  }
  process.stdout.write(
    `${formatMachine(describeMachine())}; ${THREAD_COUNT} pool threads, ${roundCount} rounds\n\n`,
  )
  process.stdout.write(`${formatHeading(columns)}\n`)
  const vm = await startVm({ schedulers: 1, dirty: { threads: THREAD_COUNT } })
  const pool = startPiscina()
  try {
    showAll(await compare(vm, pool, 1, roundCount), 'one at a time')
    showAll(await compare(vm, pool, WIDTH, roundCount), `${WIDTH} at a time`)
  } finally {
    await Promise.all([pool.destroy(), vm.stop()])
  }
  return 0
}
