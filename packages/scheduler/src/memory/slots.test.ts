import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Control } from './control.ts'
import { createMemory, SLOT_BLOCK_COUNT } from './layout.ts'
import { SlotTable } from './slots.ts'
import { isUnassigned, UNASSIGNED } from './state-word.ts'

function setUp(blockCount = 4) {
  const shared = createMemory({
    endpointCount: 4,
    processCountMax: blockCount * SLOT_BLOCK_COUNT,
    nameCountMax: 8,
    ringBytes: 1_024,
  })
  return { shared, control: new Control(shared), table: (me: number) => new SlotTable(shared, me) }
}

/** Starts a process and ends it. */
function live(home: SlotTable, runner: SlotTable, owner: number): number {
  const slot = home.allocate(owner)
  runner.markLive(slot)
  runner.markExiting(slot)
  runner.free(slot)
  return slot
}

describe('a slot', () => {
  test('belongs to its process from allocation to exit, for all threads', () => {
    const { table } = setUp()
    const [home, runner, other] = [table(1), table(2), table(3)]
    const slot = home.allocate(2)
    const generation = home.generation(slot)
    expect(other.owner(slot)).toBe(2)
    expect(other.home(slot)).toBe(1)
    expect(other.isStarting(slot)).toBe(true)
    expect(other.isAlive(slot, generation)).toBe(true)
    runner.markLive(slot)
    expect(other.isStarting(slot)).toBe(false)
    expect(other.isAlive(slot, generation)).toBe(true)
    expect(other.isAlive(slot, generation + 1)).toBe(false)
    runner.markExiting(slot)
    expect(other.isAlive(slot, generation)).toBe(false)
    expect(other.isFree(slot)).toBe(false)
    runner.free(slot)
    expect(other.isFree(slot)).toBe(true)
    expect(other.generation(slot)).toBe(generation + 1)
    // Who answers for the dead.
    expect(other.owner(slot)).toBe(2)
  })

  test('follows its process to another owner', () => {
    const { table } = setUp()
    const home = table(1)
    const slot = home.allocate(1)
    home.markLive(slot)
    home.bequeath(slot, 3)
    expect([table(2).owner(slot), table(2).heir(slot)]).toEqual([1, 3])
    expect(table(2).inherit(slot, 0, 1)).toBe(false)
    expect(table(3).inherit(slot, 1, 1)).toBe(false)
    expect(table(3).inherit(slot, 0, 1)).toBe(true)
    expect(table(3).inherit(slot, 0, 1)).toBe(false)
    expect([table(2).owner(slot), table(2).heir(slot)]).toEqual([3, 0])
    expect(table(2).home(slot)).toBe(1)
  })

  describe('on its way when a scheduler dies', () => {
    function onItsWay() {
      const { table } = setUp()
      const [host, owner, heir] = [table(0), table(1), table(2)]
      const slot = owner.allocate(1)
      owner.markLive(slot)
      owner.bequeath(slot, 2)
      const swept: number[] = []
      return { host, owner, heir, slot, swept, visit: (each: number) => void swept.push(each) }
    }

    test('dies with its owner, and cannot be inherited any more', () => {
      const { host, heir, slot, swept, visit } = onItsWay()
      host.sweepOwner(1, visit)
      expect(swept).toEqual([slot])
      expect(host.isFree(slot)).toBe(true)
      expect(heir.inherit(slot, 0, 1)).toBe(false)
    })

    test('dies with its heir, and its slot is left to its owner', () => {
      const { host, owner, slot, swept, visit } = onItsWay()
      host.sweepOwner(2, visit)
      expect(swept).toEqual([slot])
      expect([host.isAlive(slot, 0), host.isFree(slot)]).toEqual([false, false])
      expect(owner.keep(slot)).toBe(false)
      owner.free(slot)
      expect(host.isFree(slot)).toBe(true)
    })

    test('lives if its heir was faster than the sweep of its owner', () => {
      const { host, heir, slot, swept, visit } = onItsWay()
      expect(heir.inherit(slot, 0, 1)).toBe(true)
      host.sweepOwner(1, visit)
      expect(swept).toEqual([])
      expect([host.isAlive(slot, 0), host.owner(slot)]).toEqual([true, 2])
    })

    test('is not swept with its heir if its owner has kept it', () => {
      const { host, owner, slot, swept, visit } = onItsWay()
      expect(owner.keep(slot)).toBe(true)
      host.sweepOwner(2, visit)
      expect(swept).toEqual([])
      expect(host.isAlive(slot, 0)).toBe(true)
    })

    test('is freed if both die, whoever is swept first', () => {
      for (const order of [
        [1, 2],
        [2, 1],
      ] as const) {
        const { host, slot, visit } = onItsWay()
        for (const dead of order) host.sweepOwner(dead, visit)
        expect(host.isFree(slot)).toBe(true)
      }
    })
  })

  test('is kept by its owner if that thinks better of it', () => {
    const { table } = setUp()
    const home = table(1)
    const slot = home.allocate(1)
    home.markLive(slot)
    home.bequeath(slot, 3)
    expect(home.keep(slot)).toBe(true)
    expect(table(3).inherit(slot, 0, 1)).toBe(false)
    expect([home.owner(slot), home.heir(slot)]).toEqual([1, 0])
  })

  test('0 is never allocated, so no pid is 0', () => {
    const { table } = setUp(1)
    const home = table(0)
    const slots = new Set<number>()
    for (let slot = home.allocate(0); slot !== -1; slot = home.allocate(0)) slots.add(slot)
    expect(slots.size).toBe(SLOT_BLOCK_COUNT - 1)
    expect(slots.has(0)).toBe(false)
  })

  test('is not freed while its process lives', () => {
    const { table } = setUp()
    const home = table(1)
    const slot = home.allocate(1)
    home.markLive(slot)
    expect(() => home.free(slot)).toThrow()
    expect(home.isAlive(slot, 0)).toBe(true)
  })

  test('freed twice is free once', () => {
    const { table } = setUp()
    const home = table(1)
    const slot = home.allocate(2)
    home.free(slot)
    home.free(slot)
    expect(home.generation(slot)).toBe(1)
  })
})

