// The main job ends well on any machine: every check holds, the JSON is whole, misuse is told in words. And its plain
// parts, tested alone.

import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  addsUp,
  type Band,
  giveBack,
  grant,
  heldBy,
  heldCount,
  holdersOf,
  openBand,
  reclaim,
} from '../examples/main-job/dist/frequencies/band.js'
import { partitionOf } from '../examples/main-job/dist/frequencies/base-station.js'
import {
  BUCKET_COUNT,
  bucketOf,
  middleOf,
  percentileUs,
} from '../examples/main-job/dist/frequencies/latency.js'
import { levelsUpTo } from '../examples/main-job/dist/frequencies/measure.js'
import type { Report } from '../examples/main-job/dist/report.js'

const program = join(import.meta.dirname, '../examples/main-job/dist/main.js')
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-main-job-'))
  mkdirSync(join(folder, 'files/below'), { recursive: true })
  mkdirSync(join(folder, 'empty'))
  for (let index = 0; index < 12; index++) {
    writeFileSync(join(folder, 'files', `${index}.txt`), `file ${index}\n`.repeat(index * 500))
  }
  writeFileSync(join(folder, 'files/below/deep.bin'), Buffer.alloc(70_000, 7))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function runJob(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
    })
  })
}

function checksOf(part: object): Record<string, boolean> {
  return 'checks' in part ? (part.checks as Record<string, boolean>) : {}
}

describe('the program', () => {
  test('on two schedulers, every check of every part holds', async () => {
    const { status, stdout, stderr } = await runJob(
      ...['--json', '--schedulers', '2', '--seconds', '1', '--input', join(folder, 'files')],
    )
    expect(stderr).toBe('')
    const report = JSON.parse(stdout) as Report
    const { frequencies, pipeline, disaster } = report
    const checks = [frequencies, pipeline, disaster].map(checksOf)
    expect(checks.map((each) => Object.keys(each).length)).toEqual([6, 3, 8])
    expect(checks.flatMap((each) => Object.entries(each)).filter(([, holds]) => holds !== true)).toEqual([])
    expect(report).toMatchObject({
      ok: true,
      node: process.version,
      schedulers: 2,
      machine: { cpuModel: expect.any(String), coreCount: expect.any(Number) },
      frequencies: {
        figures: { clientCount: 256, levels: [{ schedulerCount: 1 }, { schedulerCount: 2 }] },
      },
      pipeline: {
        figures: {
          fileCount: 13,
          contestants: [
            { name: 'Heddle, 1 scheduler' },
            { name: 'Heddle, 2 schedulers' },
            { name: 'piscina, 2 threads' },
          ],
        },
      },
      disaster: {
        figures: {
          killedScheduler: 2,
          partitions: [{ name: 'frequencies-1' }, { name: 'frequencies-2' }],
        },
      },
    })
    if ('skipped' in frequencies || 'skipped' in disaster) throw new Error('something was skipped')
    for (const level of frequencies.figures.levels) {
      expect(level.callsPerSecond).toBeGreaterThan(0)
      expect(level.p50Us).toBeGreaterThan(0)
      expect(level.p99Us).toBeGreaterThanOrEqual(level.p50Us)
    }
    const { made, replies, exits, callersKilled, callersLost } = disaster.figures.calls
    expect(made).toBe(replies + exits + callersKilled + callersLost)
    expect(status).toBe(0)
  })

  test('on one scheduler there is none to kill, and tables say so', async () => {
    const { status, stdout } = await runJob(
      ...['--schedulers', '1', '--seconds', '0.5', '--input', join(folder, 'files')],
    )
    expect(stdout).toContain('skipped: needs two schedulers')
    expect(stdout).toContain('every check held')
    expect(stdout).not.toContain('FAILED')
    expect(status).toBe(0)
  })

  test.each([
    [['--jsno'], '--jsno'],
    [['extra'], 'extra'],
    [['--schedulers', '0'], "--schedulers cannot be '0'"],
    [['--seconds', 'ten'], "--seconds cannot be 'ten'"],
    [['--input', '/nowhere/at/all'], 'cannot read the folder /nowhere/at/all'],
  ])('misuse ends with status 2 and says what is wrong: %j', async (args, words) => {
    const { status, stdout, stderr } = await runJob('--json', ...args)
    expect(stderr).toContain(words)
    expect(stdout).toBe('')
    expect(status).toBe(2)
  })

  test('a folder without files is no input', async () => {
    const { status, stderr } = await runJob('--input', join(folder, 'empty'))
    expect(stderr).toContain('there are no files in')
    expect(status).toBe(2)
  })
})

