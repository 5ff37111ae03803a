/**
 * A client: it allocates a frequency, holds it, gives it back, again and again, and after some calls dies with a
 * frequency in its hand, as phones do. Shown here:
 *
 * - a raw process: `run` is a generator that waits with `yield*`, and a turn ends with `again` or `done`;
 * - a call by name, that ends with a reply or with a thrown `Exit` that says why there is none. No call has a time
 *   limit here: so if one ended with an exit, the VM knew that nobody would answer;
 * - what a client does that lost its server in the middle of a call: it does not know whether it was granted
 *   something, so it hangs up, which is right in either case, and can be repeated.
 */

import { again, type CallMessage, done, Exit, type Op, process, type Self } from '@heddle/scheduler'
import { allocator } from './allocator.ts'
import { partitionName, partitionOf } from './base-station.ts'
import { count, goOnAir, type Instruments, isStopping, LINE, leaveAir, recordReply } from './instruments.ts'

export interface Subscriber {
  readonly line: number
  readonly crowd: number
  readonly partitionCount: number
  /** How many frequencies it gives back before it dies while it holds one. */
  readonly lifetime: number
  readonly instruments: Instruments
}

interface State extends Omit<Subscriber, 'lifetime'> {
  /** Counts down. */
  lifetime: number
  readonly partition: string
  /** Its pid, as it goes on air. */
  readonly me: bigint
}

/** Nobody will ever answer this call. */
const UNANSWERED = Symbol('unanswered')
const RETRY_MS = 1
/** One line in eight is used for long talks: so whatever happens, it happens to somebody who is on air. */
const LONG_TALK_MS = 500
const isTalkative = (line: number) => line % 8 === 0

export const client = process(import.meta.url, 'client', {
  init: (subscriber: Subscriber, self): State => ({
    ...subscriber,
    partition: partitionName(partitionOf(subscriber.line, subscriber.partitionCount)),
    me: BigInt(self.pid.$pid),
  }),

  *run(state, self) {
    const { instruments, line } = state
    if (isStopping(instruments)) return done()
    const frequency = yield* ask(state, self, allocator.allocate())
    if (frequency === 'no_frequency') {
      count(instruments, line, LINE.refused)
      yield* self.sleep(RETRY_MS)
    } else if (frequency === UNANSWERED) {
      yield* hangUp(state, self)
    } else {
      yield* talk(state, self, frequency)
      if (state.lifetime-- === 0) {
        count(instruments, line, LINE.diedHolding)
        return done('battery_empty')
      }
      if (!leaveAir(instruments, frequency, state.me)) count(instruments, line, LINE.conflicts)
      const answer = yield* ask(state, self, allocator.deallocate(frequency))
      if (answer === 'not_yours') count(instruments, line, LINE.conflicts)
      if (answer === UNANSWERED) yield* hangUp(state, self)
    }
    return again(state)
  },
})

/** Holds the frequency while others get their turn. */
function* talk({ instruments, line, me }: State, self: Self, frequency: number): Waits<void> {
  const other = goOnAir(instruments, frequency, me)
  // One who died while on air could not leave it, and is no conflict.
  if (other !== 0 && (yield* self.isAlive({ $pid: other }))) count(instruments, line, LINE.conflicts)
  if (isTalkative(line)) yield* self.sleep(LONG_TALK_MS)
  else yield* self.yield()
}

function* hangUp(state: State, self: Self): Waits<void> {
  do {
    yield* self.sleep(RETRY_MS)
    if (isStopping(state.instruments)) return
  } while ((yield* ask(state, self, allocator.hangUp())) === UNANSWERED)
}

/** A call, measured: every one that is made ends as a reply or as an exit. */
function* ask<Api, R>(state: State, self: Self, request: CallMessage<Api, R>): Waits<R | typeof UNANSWERED> {
  const { instruments, line, crowd, partition } = state
  count(instruments, line, LINE.made)
  const started = performance.now()
  try {
    const answer = yield* self.call(partition, request, { timeoutMs: Number.POSITIVE_INFINITY })
    recordReply(instruments, line, crowd, (performance.now() - started) * 1_000)
    return answer
  } catch (error) {
    if (!(error instanceof Exit)) throw error
    count(instruments, line, LINE.exits)
    return UNANSWERED
  }
}

type Waits<T> = Generator<Op<unknown>, T, unknown>
