/**
 * Which containers of a value have been met, so that a cycle stays a cycle and what is shared stays
 * shared. Each has the number of its first meeting. Also counts how deep the walk is nested.
 *
 * A few containers are looked for one by one, many in a Map (40 ns each, as V8 must first give every
 * object a hash). A value with one container needs no memo, so it is made when the second turns up.
 */

import { Refusal } from './unclonable.ts'

/**
 * Containers nested deeper than this are refused, here and in the encoder alike. `structuredClone` gives up at
 * 1,900, or earlier, as the stack allows; but a decoder may not fail, so the bound is one that every stack allows.
 */
export const DEPTH_MAX = 1000
const LINEAR_COUNT_MAX = 32

export class Memo {
  private readonly sources: object[] = []
  /** What a copier has made of each. */
  private readonly targets: object[] = []
  private map: Map<object, number> | undefined = undefined
  /** A memo comes with the outermost container, which is the first level. */
  private depth = 1

  /** The number of a container, or -1. */
  find(source: object): number {
    if (this.map !== undefined) return this.map.get(source) ?? -1
    const { sources } = this
    for (let index = 0; index < sources.length; index++) if (sources[index] === source) return index
    return -1
  }

  add(source: object): void {
    const index = this.sources.push(source) - 1
    if (this.map !== undefined) this.map.set(source, index)
    else if (index === LINEAR_COUNT_MAX) this.map = new Map(this.sources.map((each, at) => [each, at]))
  }

  /** For a copier, which adds every container with its copy. */
  addCopy<T extends object>(source: object, target: T): T {
    this.add(source)
    this.targets.push(target)
    return target
  }

  copyOf(source: object): object | undefined {
    const index = this.find(source)
    return index < 0 ? undefined : this.targets[index]
  }

  enter(source: object): void {
    if (++this.depth > DEPTH_MAX) throw new Refusal(source, `is nested deeper than ${DEPTH_MAX}`)
  }

  leave(): void {
    this.depth -= 1
  }
}