describe('reuse', () => {
  test('is first in, first out, so that generations advance slowly', () => {
    const { table } = setUp()
    const home = table(1)
    const slots = Array.from({ length: SLOT_BLOCK_COUNT - 1 }, () => live(home, home, 1))
    expect(new Set(slots).size).toBe(slots.length)
    expect(live(home, home, 1)).toBe(slots[0])
    expect(home.generation(slots[1])).toBe(1)
  })

  test('a slot freed elsewhere comes back to its home', () => {
    const { table } = setUp(1)
    const [home, runner] = [table(1), table(2)]
    const count = 5 * SLOT_BLOCK_COUNT
    for (let round = 0; round < count; round++) expect(live(home, runner, 2)).toBeGreaterThan(0)
    expect(runner.aliveCount()).toBe(0)
  })

  test('a full table says so, and takes up again with the first slot that is freed', () => {
    const { table } = setUp(2)
    const [one, two] = [table(1), table(2)]
    const ones: number[] = []
    for (let slot = one.allocate(1); slot !== -1; slot = one.allocate(1)) ones.push(slot)
    expect(two.allocate(2)).toBe(-1)
    expect(one.aliveCount()).toBe(2 * SLOT_BLOCK_COUNT - 1)
    two.markExiting(ones[700])
    two.free(ones[700])
    expect(one.allocate(1)).toBe(ones[700])
    expect(one.allocate(1)).toBe(-1)
  })

  test('few slots lie idle when all are freed elsewhere', () => {
    const blockCountMax = 16
    const { table } = setUp(blockCountMax)
    const [home, runner] = [table(1), table(2)]
    const alive: number[] = []
    // A population of 4,000 that is renewed one by one, in no order, each freed on the other side.
    let random = 1
    for (let round = 0; round < 100_000; round++) {
      const slot = home.allocate(2)
      runner.markLive(slot)
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
      const index = random % 4_000
      const dead = alive[index]
      alive[index] = slot
      if (dead === undefined) continue
      runner.markExiting(dead)
      runner.free(dead)
    }
    const blocks = Array.from({ length: blockCountMax }, (_, block) => home.home(block * SLOT_BLOCK_COUNT))
    // Four blocks would do; an eighth of each may lie idle, and one is in use.
    expect(blocks.filter((each) => each === 1).length).toBeLessThanOrEqual(6)
  })
})

