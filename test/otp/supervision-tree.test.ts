// Random supervision trees: after each end of a process the tree is the one that the strategies prescribe, and what was
// stopped and started was stopped and started in the right order. The model says what is right.

import { startServer } from '@heddle/otp'
import { type ExitReason, startVm, TIMEOUT, tag, type Vm } from '@heddle/scheduler'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  branch,
  type Failing,
  type Flags,
  leaf,
  type Node,
  SCRIPT,
  script,
  type Written,
} from '#fixtures/otp-tree'
import { TreeModel } from './tree-model.ts'

const ROOT = 'root'

// ---- any tree ----

const flags: fc.Arbitrary<Flags> = fc.record({
  strategy: fc.constantFrom('one_for_one', 'one_for_all', 'rest_for_one'),
  intensity: fc.nat(5),
  periodMs: fc.constantFrom(1_000, 60_000),
  autoShutdown: fc.constantFrom('never', 'never', 'any_significant', 'all_significant'),
})

type Shape = { readonly isLeaf: boolean; readonly flags: Flags; readonly children: readonly Shape[] } & Terms

interface Terms {
  readonly restart: 'permanent' | 'transient' | 'temporary'
  readonly significant: boolean
}

const terms = {
  restart: fc.constantFrom('permanent', 'permanent', 'transient', 'temporary'),
  significant: fc.boolean(),
} as const

const { shape } = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.record({
    ...terms,
    flags,
    isLeaf: fc.boolean(),
    children: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant([]),
      fc.array(tie('shape'), { maxLength: 3 }),
    ),
  }),
}))

/** Ids by place, and no combination that a supervisor refuses. */
function nodesOf(shapes: readonly Shape[], { autoShutdown }: Flags): Node[] {
  return shapes.map((it, index): Node => {
    const significant = it.significant && it.restart !== 'permanent' && autoShutdown !== 'never'
    const common = { id: 'abcd'[index] as string, restart: it.restart, significant }
    if (it.isLeaf) return { ...common, kind: 'leaf' }
    return { ...common, kind: 'branch', flags: it.flags, children: nodesOf(it.children, it.flags) }
  })
}

const happening = fc.record({
  victim: fc.nat(20),
  reason: fc.constantFrom<ExitReason>('normal', 'shutdown', 'boom', 'killed'),
  laterMs: fc.constantFrom(0, 0, 400, 2_000),
})

const failures = fc.array(fc.integer({ min: 2, max: 6 }), { maxLength: 2 })

const scenario = fc.record({
  flags,
  children: fc.array(shape, { minLength: 1, maxLength: 4 }),
  happenings: fc.array(happening, { minLength: 1, maxLength: 8 }),
  /** Which starts of leaves fail, by their ids; the first ones never do. */
  failing: fc.record({ a: failures, b: failures, c: failures, d: failures }),
})

// ---- the real one ----

let vm: Vm
beforeAll(async () => {
  vm = await startVm({ schedulers: 'inline', clock: 'manual', onReport: () => {} })
})
afterAll(() => vm.stop({ timeoutMs: 0 }))

async function written(): Promise<string[]> {
  await vm.settled()
  const all: string[] = []
  for (;;) {
    const it = await vm.receive(tag<Written>('written'), { afterMs: 0 })
    if (it === TIMEOUT) return all
    all.push(it.what + it.path)
  }
}

async function clear(): Promise<void> {
  for (const pid of vm.processes()) if (pid.$pid !== vm.pid.$pid) vm.exit(pid, 'kill')
  await written()
}

function endReal(path: string, reason: ExitReason, isLeaf: boolean): void {
  const pid = vm.whereis(path)
  if (pid === undefined) throw new Error(`${path} is not there`)
  if (isLeaf && reason !== 'killed') vm.cast(path, leaf.end(reason))
  else vm.exit(pid, 'kill')
}

/** The orphans of a branch that was killed end when they hear of it: each before its successor starts. */
function withoutOrphans(lines: readonly string[], orphans: readonly string[]): string[] {
  const rest = [...lines]
  for (const orphan of orphans) {
    const at = rest.indexOf(`-${orphan}`)
    expect(at, `the orphan ${orphan} ended`).toBeGreaterThanOrEqual(0)
    const next = rest.indexOf(`+${orphan}`)
    if (next >= 0) expect(at, `the orphan ${orphan} ended before it was started anew`).toBeLessThan(next)
    rest.splice(at, 1)
  }
  return rest
}

async function compareTree(model: TreeModel): Promise<void> {
  const alive = model.alive()
  for (const path of alive) expect(vm.whereis(path), `${path} is up`).toBeDefined()
  // The host, the script, and the tree: nobody else is left.
  expect(vm.processes().length).toBe(alive.length + 2)
  for (const [path, children] of model.branches()) {
    const asking = vm.call(path, branch.whichChildren())
    await vm.settled()
    const found = (await asking)
      .map(({ id, pid }): [string, boolean] => [id, typeof pid === 'object'])
      .reverse()
    expect(found, `the children of ${path}`).toEqual(children)
  }
}

test('after any ends, the tree is what its strategies prescribe, restarted in the right order', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (given) => {
      await clear()
      const children = nodesOf(given.children, given.flags)
      const failing = failuresIn(ROOT, children, given.failing)
      const starting = [
        startServer(vm, script, failing, { name: SCRIPT }),
        startServer(vm, branch, { path: ROOT, reader: vm.pid, flags: given.flags, children }, { name: ROOT }),
      ]
      const first = await written()
      await Promise.all(starting)
      const model = new TreeModel(ROOT, given.flags, children, failing)
      expect(first).toEqual(model.take())

      for (const { victim, reason, laterMs } of given.happenings) {
        await vm.advance(laterMs)
        model.nowMs += laterMs
        const candidates = model.alive().slice(1)
        if (candidates.length === 0) break
        const path = candidates[victim % candidates.length] as string
        const isLeaf = model.isLeaf(path)
        const orphans = model.leavesBelow(path)
        endReal(path, reason, isLeaf)
        model.end(path, isLeaf ? reason : 'killed')
        expect(withoutOrphans(await written(), orphans)).toEqual(model.take())
        await compareTree(model)
      }
    }),
    { numRuns: 300 },
  )
})

function failuresIn(path: string, nodes: readonly Node[], starts: Failing): Failing {
  const all: Record<string, readonly number[]> = {}
  for (const node of nodes) {
    const own = `${path}/${node.id}`
    if (node.kind === 'leaf') all[own] = starts[node.id] ?? []
    else Object.assign(all, failuresIn(own, node.children, starts))
  }
  return all
}
