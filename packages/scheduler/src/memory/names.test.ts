import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  BUCKET_HEAD,
  BUCKET_STRIDE,
  BUCKETS_WORD,
  bucketCount,
  createMemory,
  ENTRY_FREE_NEXT,
  ENTRY_NEXT,
  ENTRY_STAMP,
  firstEntry,
  NAMES_ENTRY_COUNT,
  NAMES_FREE_HEAD,
  NAMES_LOCK,
  PID_GENERATION_UNIT,
  type SharedMemory,
  SLOT_NAME,
  SLOT_STRIDE_BITS,
  slotWords,
} from './layout.ts'
import { NameTable } from './names.ts'
import { SlotTable } from './slots.ts'

function setUp(nameCountMax = 16) {
  const shared = createMemory({ endpointCount: 3, processCountMax: 2_048, nameCountMax, ringBytes: 1_024 })
  const slots = new SlotTable(shared, 1)
  const names = new NameTable(shared, 1)
  const other = new NameTable(shared, 2)
  const spawn = () => {
    const slot = slots.allocate(1)
    slots.markLive(slot)
    return slot
  }
  const register = (name: string, slot: number) => names.register(name, slot, slots.generation(slot))
  const pid = (slot: number) => slots.generation(slot) * PID_GENERATION_UNIT + slot
  const exit = (slot: number) => {
    slots.markExiting(slot)
    names.release(slot)
    slots.free(slot)
  }
  return { shared, slots, names, other, spawn, register, pid, exit }
}

describe('a name', () => {
  test('is found by every thread as soon as it is registered', () => {
    const { names, other, spawn, register, pid } = setUp()
    const slot = spawn()
    expect(other.whereis('a')).toBe(0)
    expect(register('a', slot)).toBe('ok')
    for (const table of [names, other]) {
      expect(table.whereis('a')).toBe(pid(slot))
      expect(table.whereis('a')).toBe(pid(slot))
      expect(table.nameOf(slot)).toBe('a')
      expect(table.registered()).toEqual(['a'])
    }
  })

  test('has one process, and a process one name', () => {
    const { names, spawn, register } = setUp()
    const [one, two] = [spawn(), spawn()]
    expect(register('a', one)).toBe('ok')
    expect(register('a', two)).toBe('name_taken')
    expect(register('b', one)).toBe('already_named')
    expect(register('a', one)).toBe('name_taken')
    expect(names.unregister('a')).toBe(true)
    expect(register('b', one)).toBe('ok')
    expect(names.nameOf(one)).toBe('b')
    expect(names.whereis('a')).toBe(0)
  })

  test('can be given to a process that is only starting', () => {
    const { slots, names, pid } = setUp()
    const slot = slots.allocate(2)
    expect(names.register('early', slot, 0)).toBe('ok')
    expect(names.whereis('early')).toBe(pid(slot))
  })

  test('cannot be given to a process that is exiting, dead, or was another one', () => {
    const { slots, names, spawn, exit } = setUp()
    const [exiting, dead] = [spawn(), spawn()]
    slots.markExiting(exiting)
    exit(dead)
    expect(names.register('a', exiting, 0)).toBe('dead')
    expect(names.register('a', dead, 0)).toBe('dead')
    expect(names.register('a', spawn(), 5)).toBe('dead')
    expect(names.whereis('a')).toBe(0)
    expect(names.registered()).toEqual([])
  })

  test('does not lead to a process that is exiting, and can be taken over from it', () => {
    const { slots, names, other, spawn, register, pid } = setUp()
    const [old, young] = [spawn(), spawn()]
    register('a', old)
    expect(other.whereis('a')).toBe(pid(old))
    slots.markExiting(old)
    expect(other.whereis('a')).toBe(0)
    expect(other.registered()).toEqual([])
    expect(register('a', young)).toBe('ok')
    names.release(old)
    slots.free(old)
    expect(other.whereis('a')).toBe(pid(young))
    expect(names.nameOf(old)).toBeUndefined()
  })

  test('is free again when it is unregistered, or its process has ended', () => {
    const { names, other, spawn, register, pid, exit } = setUp()
    const [one, two] = [spawn(), spawn()]
    register('a', one)
    other.whereis('a')
    expect(other.unregister('a')).toBe(true)
    expect(other.unregister('a')).toBe(false)
    expect(names.whereis('a')).toBe(0)
    expect(names.nameOf(one)).toBeUndefined()
    register('a', one)
    expect(other.whereis('a')).toBe(pid(one))
    exit(one)
    expect(other.whereis('a')).toBe(0)
    expect(register('a', two)).toBe('ok')
    expect(other.whereis('a')).toBe(pid(two))
  })

  test('released by a slot is gone before the next process of that slot', () => {
    const { slots, names, spawn, register, exit } = setUp()
    const slot = spawn()
    register('a', slot)
    exit(slot)
    expect(slots.generation(slot)).toBe(1)
    expect(names.nameOf(slot)).toBeUndefined()
    names.release(slot)
  })
})

