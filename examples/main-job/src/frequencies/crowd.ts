/**
 * A crowd: the clients of one scheduler, and whoever sees to it that there are always as many. Shown here:
 *
 * - a callback process: `handle` gets each message, and the process is at rest in between;
 * - `spawnMonitor`: a client that died is replaced, whatever it died of;
 * - `exit(pid, 'kill')`: now and then a client is shot down wherever it is, in the middle of a call as well as on
 *   air, for a system is judged by what it does with those, too.
 */

import { again, type Down, done, type Pid, process, type Self, type Turn } from '@heddle/scheduler'
import { client, type Subscriber } from './client.ts'
import { count, type Instruments, isStopping, LINE, openCalls } from './instruments.ts'

export interface CrowdPlan {
  readonly crowd: number
  readonly firstLine: number
  readonly lineCount: number
  readonly partitionCount: number
  readonly instruments: Instruments
  readonly replyTo: Pid
}

/** What a crowd sends to `replyTo` when all its clients have ended, after the load was told to stop. */
export interface Dispersed {
  readonly type: 'dispersed'
  readonly crowd: number
  /** Why clients ended, other than those reasons that are part of the load. */
  readonly surprises: readonly unknown[]
}

interface State {
  readonly plan: CrowdPlan
  /** Who is on which line. */
  readonly lineOf: Map<number, number>
  /** How many clients there have been. */
  clientCount: number
  readonly surprises: unknown[]
}

const SHOT_EVERY_MS = 20
const LIFETIME_MAX = 400
const EXPECTED: readonly unknown[] = ['normal', 'battery_empty', 'killed']

export const crowd = process(import.meta.url, 'crowd', {
  init(plan: CrowdPlan, self): State {
    const state: State = { plan, lineOf: new Map(), clientCount: 0, surprises: [] }
    for (let line = plan.firstLine; line < plan.firstLine + plan.lineCount; line++) connect(state, line, self)
    self.sendAfter(SHOT_EVERY_MS, self.pid, 'shoot')
    return state
  },

  handle(state, message, self): Turn<State> {
    if (message === 'shoot') shootOne(state, self)
    else replace(state, message as Down, self)
    if (state.lineOf.size > 0) return again(state)
    const dispersed: Dispersed = {
      type: 'dispersed',
      crowd: state.plan.crowd,
      surprises: state.surprises,
    }
    self.send(state.plan.replyTo, dispersed)
    return done()
  },
})

function connect(state: State, line: number, self: Self): void {
  const { crowd, partitionCount, instruments } = state.plan
  // Spread evenly, some ending at once: no chance is needed where any sequence will do.
  const lifetime = (state.clientCount++ * 157) % LIFETIME_MAX
  const subscriber: Subscriber = { line, crowd, partitionCount, lifetime, instruments }
  const { pid } = self.spawnMonitor(client, subscriber, { scheduler: 'local' })
  state.lineOf.set(pid.$pid, line)
}

function replace(state: State, { pid, reason }: Down, self: Self): void {
  const { instruments } = state.plan
  const line = state.lineOf.get(pid.$pid)
  if (line === undefined) return
  state.lineOf.delete(pid.$pid)
  count(instruments, line, LINE.deaths)
  if (openCalls(instruments, line) === 1) count(instruments, line, LINE.lost)
  if (!EXPECTED.includes(reason)) state.surprises.push(reason)
  if (!isStopping(instruments)) connect(state, line, self)
}

/** The one that has lived longest. */
function shootOne(state: State, self: Self): void {
  if (isStopping(state.plan.instruments)) return
  const [victim] = state.lineOf.keys()
  if (victim !== undefined) self.exit({ $pid: victim }, 'kill')
  self.sendAfter(SHOT_EVERY_MS, self.pid, 'shoot')
}
