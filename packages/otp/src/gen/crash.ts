/**
 * What a crash report says: how the process ended, what it was, and who hangs on it. Its *neighbours* are the processes that
 * its end may end, too: linked to it, not trapping exits, and so on from one to the next.
 * Source: OTP's `proc_lib:crash_report`.
 */

import type { ExitReason, InfoItem, Op, Pid, ProcessInfo, Self } from '@heddle/scheduler'
import { ANCESTORS, type Ancestor, INITIAL_CALL, type InitialCall } from './ancestry.ts'
import { LABEL } from './name.ts'

/** A whole VM that is linked together shall not be told about for each process of it. */
const NEIGHBOUR_COUNT_MAX = 100

const ITEMS = [
  'pid',
  'registeredName',
  'messageQueueLength',
  'links',
  'dictionary',
  'trapExit',
  'status',
  'reductions',
] as const satisfies readonly InfoItem[]
const OWN_ITEMS = [...ITEMS, 'messages'] as const

type Info = Pick<ProcessInfo, (typeof ITEMS)[number]>

export interface ProcessFacts extends Omit<Info, 'dictionary'> {
  /** Absent if the dictionary was erased. */
  readonly initialCall?: InitialCall
  readonly ancestors: readonly Ancestor[]
  /** See `setLabel`. */
  readonly processLabel?: unknown
  /** Without what this floor has put there. */
  readonly dictionary: Info['dictionary']
}

export interface CrashFacts extends ProcessFacts {
  readonly errorInfo: { readonly class: 'exit' | 'error'; readonly reason: ExitReason }
  readonly messages: readonly unknown[]
  readonly neighbours: readonly ProcessFacts[]
}

/** All that a crash report says; asks the schedulers, so it takes a moment. */
export function* crashFacts(
  self: Self,
  errorInfo: CrashFacts['errorInfo'],
): Generator<Op<unknown>, CrashFacts, unknown> {
  const info = (yield* self.processInfo(self.pid, OWN_ITEMS)) as Info & Pick<ProcessInfo, 'messages'>
  const { messages } = info
  return { ...factsOf(info), errorInfo, messages, neighbours: yield* neighboursOf(self, info) }
}

function* neighboursOf(self: Self, { pid, links }: Info): Generator<Op<unknown>, ProcessFacts[], unknown> {
  const seen = new Set([pid.$pid])
  const found: ProcessFacts[] = []
  const waiting: Pid[] = [...links]
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (seen.has(next.$pid) || seen.size > NEIGHBOUR_COUNT_MAX) continue
    seen.add(next.$pid)
    const info: Info | undefined = yield* self.processInfo(next, ITEMS)
    if (info === undefined || info.trapExit) continue
    found.push(factsOf(info))
    waiting.push(...info.links)
  }
  return found
}

const OURS: readonly string[] = [ANCESTORS, INITIAL_CALL, LABEL]

function factsOf({ dictionary, ...info }: Info): ProcessFacts {
  const entryOf = (key: string) => dictionary.find(([each]) => each === key)?.[1]
  const initialCall = entryOf(INITIAL_CALL) as InitialCall | undefined
  const processLabel = entryOf(LABEL)
  const own = dictionary.filter(([key]) => !OURS.includes(key as string))
  return {
    ...(initialCall === undefined ? {} : { initialCall }),
    ...(processLabel === undefined ? {} : { processLabel }),
    ancestors: (entryOf(ANCESTORS) as readonly Ancestor[] | undefined) ?? [],
    ...info,
    dictionary: own,
  }
}