describe('what is a name', () => {
  const longest = `${'é'.repeat(127)}x`
  test.each(['a', 'x'.repeat(255), longest, '日本語', '\u{1f9f5}', '\ufeffbom', 'a\0b', '__proto__'])(
    '%j',
    (name) => {
      const { names, other, spawn, register, pid } = setUp()
      const slot = spawn()
      expect(register(name, slot)).toBe('ok')
      expect(other.whereis(name)).toBe(pid(slot))
      expect(names.nameOf(slot)).toBe(name)
      expect(names.registered()).toEqual([name])
    },
  )

  test.each(['', 'x'.repeat(256), 'é'.repeat(128), '\ud800', 'a\udc00b'])('%j is none', (name) => {
    const { names, spawn, register } = setUp()
    expect(() => register(name, spawn())).toThrow(RangeError)
    expect(names.whereis(name)).toBe(0)
    expect(names.unregister(name)).toBe(false)
  })

  test('one that begins another is another', () => {
    const { names, spawn, register, pid } = setUp()
    const slots = ['abcd', 'abc', 'abcde', 'abcd\0'].map((name) => {
      const slot = spawn()
      expect(register(name, slot)).toBe('ok')
      return slot
    })
    expect(names.whereis('abc')).toBe(pid(slots[1]))
    expect(names.whereis('abcd')).toBe(pid(slots[0]))
    expect(names.whereis('ab')).toBe(0)
  })
})

describe('the table', () => {
  test('can be full, and takes names again when others have gone', () => {
    const { names, spawn, register } = setUp(3)
    const slots = [0, 1, 2, 3].map(spawn)
    expect(slots.map((slot, index) => register(`n${index}`, slot))).toEqual(['ok', 'ok', 'ok', 'full'])
    expect(names.nameOf(slots[3])).toBeUndefined()
    names.unregister('n1')
    expect(register('n3', slots[3])).toBe('ok')
    expect(names.registered().sort()).toEqual(['n0', 'n2', 'n3'])
  })

  test('forgets nothing when more names are looked up than are remembered', () => {
    const { names, spawn, register, pid } = setUp(2_000)
    const slots = Array.from({ length: 1_500 }, spawn)
    for (const [index, slot] of slots.entries()) register(`name ${index}`, slot)
    for (let round = 0; round < 2; round++) {
      for (const [index, slot] of slots.entries()) expect(names.whereis(`name ${index}`)).toBe(pid(slot))
    }
  })
})

/** Runs `action`, and `hook` right before its nth call of something of `Atomics`. False if it makes fewer. */
function interruptAt(n: number, action: () => void, hook: () => void): boolean {
  const originals = { ...Object.getOwnPropertyDescriptors(Atomics) }
  let count = 0
  for (const name of ['load', 'store', 'compareExchange', 'add', 'exchange'] as const) {
    const original = Atomics[name] as (...args: unknown[]) => number
    Object.assign(Atomics, {
      [name]: (...args: unknown[]) => {
        count += 1
        if (count === n) hook()
        return original(...args)
      },
    })
  }
  try {
    action()
  } finally {
    Object.defineProperties(Atomics, originals)
  }
  return count >= n
}

