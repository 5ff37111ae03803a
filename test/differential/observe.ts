// From what the coordinator saw to what a trace shows: labels for pids and references, and the canonical order of what
// has no order of its own.

import type { Pid, Ref } from '@heddle/scheduler'
import type { Outcome, Seen } from '#fixtures/differential/protocol'
import { type Json, type Labels, sorted, toJson, type Value } from '#fixtures/differential/terms'
import type { Observation } from './format/scenario.ts'

/** The results of a `do`; the first action that could not be done, if there is one. */
export interface Results {
  readonly results: readonly Json[]
  readonly notYet: string | undefined
}

/** All labels of a run, as they become known. */
export class Labelling implements Labels {
  private readonly pids = new Map<number, string>()
  private readonly refs = new Map<number, string>()
  /** Puppets, in the order in which they were made. */
  readonly puppets: string[] = []
  private readonly prefix: string

  constructor(coordinator: Pid, prefix: string) {
    this.pids.set(coordinator.$pid, 'coord')
    this.prefix = prefix
  }

  learn({ pids, refs }: Seen): void {
    for (const [label, { $pid }] of pids) {
      this.pids.set($pid, label)
      if (label.startsWith('p')) this.puppets.push(label)
    }
    for (const [label, { $ref }] of refs) this.refs.set($ref, label)
  }

  ofPid({ $pid }: Pid): string {
    return this.pids.get($pid) ?? '?'
  }

  ofRef({ $ref }: Ref): string {
    return this.refs.get($ref) ?? '?'
  }

  ofName(atom: string): string {
    return atom.startsWith(this.prefix) ? atom.slice(this.prefix.length) : atom
  }
}

export function showResults(outcomes: readonly Outcome[], labels: Labels, isUnordered: boolean): Results {
  let notYet: string | undefined
  const results = outcomes.map((outcome): Json => {
    if ('value' in outcome) return toJson(outcome.value, labels)
    if ('flush' in outcome) return showFlush(outcome.flush, outcome.dropped, labels)
    if ('sorted' in outcome) return sorted(outcome.sorted.map((each) => toJson(each, labels)))
    if ('children' in outcome) {
      const children = outcome.children.map((each) => toJson(each, labels))
      return isUnordered ? sorted(children) : children
    }
    notYet ??= outcome.notYet
    return `not yet: ${outcome.notYet}`
  })
  return { results, notYet }
}

function showFlush(messages: readonly Value[], dropped: readonly Pid[], labels: Labels): Json {
  const user: Json[] = []
  const exits: Json[] = []
  const down: Json[] = []
  for (const message of messages) {
    const tuple = Array.isArray(message) ? (message as readonly Value[]) : []
    const isExit = tuple[0] === 'EXIT' && tuple.length === 3
    if (isExit && dropped.some(({ $pid }) => $pid === (tuple[1] as Partial<Pid>).$pid)) continue
    const isDown = tuple[0] === 'DOWN' && tuple.length === 5
    const part = isExit ? exits : isDown ? down : user
    part.push(toJson(message, labels))
  }
  const exit = sorted(exits, (message) => (message as { t: Json[] }).t[1] as Json)
  return withoutEmpty({ user, exit, down: sorted(down) })
}

function withoutEmpty(parts: Readonly<Record<string, readonly Json[]>>): Record<string, readonly Json[]> {
  return Object.fromEntries(Object.entries(parts).filter(([, items]) => items.length > 0))
}

/** What happened in one step, except for its result. */
export function showRest(
  seen: Pick<Seen, 'log' | 'down'>,
  done: readonly (readonly [puppet: string, results: readonly Json[]])[],
  labels: Labels,
  isUnordered: boolean,
): Observation {
  const lines = seen.log.map((line) => line.map((each) => toJson(each, labels)))
  const down = seen.down.map(({ pid, reason }) => [labels.ofPid(pid), toJson(reason, labels)])
  return withoutEmpty({
    log: isUnordered ? sorted(lines) : lines,
    down: sorted(down),
    done: sorted(done as readonly Json[]),
  })
}