describe('after a death', () => {
  test('the next worker of an endpoint takes over its blocks', () => {
    const { table } = setUp(1)
    const first = table(1)
    const alive = Array.from({ length: 600 }, () => first.allocate(2))
    const second = table(1)
    second.adopt()
    const slots = new Set(alive)
    for (let slot = second.allocate(1); slot !== -1; slot = second.allocate(1)) {
      expect(slots.has(slot)).toBe(false)
      slots.add(slot)
    }
    expect(slots.size).toBe(SLOT_BLOCK_COUNT - 1)
  })

  test('a slot that comes back during the takeover is listed once', () => {
    const { table } = setUp(1)
    const runner = table(2)
    const slot = table(1).allocate(2)
    runner.markExiting(slot)
    runner.free(slot)
    const home = table(1)
    home.adopt()
    const all = Array.from({ length: SLOT_BLOCK_COUNT - 1 }, () => home.allocate(1))
    expect(new Set(all).size).toBe(all.length)
    expect(all).toContain(slot)
    expect(home.allocate(1)).toBe(-1)
  })

  test('the host ends everything that the dead endpoint held, and nothing else', () => {
    const { table } = setUp()
    const [host, one, two] = [table(0), table(1), table(2)]
    const starting = one.allocate(2)
    const [running, exiting, elsewhere] = [two.allocate(2), two.allocate(2), two.allocate(1)]
    for (const slot of [running, exiting]) two.markLive(slot)
    two.markExiting(exiting)
    one.markLive(elsewhere)
    const swept: number[] = []
    host.sweepOwner(2, (slot, generation) => {
      expect(host.isAlive(slot, generation)).toBe(false)
      expect(host.isFree(slot)).toBe(false)
      swept.push(slot)
    })
    expect(new Set(swept)).toEqual(new Set([starting, running, exiting]))
    for (const slot of swept) expect(host.isFree(slot)).toBe(true)
    expect(host.isAlive(elsewhere, 0)).toBe(true)
    expect(host.aliveCount()).toBe(1)
  })

  test('home and host may both clear away a request to a dead endpoint', () => {
    const { table } = setUp()
    const [host, home] = [table(0), table(1)]
    const slot = home.allocate(2)
    host.sweepOwner(2, () => home.free(slot))
    expect(home.generation(slot)).toBe(1)
    expect(home.isFree(slot)).toBe(true)
  })

  test('a home finds what it wanted started on the dead endpoint after the host had swept it', () => {
    const { table } = setUp()
    const [home, other] = [table(1), table(3)]
    table(0).sweepOwner(2, () => {})
    const late = home.allocate(2)
    home.allocate(3)
    other.allocate(2)
    const unstarted: number[] = []
    home.forEachUnstarted(2, (slot) => unstarted.push(slot))
    expect(unstarted).toEqual([late])
  })

  test('what a dead home wanted started here, but did not live to ask for, is found', () => {
    const { control, table } = setUp()
    const me = table(2)
    const before = table(1)
    const [started, lost] = [before.allocate(2), before.allocate(2)]
    before.allocate(3)
    me.markLive(started)
    control.nextEpoch(1)
    const after = table(1)
    after.adopt()
    const asked = after.allocate(2)
    const unborn: number[] = []
    me.forEachUnborn(1, (slot) => unborn.push(slot))
    expect(unborn).toEqual([lost])
    expect(me.isStarting(asked)).toBe(true)
  })
})

