/**
 * `npm run bench -- preempt`: what instrumenting loops costs, and what it is good for. Costs are ratios: the same code on
 * two VMs of one OS process, one of which instruments what it loads, in turn, round by round; in CPU time, since the
 * figure is about code, not about who else uses the machine.
 */

import { parseArgs } from 'node:util'
import {
  describeMachine,
  formatHeading,
  formatMachine,
  formatQuantity,
  formatRow,
  percentile,
  summarize,
} from '@heddle/bench'
import { startVm, tag, type Vm } from '@heddle/scheduler'
import { measureIn } from '../micro/measure.ts'
import { hog, pinger } from './pair.ts'
import { type Shape, type ShapeResult, shapes } from './shapes.ts'

const USAGE = `npm run bench -- preempt [--rounds N] [--only SHAPE]... [--json]

  --rounds N     rounds that count, after three to warm up; default 9
  --only SHAPE   ${shapes.map(({ name }) => name).join(', ')}, latency; may be given more than once
  --json         one line of JSON for each figure
`
const WARM_UP_COUNT = 3
const TRIP_COUNT = 2_000
const LATENCY = 'latency'

interface Row {
  readonly name: string
  readonly unit: string
  readonly values: readonly number[]
  readonly note: string
}

export async function runPreempt(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '9' },
      only: { type: 'string', multiple: true },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const roundCount = Number(values.rounds)
  const names = [...shapes.map(({ name }) => name), LATENCY]
  const wrong = values.only?.find((name) => !names.includes(name))
  if (values.help || wrong !== undefined || !(Number.isInteger(roundCount) && roundCount > 0)) {
    process.stderr.write(USAGE)
    return values.help ? 0 : 2
  }
  const isAsked = (name: string): boolean => values.only?.includes(name) ?? true
  const print = values.json ? printJson : tablePrinter(roundCount)
  for (const shape of shapes) if (isAsked(shape.name)) print(await costOf(shape, roundCount))
  if (isAsked(LATENCY)) for await (const row of latencies(roundCount)) print(row)
  return 0
}

/** How many times as long a shape takes when it is instrumented. */
async function costOf(shape: Shape, roundCount: number): Promise<Row> {
  const plain = await startVm({ schedulers: 1 })
  const instrumented = await startVm({ schedulers: 1, preempt: true })
  const values: number[] = []
  const plainMs: number[] = []
  try {
    for (let round = -WARM_UP_COUNT; round < roundCount; round++) {
      // Whoever is second meets the machine as the first has left it: so they take turns at that, too.
      const order = round % 2 === 0 ? [plain, instrumented] : [instrumented, plain]
      const found = new Map<Vm, ShapeResult>()
      for (const vm of order) found.set(vm, await measureIn(vm, shape.definition, { times: shape.times }))
      const [a, b] = [found.get(plain), found.get(instrumented)]
      if (a === undefined || b === undefined || a.checksum !== b.checksum)
        throw new Error(`${shape.name}: instrumented code came to another result`)
      if (round < 0) continue
      values.push(b.cpuMs / a.cpuMs)
      plainMs.push(a.cpuMs)
    }
  } finally {
    await Promise.all([plain.stop(), instrumented.stop()])
  }
  const note = `${shape.description}; plain ${formatQuantity(summarize(plainMs).median)} ms of CPU`
  return { name: shape.name, unit: 'times plain', values, note }
}

/** The p99 of each round's round trips: with nobody else there, and beside a process that computes for ever. */
async function* latencies(roundCount: number): AsyncGenerator<Row> {
  for (const [place, schedulers, peerScheduler] of [
    ['local', 1, 1],
    ['cross', 2, 2],
  ] as const) {
    for (const isBusy of [false, true]) {
      const vm = await startVm({ schedulers, preempt: true })
      const values: number[] = []
      const cpu: number[] = []
      const p50: number[] = []
      try {
        const hogs = isBusy ? Array.from({ length: schedulers }, (_, index) => index + 1) : []
        for (const scheduler of hogs) await vm.spawn(hog, vm.pid, { scheduler })
        for (const _ of hogs) await vm.receive(tag('computing'))
        for (let round = -1; round < roundCount; round++) {
          const { elapsedMs, cpuMs } = await measureIn(vm, pinger, {
            roundTripCount: TRIP_COUNT,
            peerScheduler,
          })
          if (round < 0) continue
          values.push(percentile(elapsedMs, 0.99) * 1_000)
          p50.push(percentile(elapsedMs, 0.5) * 1_000)
          cpu.push(percentile(cpuMs, 0.99) * 1_000)
        }
      } finally {
        await vm.stop({ timeoutMs: 0 })
      }
      const note = `round trips; ${isBusy ? 'a hog on each scheduler' : 'alone'}; p50 ${formatQuantity(summarize(p50).median)} us`
      const name = `p99_${place}${isBusy ? '_hog' : ''}`
      yield { name, unit: 'us', values, note }
      // Of two schedulers both would count.
      if (schedulers === 1)
        yield { name: `${name}_cpu`, unit: 'us of CPU', values: cpu, note: 'the same, in CPU time' }
    }
  }
}

function printJson({ name, unit, values, note }: Row): void {
  const { min, median, max } = summarize(values)
  process.stdout.write(`${JSON.stringify({ name, value: median, min, max, unit, note })}\n`)
}

function tablePrinter(roundCount: number): (row: Row) => void {
  const columns = [
    { title: 'figure', width: 17 },
    { title: 'median', width: 7, align: 'right' as const },
    { title: 'min', width: 7, align: 'right' as const },
    { title: 'max', width: 7, align: 'right' as const },
    { title: 'unit', width: 11 },
    { title: 'what', width: 40 },
  ]
  const print = (line: string) => process.stdout.write(`${line}\n`)
  print(`${formatMachine(describeMachine())}; ${roundCount} rounds after ${WARM_UP_COUNT} to warm up`)
  print(formatHeading(columns))
  return ({ name, unit, values, note }) => {
    const { min, median, max } = summarize(values)
    print(formatRow(columns, [name, ...[median, min, max].map(formatQuantity), unit, note]))
  }
}
