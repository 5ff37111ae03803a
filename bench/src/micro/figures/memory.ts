/**
 * What a process costs that exists and waits. Taken inside the scheduler, after full garbage collections,
 * as the growth of its heap and of what hangs on it outside; and as the growth of the whole OS process,
 * where shared memory, free room in pages and all else counts too. An OS process of its own for each round:
 * pages that an earlier round had left behind would hide the growth.
 */

import { memoryUsage } from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type ServerDef, start } from '@heddle/otp'
import { again, done, type Pid, process, type Self, type Spawnable, type Vm } from '@heddle/scheduler'
import type { Figure, RoundResult } from '../figure.ts'
import { BATCH_COUNT, measureIn, type ToHost, tellHost } from '../measure.ts'

const idleCallback = process(import.meta.url, 'idleCallback', {
  init: (count: number) => ({ count }),
  handle: (state) => again({ count: state.count + 1 }),
})

const idleGenerator = process(import.meta.url, 'idleGenerator', {
  init: (count: number) => ({ count }),
  *run(state, self) {
    yield* self.receive()
    return again({ count: state.count + 1 })
  },
})

/** In bytes. */
interface Memory {
  readonly heap: number
  readonly external: number
  readonly rss: number
}

function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // What the first collection only finalizes, the second frees.
  return () => {
    collect()
    collect()
  }
}

function memoryNow(): Memory {
  // Of this thread: heap and external. Of the OS process: rss.
  const { heapUsed, external, rss } = memoryUsage()
  return { heap: heapUsed, external, rss }
}

/** Waits until a process that has just been spawned is at rest; older ones are, too: the run queue is first in, first out. */
function* untilAtRest(self: Self, pid: Pid) {
  for (;;) {
    const info = yield* self.processInfo(pid, ['status', 'messageQueueLength'])
    if (info === undefined) throw new Error('a process that should be idle has ended')
    if (info.status === 'waiting' && info.messageQueueLength === 0) return
    yield* self.sleep(1)
  }
}

function* makeIdle(self: Self, { server, raw }: IdleKind, count: number) {
  const here = { scheduler: self.scheduler }
  let last = self.pid
  for (let index = 0; index < count; index++) {
    if (raw !== undefined) {
      last = self.spawn(raw, index, here)
    } else {
      const started = yield* start(self, server, index, here)
      if (started.status !== 'ok') throw new Error('a server did not start')
      last = started.pid
    }
    if (index % BATCH_COUNT === 0) yield* self.yield()
  }
  yield* untilAtRest(self, last)
  return last
}

/** Gives one message to each process but those known before. */
function* sendToNew(self: Self, known: ReadonlySet<number>, last: Pid) {
  let count = 0
  for (const pid of self.processes()) {
    if (known.has(pid.$pid)) continue
    self.send(pid, 'message')
    if (++count % BATCH_COUNT === 0) yield* self.yield()
  }
  yield* untilAtRest(self, last)
}

/** What is made, its argument a number: a raw process is spawned, a server started as OTP starts one. */
export type IdleKind =
  | { readonly raw: Spawnable<number>; readonly server?: never }
  | { readonly server: ServerDef<number, unknown>; readonly raw?: never }

interface CensusArgument extends ToHost<Census> {
  readonly idle: IdleKind
  readonly processCount: number
}

interface Census {
  readonly before: Memory
  /** Each has run its `init`. */
  readonly fresh: Memory
  /** Each has handled one message, too. */
  readonly used: Memory
}

/** Made first and not counted: code, feedback, the first blocks of every table. */
const FIRST_COUNT = 1_000

const census = process(import.meta.url, 'census', {
  init: (argument: CensusArgument) => argument,
  *run({ host, idle, processCount }, self) {
    const collect = collector()
    yield* makeIdle(self, idle, FIRST_COUNT)
    const known = new Set(self.processes().map((pid) => pid.$pid))
    collect()
    const before = memoryNow()
    const last = yield* makeIdle(self, idle, processCount)
    collect()
    const fresh = memoryNow()
    yield* sendToNew(self, known, last)
    collect()
    const used = memoryNow()
    tellHost(self, host, { before, fresh, used })
    return done()
  },
})

const PROCESS_COUNT = 100_000

/** Definitions do not travel, their addresses do. */
function addressOf<D extends Spawnable<number>>(definition: D): D {
  const { $ } = definition
  const fields = Object.entries($).filter(([, value]) => typeof value === 'string')
  return { $: Object.fromEntries(fields) } as unknown as D
}

async function round(vm: Vm, kind: IdleKind): Promise<RoundResult> {
  const idle = kind.raw === undefined ? { server: addressOf(kind.server) } : { raw: addressOf(kind.raw) }
  const argument = { idle, processCount: PROCESS_COUNT }
  const { before, fresh, used } = await measureIn(vm, census, argument)
  const each = (a: number, b: number) => (b - a) / PROCESS_COUNT
  const own = (memory: Memory) => memory.heap + memory.external
  return {
    value: each(own(before), own(fresh)),
    extras: {
      rss_bytes: each(before.rss, fresh.rss),
      used_bytes: each(own(before), own(used)),
      used_rss_bytes: each(before.rss, used.rss),
    },
  }
}

/** Its processes take any message. */
export function memoryFigure(name: string, what: string, kind: IdleKind, atMost?: number): Figure {
  return {
    name: `idle_${name}_bytes`,
    unit: 'bytes/process',
    description: `${what} that has run its init and waits: heap and external growth after gc; used_*: after one message, too`,
    ...(atMost === undefined ? {} : { target: { atMost } }),
    params: { processes: PROCESS_COUNT },
    scope: 'process_per_round',
    work: { schedulers: 1, round: (vm) => round(vm, kind) },
  }
}

export const memoryFigures: readonly Figure[] = [
  memoryFigure('process', 'a callback process', { raw: idleCallback }, 500),
  memoryFigure('generator', 'a generator process in its receive', { raw: idleGenerator }),
]