/** Runs `action` like a thread that is ended at its nth call of something of `Atomics`. False if it makes fewer. */
function dieAt(n: number, action: () => void): boolean {
  class Death extends Error {}
  const die = () => {
    throw new Death()
  }
  try {
    interruptAt(n, action, die)
    return false
  } catch (error) {
    if (!(error instanceof Death)) throw error
    return true
  }
}

/** Runs `interruption` right before the next attempt at a lock. */
function beforeNextLock(interruption: () => void): void {
  const original = Atomics.compareExchange
  Atomics.compareExchange = ((...args: Parameters<typeof original>) => {
    Atomics.compareExchange = original
    interruption()
    return original(...args)
  }) as typeof original
}

/** Every entry is in one chain, and bound, or in the free list, and not bound. */
function expectIntact(shared: SharedMemory): void {
  const words = new Int32Array(shared.names)
  const seen = new Map<number, 'bound' | 'free'>()
  const note = (entry: number, as: 'bound' | 'free') => {
    expect(seen.has(entry)).toBe(false)
    expect(words[entry + ENTRY_STAMP] & 1).toBe(as === 'bound' ? 1 : 0)
    seen.set(entry, as)
  }
  for (let index = 0; index < bucketCount(shared.options); index++) {
    const head = BUCKETS_WORD + index * BUCKET_STRIDE + BUCKET_HEAD
    for (let entry = words[head]; entry !== 0; entry = words[entry + ENTRY_NEXT]) note(entry, 'bound')
  }
  for (let entry = words[NAMES_FREE_HEAD]; entry !== 0; entry = words[entry + ENTRY_FREE_NEXT])
    note(entry, 'free')
  expect(seen.size).toBe(words[NAMES_ENTRY_COUNT])
  expect(words[NAMES_LOCK]).toBe(0)
}

test('a process that exits elsewhere at any point of its registration leaves no name behind', () => {
  for (let n = 1; ; n++) {
    const { shared, slots, names, other, spawn } = setUp()
    const slot = spawn()
    const nameAt = (slot << SLOT_STRIDE_BITS) + SLOT_NAME
    let isReleased = false
    const interrupted = interruptAt(
      n,
      () => other.register('a', slot, 0),
      () => {
        slots.markExiting(slot)
        // With a NAME it would wait for the lock now, that is, until the registration is through.
        isReleased = slotWords(shared)[nameAt] === 0
        if (isReleased) names.release(slot)
      },
    )
    if (!interrupted) return
    if (!isReleased) names.release(slot)
    slots.free(slot)
    expect(slotWords(shared)[nameAt]).toBe(0)
    expect(names.registered()).toEqual([])
    expectIntact(shared)
  }
})