describe('a band of frequencies', () => {
  const newBand = (count: number): Band => openBand(100, new BigInt64Array(count))

  test('grants each of its frequencies once, then refuses', () => {
    const band = newBand(3)
    expect([grant(band, 1), grant(band, 1), grant(band, 2)].sort()).toEqual([100, 101, 102])
    expect(grant(band, 3)).toBeUndefined()
    expect(holdersOf(band)).toEqual([1, 2])
  })

  test('only its holder gives a frequency back, once', () => {
    const band = newBand(1)
    const frequency = grant(band, 1) ?? 0
    expect(giveBack(band, 2, frequency)).toBe(false)
    expect(giveBack(band, 1, 7)).toBe(false)
    expect(giveBack(band, 1, frequency)).toBe(true)
    expect(giveBack(band, 1, frequency)).toBe(false)
  })

  test('whoever opens it next finds held what was held', () => {
    const band = newBand(4)
    const held = [grant(band, 1), grant(band, 2), grant(band, 1)]
    const next = openBand(100, band.holders)
    expect(heldBy(next, 1)).toEqual([held[0], held[2]].sort())
    expect(next.counts.inherited).toBe(3)
    expect(reclaim(next, 1)).toBe(2)
    expect(heldCount(next)).toBe(1)
    expect(addsUp(next)).toBe(true)
  })

  const step = fc.record({
    does: fc.constantFrom('grant' as const, 'giveBack' as const, 'reclaim' as const, 'reopen' as const),
    client: fc.integer({ min: 1, max: 4 }),
    frequency: fc.integer({ min: 100, max: 105 }),
  })

  test('whatever is done, the books balance and agree with a plain table', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let band = newBand(6)
        const model = new Map<number, number>()
        for (const { does, client, frequency } of steps) {
          if (does === 'grant') {
            const granted = grant(band, client)
            expect(granted === undefined).toBe(model.size === 6)
            if (granted === undefined) continue
            expect(model.has(granted)).toBe(false)
            model.set(granted, client)
          } else if (does === 'giveBack') {
            expect(giveBack(band, client, frequency)).toBe(model.get(frequency) === client)
            if (model.get(frequency) === client) model.delete(frequency)
          } else if (does === 'reclaim') {
            const held = [...model].filter(([, holder]) => holder === client)
            expect(reclaim(band, client)).toBe(held.length)
            for (const [each] of held) model.delete(each)
          } else {
            band = openBand(100, band.holders)
          }
          expect(addsUp(band)).toBe(true)
          expect(heldCount(band)).toBe(model.size)
        }
      }),
    )
  })

  test('books that do not balance are noticed', () => {
    const band = newBand(2)
    band.free.push(band.free[0] ?? 0)
    expect(addsUp(band)).toBe(false)
  })
})

describe('partitions and levels', () => {
  test('lines are spread over the partitions, each always the same way', () => {
    const counts = [0, 0, 0]
    for (let line = 0; line < 300; line++) counts[partitionOf(line, 3)]! += 1
    expect(Math.min(...counts)).toBeGreaterThan(60)
    expect(partitionOf(17, 3)).toBe(partitionOf(17, 3))
  })

  test('levels double up to the number of schedulers', () => {
    expect([1, 2, 6, 8].map(levelsUpTo)).toEqual([[1], [1, 2], [1, 2, 4, 6], [1, 2, 4, 8]])
  })
})

describe('latencies', () => {
  const histogram = (values: readonly number[]): number[] => {
    const counts = new Array<number>(BUCKET_COUNT).fill(0)
    for (const value of values) counts[bucketOf(value)]! += 1
    return counts
  }

  test('a percentile of the histogram is that of the values, within 3 %', () => {
    const latency = fc.double({ min: 0.1, max: 1e7, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.9, 0.99, 1),
        (values, share) => {
          const exact =
            values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0
          expect(Math.abs(percentileUs(histogram(values), share) / exact - 1)).toBeLessThan(0.03)
        },
      ),
    )
  })

  test('no values, no latency', () => {
    expect(percentileUs(histogram([]), 0.99)).toBe(0)
  })

  test('what is out of range is counted at the end it is out of', () => {
    expect(bucketOf(0)).toBe(0)
    expect(bucketOf(1e12)).toBe(BUCKET_COUNT - 1)
    expect(bucketOf(middleOf(40))).toBe(40)
  })
})
