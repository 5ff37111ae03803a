/**
 * `npm run bench -- balance`: how much sooner a load that begins on one scheduler is through when it may spread. Both
 * sides run in turn, in one OS process, on two VMs of which one has its balancer off; the figure is the ratio of each
 * pair of rounds. Beside it stands what a BEAM makes of the same load on the same machine, and what bare threads do.
 */

import { parseArgs } from 'node:util'
import {
  type Column,
  describeMachine,
  formatHeading,
  formatMachine,
  formatRow,
  type Summary,
  summarize,
} from '@heddle/bench'
import { startVm, tag, type Vm } from '@heddle/scheduler'
import { onBeam } from './beam.ts'
import { onThreads } from './threads.ts'
import { type Skew, starter, type Timing } from './workloads.ts'

/** So much sooner than without balancing, at least. */
const RATIO_MIN = 1.7

const USAGE = `npm run bench -- balance [--rounds N] [--schedulers N] [--only NAME]

  --rounds N       rounds that count, after two to warm up; default 7
  --schedulers N   default 2
  --only NAME      skew_actors, skew_jobs or skew_jobs_small

The exit status is 0 only if the best of the three ratios is at least ${RATIO_MIN}.
`
const ROUND_COUNT = 7
/** Rounds that only warm up: V8 has seen both ways of a job by then. */
const WARM_COUNT = 2

const LOADS: { readonly [name: string]: Omit<Skew, 'staysLocal'> } = {
  skew_actors: { workload: 'actors', count: 64, stepCount: 10_000, fibOf: 12 },
  skew_jobs: { workload: 'jobs', count: 100_000, stepCount: 1, fibOf: 17 },
  skew_jobs_small: { workload: 'jobs', count: 100_000, stepCount: 1, fibOf: 12 },
}

const COLUMNS: readonly Column[] = [
  { title: 'load', width: 16 },
  { title: 'on', width: 8 },
  { title: 'stays, ms', width: 22, align: 'right' },
  { title: 'may spread, ms', width: 22, align: 'right' },
  { title: 'times as fast', width: 20, align: 'right' },
  { title: 'elsewhere', width: 9, align: 'right' },
]

export async function runBalance(args: string[]): Promise<number> {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    args,
    options: { rounds: text, schedulers: text, only: text, help: { type: 'boolean', short: 'h' } },
  })
  const roundCount = Number(values.rounds ?? ROUND_COUNT)
  const schedulers = Number(values.schedulers ?? 2)
  const names = values.only === undefined ? Object.keys(LOADS) : [values.only]
  const isSound = [roundCount, schedulers].every((count) => Number.isInteger(count) && count >= 1)
  if (values.help === true || !isSound || !names.every((name) => Object.hasOwn(LOADS, name))) {
    ;(values.help === true ? process.stdout : process.stderr).write(USAGE)
    return values.help === true ? 0 : 2
  }
  process.stdout.write(`${formatMachine(describeMachine())}\n\n${formatHeading(COLUMNS)}\n`)
  let best = { name: '', ratio: 0 }
  for (const name of names) {
    const ratio = await compare(name, LOADS[name] as Skew, schedulers, roundCount)
    if (ratio > best.ratio) best = { name, ratio }
  }
  const holds = best.ratio >= RATIO_MIN
  const verdict = holds ? 'reached' : 'missed'
  process.stdout.write(
    `\n${best.ratio.toFixed(2)} times as fast at best, by ${best.name}; at least ${RATIO_MIN} is asked for: ${verdict}\n`,
  )
  return holds ? 0 : 1
}

/** Prints a line for Heddle, one for the BEAM, one for bare threads; returns Heddle's median ratio. */
async function compare(name: string, load: Skew, schedulers: number, roundCount: number): Promise<number> {
  const stays: Timing[] = []
  const spreads: Timing[] = []
  {
    await using still = await startVm({ schedulers, balance: 'off' })
    await using balanced = await startVm({ schedulers, balance: 'on' })
    for (let round = 0; round < WARM_COUNT + roundCount; round++) {
      const pair = [
        await time(still, { ...load, staysLocal: true }),
        await time(balanced, { ...load, staysLocal: false }),
      ] as const
      if (round < WARM_COUNT) continue
      stays.push(pair[0])
      spreads.push(pair[1])
    }
  }
  const elsewhere = summarize(spreads.map(({ elsewhereShare }) => elsewhereShare)).median
  const ratio = row(name, 'Heddle', stays.map(msOf), spreads.map(msOf), elsewhere.toFixed(2))
  const beam = await onBeam({ ...load, staysLocal: true }, schedulers, roundCount)
  if (beam === undefined)
    process.stdout.write(`${formatRow(COLUMNS, [name, 'BEAM', 'not installed here'])}\n`)
  else row(name, `OTP ${beam.release}`, beam.bound, beam.free, '')
  const threads = await onThreads({ ...load, staysLocal: true }, schedulers, roundCount)
  row(name, 'threads', threads.one, threads.all, '')
  return ratio
}

function msOf({ ms }: Timing): number {
  return ms
}

function row(
  name: string,
  where: string,
  stays: readonly number[],
  spreads: readonly number[],
  share: string,
): number {
  const ratio = summarize(stays.map((ms, index) => ms / (spreads[index] ?? Number.NaN)))
  const cells = [
    name,
    where,
    range(summarize(stays), 0),
    range(summarize(spreads), 0),
    range(ratio, 2),
    share,
  ]
  process.stdout.write(`${formatRow(COLUMNS, cells)}\n`)
  return ratio.median
}

function range({ median, min, max }: Summary, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}..${max.toFixed(digits)})`
}

async function time(vm: Vm, skew: Skew): Promise<Timing> {
  await vm.spawn(starter, { host: vm.pid, skew }, { scheduler: 1 })
  const { timing } = await vm.receive(tag<{ type: 'timing'; timing: Timing }>('timing'))
  return timing
}