describe('a thread that dies', () => {
  const cases: [string, (table: NameTable, slots: number[], exit: () => void) => void][] = [
    ['registering a new name', (table, slots) => table.register('new', slots[0], 0)],
    ['registering a name that is taken', (table, slots) => table.register('old', slots[0], 0)],
    [
      'taking a name over from a process that exits',
      (table, slots, exit) => {
        exit()
        table.register('old', slots[0], 0)
      },
    ],
    ['unregistering', (table) => table.unregister('old')],
    [
      'releasing',
      (table, slots, exit) => {
        exit()
        table.release(slots[1])
      },
    ],
  ]
  test.each(cases)('while %s, at any point, leaves a sound table', (_, action) => {
    for (let n = 1; ; n++) {
      // Two entries and few buckets, so that chains and the free list are in use.
      const { shared, slots, names, spawn, register, pid } = setUp(3)
      const [one, two, three] = [spawn(), spawn(), spawn()]
      register('other', three)
      register('gone', one)
      names.unregister('gone')
      register('old', two)
      let hasExited = false
      const victim = new NameTable(shared, 2)
      const died = dieAt(n, () =>
        action(victim, [one, two], () => {
          slots.markExiting(two)
          hasExited = true
        }),
      )
      const host = new NameTable(shared, 0)
      host.repair(2)
      expectIntact(shared)
      // Each name has one process or none, seen from both sides.
      for (const [slot, name] of [
        [one, 'new'],
        [one, 'old'],
        [two, 'old'],
      ] as const) {
        expect(host.whereis(name) === pid(slot)).toBe(
          host.nameOf(slot) === name && !(hasExited && slot === two),
        )
      }
      expect(host.whereis('other')).toBe(pid(three))
      if (hasExited) {
        host.release(two)
        slots.free(two)
      }
      // All can be used again.
      for (const name of host.registered()) expect(host.unregister(name)).toBe(true)
      expect(host.registered()).toEqual([])
      const others = [one, spawn(), spawn()]
      expect(others.map((slot, index) => register(`${index}`, slot))).toEqual(['ok', 'ok', 'ok'])
      expect(register('one too many', spawn())).toBe('full')
      for (const [index, slot] of others.entries()) expect(host.whereis(`${index}`)).toBe(pid(slot))
      if (died) continue
      expect(n).toBeGreaterThan(3)
      return
    }
  })

  test('having bound a name leaves it bound, also for who had looked before and found it free', () => {
    for (let n = 1; ; n++) {
      const { shared, names, spawn, register, pid } = setUp()
      const [one, two] = [spawn(), spawn()]
      const victim = new NameTable(shared, 2)
      let died = false
      beforeNextLock(() => {
        died = dieAt(n, () => victim.register('a', one, 0))
        new NameTable(shared, 0).repair(2)
      })
      const outcome = register('a', two)
      expectIntact(shared)
      expect(names.registered()).toEqual(['a'])
      expect(names.whereis('a')).toBe(pid(outcome === 'ok' ? two : one))
      if (!died) return
    }
  })

  test('without the lock leaves the lock of others alone', () => {
    const { shared } = setUp()
    const words = new Int32Array(shared.names)
    words[NAMES_LOCK] = 2 + 1
    new NameTable(shared, 0).repair(1)
    expect(words[NAMES_LOCK]).toBe(2 + 1)
  })

  test('a NAME that leads to somebody else’s entry is no name', () => {
    const { shared, names, spawn, register, exit } = setUp()
    const [one, two] = [spawn(), spawn()]
    register('a', one)
    slotWords(shared)[(two << SLOT_STRIDE_BITS) + SLOT_NAME] = firstEntry(shared.options)
    expect(names.nameOf(two)).toBeUndefined()
    exit(two)
    expect(names.nameOf(one)).toBe('a')
    const three = spawn()
    slotWords(shared)[(three << SLOT_STRIDE_BITS) + SLOT_NAME] = firstEntry(shared.options)
    expect(register('b', three)).toBe('ok')
  })
})

test('any order of registrations and exits does what two maps would do', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'dé', 'e'.repeat(200))
  const step = fc.record({
    do: fc.constantFrom('register', 'register', 'unregister', 'exit'),
    name,
    process: fc.nat(5),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const { names, other, spawn, register, pid, exit } = setUp(4)
      const slots = Array.from({ length: 6 }, spawn)
      const model = new Map<string, number>()
      for (const { do: what, name, process } of steps) {
        const slot = slots[process]
        if (what === 'unregister') {
          expect(other.unregister(name)).toBe(model.delete(name))
        } else if (what === 'exit') {
          exit(slot)
          for (const [each, holder] of model) if (holder === slot) model.delete(each)
          slots[process] = spawn()
        } else if (model.has(name)) {
          expect(register(name, slot)).toBe('name_taken')
        } else if ([...model.values()].includes(slot)) {
          expect(register(name, slot)).toBe('already_named')
        } else if (model.size === 4) {
          expect(register(name, slot)).toBe('full')
        } else {
          expect(register(name, slot)).toBe('ok')
          model.set(name, slot)
        }
        for (const each of ['a', 'b', 'c', 'dé', 'e'.repeat(200)]) {
          const holder = model.get(each)
          expect(other.whereis(each)).toBe(holder === undefined ? 0 : pid(holder))
        }
        expect(names.registered().sort()).toEqual([...model.keys()].sort())
      }
    }),
  )
})
