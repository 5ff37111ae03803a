/**
 * Loops as processes have them, tight ones: what instrumenting costs shows most where a round does least. Each shape is a
 * generator process that does its work so many times and tells the host how long that took, and what came out.
 */

import { done, process, type Self, type Spawnable } from '@heddle/scheduler'
import { type ToHost, tellHost } from '../micro/measure.ts'

export interface ShapeResult {
  /** Of the CPU, by all threads: a machine that is shared makes no difference to it. */
  readonly cpuMs: number
  readonly checksum: number
}

export interface ShapeArgument extends ToHost<ShapeResult> {
  readonly times: number
}

export interface Shape {
  readonly name: string
  readonly description: string
  readonly times: number
  readonly definition: Spawnable<ShapeArgument>
}

function cpuMs(): number {
  const { user, system } = globalThis.process.cpuUsage()
  return (user + system) / 1_000
}

const init = (argument: ShapeArgument) => argument

/** The last of each shape: tells what it has found. */
function finish(self: Self, { host }: ShapeArgument, beginMs: number, checksum: number) {
  tellHost(self, host, { cpuMs: cpuMs() - beginMs, checksum })
  return done('shutdown')
}

const NUMBERS = Array.from({ length: 100_000 }, (_, index) => index % 7)
const ROWS = Array.from({ length: 20_000 }, (_, index) => [index, index + 1, index + 2])
const SIZE = 120
const MATRIX = Array.from({ length: SIZE }, (_, i) => Array.from({ length: SIZE }, (_, j) => i + j))
const TABLE = new Map(NUMBERS.slice(0, 10_000).map((value, index) => [index, value]))

const sum = process(import.meta.url, 'sum', {
  init,
  *run(argument, self) {
    const numbers = NUMBERS
    const beginMs = cpuMs()
    let total = 0
    for (let time = 0; time < argument.times; time++)
      for (let i = 0; i < numbers.length; i++) total += numbers[i] as number
    return finish(self, argument, beginMs, total)
  },
})

const matrix = process(import.meta.url, 'matrix', {
  init,
  *run(argument, self) {
    const [a, b] = [MATRIX, MATRIX]
    const beginMs = cpuMs()
    let trace = 0
    for (let time = 0; time < argument.times; time++) {
      for (let i = 0; i < SIZE; i++) {
        for (let j = 0; j < SIZE; j++) {
          let cell = 0
          for (let k = 0; k < SIZE; k++) cell += (a[i] as number[])[k]! * (b[k] as number[])[j]!
          trace += cell & 1
        }
      }
    }
    return finish(self, argument, beginMs, trace)
  },
})

const arithmetic = process(import.meta.url, 'arithmetic', {
  init,
  *run(argument, self) {
    const beginMs = cpuMs()
    let steps = 0
    for (let start = 1; start < argument.times * 1_000; start++) {
      let x = start
      while (x !== 1) {
        x = x & 1 ? 3 * x + 1 : x / 2
        steps++
      }
    }
    return finish(self, argument, beginMs, steps)
  },
})

const sieve = process(import.meta.url, 'sieve', {
  init,
  *run(argument, self) {
    const limit = 200_000
    const beginMs = cpuMs()
    let primes = 0
    for (let time = 0; time < argument.times; time++) {
      const composite = new Uint8Array(limit)
      for (let i = 2; i < limit; i++) {
        if (composite[i]) continue
        primes++
        for (let j = i * 2; j < limit; j += i) composite[j] = 1
      }
    }
    return finish(self, argument, beginMs, primes)
  },
})

const forOf = process(import.meta.url, 'forOf', {
  init,
  *run(argument, self) {
    const beginMs = cpuMs()
    let total = 0
    for (let time = 0; time < argument.times; time++) for (const value of NUMBERS) total += value
    return finish(self, argument, beginMs, total)
  },
})

const forOfShort = process(import.meta.url, 'forOfShort', {
  init,
  *run(argument, self) {
    const beginMs = cpuMs()
    let total = 0
    for (let time = 0; time < argument.times; time++)
      for (let i = 0; i < ROWS.length; i++) for (const value of ROWS[i] as number[]) total += value
    return finish(self, argument, beginMs, total)
  },
})

const forOfMap = process(import.meta.url, 'forOfMap', {
  init,
  *run(argument, self) {
    const beginMs = cpuMs()
    let total = 0
    for (let time = 0; time < argument.times; time++) for (const [key, value] of TABLE) total += key ^ value
    return finish(self, argument, beginMs, total)
  },
})

const mix = (x: number): number => (x * 48_271 + 11) & 0xffff

const calls = process(import.meta.url, 'calls', {
  init,
  *run(argument, self) {
    const beginMs = cpuMs()
    let x = 1
    for (let round = 0; round < argument.times * 100_000; round++) x = mix(x)
    return finish(self, argument, beginMs, x)
  },
})

export const shapes: readonly Shape[] = [
  { name: 'sum', description: 'sum over an array by index', times: 400, definition: sum },
  { name: 'matrix', description: 'product of two matrices, three loops', times: 12, definition: matrix },
  { name: 'arithmetic', description: 'Collatz, a while with arithmetic', times: 150, definition: arithmetic },
  { name: 'sieve', description: 'sieve of Eratosthenes', times: 20, definition: sieve },
  { name: 'for_of', description: 'for…of over a long array', times: 200, definition: forOf },
  { name: 'calls', description: 'a call in each round, which V8 inlines', times: 200, definition: calls },
  { name: 'for_of_short', description: 'for…of over arrays of three', times: 100, definition: forOfShort },
  { name: 'for_of_map', description: 'for…of over a Map', times: 200, definition: forOfMap },
]