test('any order of spawns, exits and takeovers leaves every slot alive once, or free once', () => {
  const step = fc.record({
    do: fc.constantFrom('spawn', 'spawn', 'exit', 'exit', 'restart'),
    at: fc.integer({ min: 0, max: 2 }),
    pick: fc.nat(),
    many: fc.integer({ min: 1, max: 400 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { control, table } = setUp(3)
      const tables = [table(0), table(1), table(2)]
      const alive = new Map<number, { generation: number; owner: number }>()
      for (const { do: what, at, pick, many } of steps) {
        if (what === 'restart') {
          control.nextEpoch(at)
          tables[at] = table(at)
          tables[at].adopt()
        }
        for (let count = 0; count < many; count++) {
          if (what === 'spawn') {
            const owner = (pick + count) % 3
            const slot = tables[at].allocate(owner)
            if (slot === -1) break
            expect(alive.has(slot)).toBe(false)
            tables[owner].markLive(slot)
            alive.set(slot, { generation: tables[at].generation(slot), owner })
          } else if (what === 'exit') {
            const slots = [...alive.keys()].slice(0, 50)
            if (slots.length === 0) break
            const slot = slots[(pick + count) % slots.length]
            const owner = tables[alive.get(slot)?.owner ?? 0]
            owner.markExiting(slot)
            owner.free(slot)
            alive.delete(slot)
          }
        }
      }
      const seen = new Map<number, { generation: number; owner: number }>()
      tables[0].forEachAlive((slot, generation, owner) => seen.set(slot, { generation, owner }))
      expect(seen).toEqual(alive)
    }),
    { numRuns: 60 },
  )
})

describe('a process without an owner', () => {
  const scene = () => {
    const shared = createMemory({
      endpointCount: 4,
      processCountMax: 4_096,
      nameCountMax: 8,
      ringBytes: 1_024,
    })
    const [host, home, thief, other] = [0, 1, 2, 3].map((me) => new SlotTable(shared, me)) as [
      SlotTable,
      SlotTable,
      SlotTable,
      SlotTable,
    ]
    const slot = home.allocate(UNASSIGNED)
    return { host, home, thief, other, slot, generation: home.generation(slot) }
  }

  test('is taken by one, and not by another', () => {
    const { home, thief, other, slot, generation } = scene()
    expect(isUnassigned(other.owner(slot))).toBe(true)
    expect(thief.take(slot, generation)).toBe('taken')
    expect(other.take(slot, generation)).toBe('lost')
    expect(home.take(slot, generation)).toBe('lost')
    expect(home.owner(slot)).toBe(2)
    thief.markLive(slot)
    expect(other.isAlive(slot, generation)).toBe(true)
  })

  test('who takes it hears that it is awaited, and who comes too late to wait hears that', () => {
    const { thief, other, slot, generation } = scene()
    expect(other.awaitOwner(slot, generation)).toBe(true)
    expect(other.awaitOwner(slot, generation)).toBe(true)
    expect(isUnassigned(other.owner(slot))).toBe(true)
    expect(thief.take(slot, generation)).toBe('awaited')
    expect(other.awaitOwner(slot, generation)).toBe(false)
    expect(other.awaitOwner(slot, generation + 1)).toBe(false)
  })

  test('dies with its home, and can then be taken no more', () => {
    const { host, thief, slot, generation } = scene()
    const swept: number[] = []
    host.sweepOwner(1, (each) => swept.push(each))
    expect(swept).toEqual([slot])
    expect(thief.take(slot, generation)).toBe('lost')
    expect(thief.awaitOwner(slot, generation)).toBe(false)
    expect(thief.isFree(slot)).toBe(true)
    expect(thief.owner(slot)).toBe(1)
  })

  test('lives on, if it was taken, when its home dies, and dies with the one who took it', () => {
    const { host, thief, slot, generation } = scene()
    thief.take(slot, generation)
    host.sweepOwner(1, () => expect.unreachable('it is not the dead one that runs it'))
    expect(host.isAlive(slot, generation)).toBe(true)
    const swept: number[] = []
    host.sweepOwner(2, (each) => swept.push(each))
    expect(swept).toEqual([slot])
  })

  test('is the last owner known until its slot is used again', () => {
    const { home, thief, slot, generation } = scene()
    thief.take(slot, generation)
    expect(home.lastOwner(slot, generation)).toBe(2)
    thief.free(slot)
    expect(home.lastOwner(slot, generation)).toBe(2)
    let next = home.allocate(1)
    while (next !== slot) next = home.allocate(1)
    expect(home.formerOwner).toBe(2)
    expect(home.lastOwner(slot, generation)).toBe(-1)
  })
})
