/**
 * A supervision tree of `@heddle/otp` over all schedulers: servers under supervisors of every strategy, called by name
 * while they crash, are killed, and die with their schedulers. Whatever happens, calls get an answer or a reason, and
 * in the end the tree stands.
 */

import {
  type ChildSpec,
  child,
  genServer,
  noreply,
  reply,
  type SupervisorSpec,
  startLink,
  supervisor,
} from '@heddle/otp'
import { done, Exit, process, type Self, TIMEOUT, tag } from '@heddle/scheduler'
import { Dice } from '../dice.ts'
import { awaitEnds, drawFaults, expect, type Program } from '../program.ts'

/** Restarts are never too many: how the tree fares must not depend on how fast the machine is. */
const INTENSITY = 10_000
const PATIENCE_MS = 20_000

export const tally = genServer(import.meta.url, 'tally', {
  init: (name: string) => ({ name, total: 0 }),
  call: {
    add: (state, by: number) => {
      if (by === 13) throw new RangeError('unlucky')
      return reply(state.name, { ...state, total: state.total + by })
    },
    *slowly(state, ms: number, self: Self) {
      yield* self.sleep(ms)
      return reply(state.name, state)
    },
    later: async (state, _: void, self: Self) => {
      await self.sleep(1)
      return reply(state.name, state)
    },
  },
  cast: { forget: (state) => noreply({ ...state, total: 0 }) },
  info: (state) => noreply(state),
})

export const branch = supervisor(import.meta.url, 'branch', (spec: SupervisorSpec) => spec)

function drawLeaf(dice: Dice, name: string, schedulers: number): ChildSpec {
  return child(tally, name, {
    id: name,
    name,
    restart: 'permanent',
    shutdown: dice.pick([1, 100, 'brutal_kill'] as const),
    ...(dice.chance(0.7) ? { scheduler: dice.between(1, schedulers) } : {}),
  })
}

function drawTree(dice: Dice, schedulers: number): { spec: SupervisorSpec; leaves: string[] } {
  const leaves: string[] = []
  const flags = () => ({
    strategy: dice.pick(['one_for_one', 'one_for_all', 'rest_for_one'] as const),
    intensity: INTENSITY,
    periodMs: 1_000,
  })
  const leaf = () => {
    const name = `leaf ${leaves.length}`
    leaves.push(name)
    return drawLeaf(dice, name, schedulers)
  }
  const branches = Array.from({ length: dice.between(1, 3) }, (_, index): ChildSpec => {
    const spec: SupervisorSpec = { ...flags(), children: Array.from({ length: dice.between(1, 3) }, leaf) }
    const scheduler = dice.chance(0.5) ? { scheduler: dice.between(1, schedulers) } : {}
    return child(branch, spec, { id: `branch ${index}`, restart: 'permanent', ...scheduler })
  })
  return { spec: { ...flags(), children: [...branches, leaf()] }, leaves }
}

export const gardener = process(import.meta.url, 'gardener', {
  init: (argument: { seed: number; stepCount: number; leaves: readonly string[] }) => argument,
  *run({ seed, stepCount, leaves }, self: Self) {
    const dice = new Dice(seed)
    for (let step = 0; step < stepCount; step++) {
      const name = dice.pick(leaves)
      const choice = dice.below(10)
      if (choice === 0) {
        const pid = self.whereis(name)
        if (pid !== undefined) self.exit(pid, dice.pick(['kill', 'pruned'] as const))
      } else if (choice === 1) self.cast(name, tally.forget())
      else if (choice === 2) yield* self.sleep(dice.below(10))
      else {
        const message = dice.pick([
          tally.add(dice.pick([1, 2, 13])),
          tally.slowly(dice.below(5)),
          tally.later(),
        ])
        try {
          const answer = yield* self.call(name, message, { timeoutMs: dice.pick([2, 50, 5_000]) })
          expect(answer === name, () => `an answer of '${name}', not of '${answer}'`)
        } catch (error) {
          expect(error instanceof Exit, () => `an answer or an exit, not ${error}`)
        }
      }
    }
    return done()
  },
})

/** Every leaf answers, sooner or later; unless the whole tree has fallen. */
function* awaitTree(self: Self, leaves: readonly string[]) {
  for (const name of leaves) {
    for (let waitedMs = 0; ; waitedMs += 5) {
      try {
        yield* self.call(name, tally.add(1), { timeoutMs: 1_000 })
        break
      } catch {
        expect(waitedMs < PATIENCE_MS, () => `'${name}' to be started again`)
        if ((yield* self.receive(tag('EXIT'), { afterMs: 5 })) !== TIMEOUT) return false
      }
    }
  }
  return true
}

export const tree: Program = {
  name: 'tree',
  options: (dice) => ({ schedulers: dice.between(1, 4), faults: drawFaults(dice, 20) }),
  main: (dice) =>
    function* (self, { schedulers }) {
      self.trapExit(true)
      const { spec, leaves } = drawTree(dice, schedulers)
      const gardeners = []
      for (let attempt = 0; attempt < 100; attempt++) {
        // Its own scheduler may die: then nobody but main starts it again.
        const started = yield* startLink(self, branch, spec)
        if (started.status !== 'ok') continue
        if (gardeners.length === 0) {
          for (let index = dice.between(1, 4); index > 0; index--) {
            const argument = { seed: dice.seed(), stepCount: dice.between(3, 12), leaves }
            gardeners.push(self.spawn(gardener, argument, { scheduler: dice.between(1, schedulers) }))
          }
          yield* awaitEnds(self, gardeners)
        }
        if ((yield* self.receive(tag('EXIT'), { afterMs: 50 })) !== TIMEOUT) continue
        if (yield* awaitTree(self, leaves)) return
      }
      expect(false, () => 'a tree that stands')
    },
}
