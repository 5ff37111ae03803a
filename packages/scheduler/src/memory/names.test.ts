import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createMemory,
  ENTRY_STAMP,
  firstEntry,
  NAMES_FREE_HEAD,
  NAMES_LOCK,
  PID_GENERATION_UNIT,
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
  const longest = 'é'.repeat(127) + 'x'
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

describe('repair', () => {
  test('breaks the lock of the dead endpoint, and no other', () => {
    const { shared, other, spawn, register } = setUp()
    const words = new Int32Array(shared.names)
    words[NAMES_LOCK] = 2 + 1
    const host = new NameTable(shared, 0)
    host.repair(1)
    expect(words[NAMES_LOCK]).toBe(3)
    host.repair(2)
    expect(words[NAMES_LOCK]).toBe(0)
    expect(register('a', spawn())).toBe('ok')
    expect(other.registered()).toEqual(['a'])
  })

  test('undoes a binding that was cut off before its stamp, and gives the entry back', () => {
    const { shared, names, spawn, register, pid } = setUp(2)
    const slot = spawn()
    register('a', slot)
    const words = new Int32Array(shared.names)
    // As if the thread had ended right before the stamp turned odd.
    words[firstEntry(shared.options) + ENTRY_STAMP] -= 1
    words[NAMES_LOCK] = 1 + 1
    new NameTable(shared, 0).repair(1)
    expect(names.whereis('a')).toBe(0)
    expect(names.nameOf(slot)).toBeUndefined()
    expect(register('b', slot)).toBe('ok')
    expect(names.whereis('b')).toBe(pid(slot))
    expect(register('a', spawn())).toBe('ok')
    expect(names.registered().sort()).toEqual(['a', 'b'])
  })

  test('finds an entry that was in nobody’s list', () => {
    const { shared, names, spawn, register } = setUp(1)
    register('a', spawn())
    names.unregister('a')
    const words = new Int32Array(shared.names)
    words[NAMES_FREE_HEAD] = 0
    expect(register('b', spawn())).toBe('full')
    words[NAMES_LOCK] = 1 + 1
    new NameTable(shared, 0).repair(1)
    expect(register('b', spawn())).toBe('ok')
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
