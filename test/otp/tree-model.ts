// What a supervision tree does when one of its processes ends, as OTP's documentation says it: written down once more, on
// purpose without a look at the supervisor's own code. It computes what leaves would write, and which processes are left.

import { type ExitReason, isCleanExit } from '@heddle/scheduler'
import type { Failing, Flags, Node } from '#fixtures/otp-tree'

interface Kid {
  readonly node: Node
  isUp: boolean
  /** If it is a branch that is up. */
  sup: Sup | undefined
}

interface Sup {
  readonly path: string
  readonly flags: Flags
  /** In start order. */
  readonly kids: Map<string, Kid>
  readonly above: { readonly sup: Sup; readonly id: string } | undefined
  restarts: number[]
}

export class TreeModel {
  /** What leaves have written since it was last asked. */
  private written: string[] = []
  private readonly counts = new Map<string, number>()
  private readonly failing: Failing
  private root: Sup | undefined
  nowMs = 0

  constructor(path: string, flags: Flags, children: readonly Node[], failing: Failing) {
    this.failing = failing
    this.root = this.startSup(path, flags, children, undefined)
  }

  take(): string[] {
    const written = this.written
    this.written = []
    return written
  }

  /** The paths of all processes that are up, the root's among them. */
  alive(): string[] {
    return this.root === undefined ? [] : [this.root.path, ...this.below(this.root)]
  }

  /** The leaves below a path. */
  leavesBelow(path: string): string[] {
    const kid = this.find(path)
    return kid?.sup === undefined
      ? []
      : this.below(kid.sup).filter((each) => this.find(each)?.node.kind === 'leaf')
  }

  isLeaf(path: string): boolean {
    return this.find(path)?.node.kind === 'leaf'
  }

  /** Each branch that is up, with its children's ids and states. */
  branches(): [path: string, children: [id: string, isUp: boolean][]][] {
    const all: [string, [string, boolean][]][] = []
    const visit = (sup: Sup): void => {
      all.push([sup.path, [...sup.kids].map(([id, { isUp }]) => [id, isUp])])
      for (const { sup: inner } of sup.kids.values()) if (inner !== undefined) visit(inner)
    }
    if (this.root !== undefined) visit(this.root)
    return all
  }

  /** A process ends by itself. A leaf that is not killed writes that; what was below a branch has ended with it. */
  end(path: string, reason: ExitReason): void {
    const [sup, id] = this.placeOf(path)
    const kid = sup.kids.get(id) as Kid
    if (kid.node.kind === 'leaf' && reason !== 'killed') this.written.push(`-${path}`)
    this.ended(sup, id, reason)
  }

  private ended(sup: Sup, id: string, reason: ExitReason): void {
    const kid = sup.kids.get(id) as Kid
    kid.isUp = false
    kid.sup = undefined
    const { restart, significant } = kid.node
    if (restart === 'permanent' || (restart === 'transient' && !isCleanExit(reason))) {
      this.restart(sup, id)
      return
    }
    if (restart === 'temporary') sup.kids.delete(id)
    if (!significant) return
    const { autoShutdown = 'never' } = sup.flags
    const isLeft = [...sup.kids.values()].some((each) => each.node.significant && each.isUp)
    if (autoShutdown === 'any_significant' || (autoShutdown === 'all_significant' && !isLeft))
      this.giveUp(sup)
  }

  /** Restarts one, and what its supervisor's strategy says; again, if that fails; until it works or is too often. */
  private restart(sup: Sup, first: string): void {
    const { strategy = 'one_for_one', intensity = 1, periodMs = 5_000 } = sup.flags
    let failed: string | undefined = first
    while (failed !== undefined) {
      sup.restarts = [...sup.restarts.filter((at) => this.nowMs - at <= periodMs), this.nowMs]
      if (sup.restarts.length > intensity) {
        this.giveUp(sup)
        return
      }
      const ids: string[] = [...sup.kids.keys()]
      const from: number = strategy === 'one_for_all' ? 0 : ids.indexOf(failed)
      const affected: string[] = strategy === 'one_for_one' ? [failed] : ids.slice(from)
      this.stopKids(sup, affected)
      failed = affected.find((id) => sup.kids.has(id) && !this.startKid(sup, id))
    }
  }

  /** In reverse; temporary ones that were up are forgotten, as they are not started again. */
  private stopKids(sup: Sup, ids: readonly string[], isForGood = false): void {
    for (const id of ids.toReversed()) {
      const kid = sup.kids.get(id) as Kid
      if (!kid.isUp) continue
      this.stop(sup, id)
      if (kid.node.restart === 'temporary' && !isForGood) sup.kids.delete(id)
    }
  }

  private stop(above: Sup, id: string): void {
    const kid = above.kids.get(id) as Kid
    if (kid.sup === undefined) this.written.push(`-${above.path}/${id}`)
    else this.stopKids(kid.sup, [...kid.sup.kids.keys()], true)
    kid.isUp = false
    kid.sup = undefined
  }

  private giveUp(sup: Sup): void {
    this.stopKids(sup, [...sup.kids.keys()], true)
    if (sup.above === undefined) this.root = undefined
    else this.ended(sup.above.sup, sup.above.id, 'shutdown')
  }

  private startKid(above: Sup, id: string): boolean {
    const kid = above.kids.get(id) as Kid
    const path = `${above.path}/${id}`
    if (kid.node.kind === 'branch') {
      kid.sup = this.startSup(path, kid.node.flags, kid.node.children, { sup: above, id })
      kid.isUp = kid.sup !== undefined
    } else {
      const count = (this.counts.get(path) ?? 0) + 1
      this.counts.set(path, count)
      kid.isUp = this.failing[path]?.includes(count) !== true
      if (kid.isUp) this.written.push(`+${path}`)
    }
    return kid.isUp
  }

  private startSup(path: string, flags: Flags, nodes: readonly Node[], above: Sup['above']): Sup | undefined {
    const kids = new Map(nodes.map((node): [string, Kid] => [node.id, { node, isUp: false, sup: undefined }]))
    const sup: Sup = { path, flags, kids, above, restarts: [] }
    if ([...kids.keys()].every((id) => this.startKid(sup, id))) return sup
    this.stopKids(sup, [...kids.keys()], true)
    return undefined
  }

  // ---- looking things up ----

  private below(sup: Sup): string[] {
    return [...sup.kids].flatMap(([id, kid]) => {
      const own = kid.isUp ? [`${sup.path}/${id}`] : []
      return kid.sup === undefined ? own : [...own, ...this.below(kid.sup)]
    })
  }

  private find(path: string): Kid | undefined {
    if (path === this.root?.path) return undefined
    const [sup, id] = this.placeOf(path)
    return sup.kids.get(id)
  }

  private placeOf(path: string): [sup: Sup, id: string] {
    const ids = path.slice((this.root as Sup).path.length + 1).split('/')
    let sup = this.root as Sup
    for (const id of ids.slice(0, -1)) sup = sup.kids.get(id)?.sup as Sup
    return [sup, ids.at(-1) as string]
  }
}
