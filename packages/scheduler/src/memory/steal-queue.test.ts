import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Control, UP } from './control.ts'
import { IdleSet } from './idle-set.ts'
import {
  createMemory,
  STEAL_BOTTOM,
  STEAL_CELL_COUNT,
  STEAL_REQUEST_BYTES_MAX,
  STEAL_TOP,
  stealHeader,
} from './layout.ts'
import { isParked, Park } from './park.ts'
import { abandonedBy, type StealQueue, StolenRequest, stealQueues } from './steal-queue.ts'

const memory = () =>
  createMemory({ endpointCount: 4, processCountMax: 4_096, nameCountMax: 8, ringBytes: 1_024 })

function put(queue: StealQueue, pid: number, bytes: readonly number[] = []): boolean {
  const at = queue.begin()
  if (at < 0) return false
  queue.bytes.set(bytes, at)
  queue.put(bytes.length, pid, pid + 0.25, pid + 0.5)
  return true
}

const ownerIndex = 1

describe('a queue of unstarted spawns', () => {
  test('is first in first out, whoever takes, and gives everything exactly once', () => {
    const request = fc.uint8Array({ maxLength: STEAL_REQUEST_BYTES_MAX })
    const step = fc.oneof(fc.record({ put: request }), fc.record({ takeBy: fc.integer({ min: 1, max: 3 }) }))
    const start = fc.constantFrom(0, 5, 2 ** 31 - 3, -2)
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 200 }), (first, steps) => {
        const shared = memory()
        const { words } = stealHeader(shared, ownerIndex)
        // Positions wrap.
        words[STEAL_TOP] = words[STEAL_BOTTOM] = first
        const queues = stealQueues(shared)
        const queue = queues[ownerIndex] as StealQueue
        const model: { pid: number; bytes: number[] }[] = []
        const into = new StolenRequest()
        let count = 0
        for (const each of steps) {
          if ('put' in each) {
            const bytes = [...each.put]
            expect(put(queue, ++count, bytes)).toBe(true)
            model.push({ pid: count, bytes })
          } else {
            const thief = queues[each.takeBy] as StealQueue
            const expected = model.shift()
            expect(queue.take(into, thief, ownerIndex)).toBe(expected !== undefined)
            if (expected !== undefined) {
              const { pid, parent, monitorRef, length } = into
              expect({ pid, parent, monitorRef }).toEqual({ pid, parent: pid + 0.25, monitorRef: pid + 0.5 })
              expect({ pid, bytes: [...into.bytes.subarray(0, length)] }).toEqual(expected)
            }
            thief.forgetIntent()
          }
          expect(queue.length).toBe(model.length)
          expect(queue.isEmpty()).toBe(model.length === 0)
        }
      }),
    )
  })

  test('takes as many as it has cells, and one more when one is taken', () => {
    const queues = stealQueues(memory())
    const queue = queues[ownerIndex] as StealQueue
    for (let pid = 1; pid <= STEAL_CELL_COUNT; pid++) expect(put(queue, pid)).toBe(true)
    expect(put(queue, 0)).toBe(false)
    expect(queue.take(new StolenRequest(), queues[2] as StealQueue, ownerIndex)).toBe(true)
    expect(put(queue, STEAL_CELL_COUNT + 1)).toBe(true)
    expect(put(queue, 0)).toBe(false)
  })

  test('a cell that was written again while it was copied is not what the copier gets', () => {
    const shared = memory()
    const queues = stealQueues(shared)
    const [, queue, thief, rival] = queues as [StealQueue, StealQueue, StealQueue, StealQueue]
    for (let pid = 1; pid <= STEAL_CELL_COUNT; pid++) put(queue, pid, [pid & 0xff])
    let isFirst = true
    // Between the copy and the compareExchange: the rival takes the cell, and its owner writes it again.
    const noteIntent = thief.noteIntent.bind(thief)
    thief.noteIntent = (victim, index, pid) => {
      noteIntent(victim, index, pid)
      if (!isFirst) return
      isFirst = false
      queue.take(new StolenRequest(), rival, ownerIndex)
      put(queue, 9_999, [99])
    }
    const into = new StolenRequest()
    expect(queue.take(into, thief, ownerIndex)).toBe(true)
    expect({ pid: into.pid, byte: into.bytes[0] }).toEqual({ pid: 2, byte: 2 })
  })

  test('of a dead owner gives nothing more, and goes on from there with the next', () => {
    const queues = stealQueues(memory())
    const queue = queues[ownerIndex] as StealQueue
    const into = new StolenRequest()
    put(queue, 1)
    put(queue, 2)
    queue.clear()
    expect(queue.take(into, queues[2] as StealQueue, ownerIndex)).toBe(false)
    put(queue, 3)
    expect(queue.take(into, queues[2] as StealQueue, ownerIndex)).toBe(true)
    expect(into.pid).toBe(3)
  })
})

describe('what a dead thief leaves', () => {
  function scene() {
    const queues = stealQueues(memory())
    const [, queue, thief, rival] = queues as [StealQueue, StealQueue, StealQueue, StealQueue]
    put(queue, 7)
    put(queue, 8)
    return { queues, queue, thief, rival, into: new StolenRequest() }
  }

  test('is nothing, if it had taken nothing, or had done with it', () => {
    const { queues, queue, thief, into } = scene()
    expect(abandonedBy(queues, 2)).toBe(0)
    queue.take(into, thief, ownerIndex)
    thief.forgetIntent()
    expect(abandonedBy(queues, 2)).toBe(0)
  })

  test('is what it had taken', () => {
    const { queues, queue, thief, into } = scene()
    queue.take(into, thief, ownerIndex)
    expect(abandonedBy(queues, 2)).toBe(7)
  })

  test('is nothing, if it had not got so far', () => {
    const { queues, thief } = scene()
    thief.noteIntent(ownerIndex, 0, 7)
    expect(abandonedBy(queues, 2)).toBe(0)
  })

  test('is not known while somebody else is about to take the same, and then is nothing', () => {
    const { queues, queue, thief, rival, into } = scene()
    thief.noteIntent(ownerIndex, 0, 7)
    queue.take(into, rival, ownerIndex)
    expect(abandonedBy(queues, 2)).toBe(undefined)
  })

  test('is nothing, if what it had read was on its way into the queue', () => {
    const { queues, queue, thief, rival, into } = scene()
    queue.take(into, rival, ownerIndex)
    rival.forgetIntent()
    // A cell that was being written: the request of 8, which nobody has taken.
    thief.noteIntent(ownerIndex, 0, 8)
    expect(abandonedBy(queues, 2)).toBe(0)
  })
})

describe('the set of those who sleep', () => {
  test('one is woken, and only if it sleeps', () => {
    const shared = createMemory({
      endpointCount: 65,
      processCountMax: 2 ** 17,
      nameCountMax: 8,
      ringBytes: 1_024,
    })
    const control = new Control(shared)
    const idle = new IdleSet(shared, control)
    for (const endpoint of [3, 31, 32, 64]) {
      control.setStatus(endpoint, UP)
      expect(idle.wakeOne()).toBe(false)
      const park = new Park(shared, endpoint)
      park.announce()
      expect(idle.wakeOne()).toBe(false)
      idle.enter(endpoint)
      expect(idle.has(endpoint)).toBe(true)
      expect(idle.wakeOne()).toBe(true)
      expect(isParked(control, endpoint)).toBe(false)
      // It has been woken, and has not noticed yet.
      expect(idle.wakeOne()).toBe(false)
      idle.leave(endpoint)
      expect(idle.has(endpoint)).toBe(false)
    }
  })

  test('the next one is woken if the first is awake already', () => {
    const shared = memory()
    const idle = new IdleSet(shared, new Control(shared))
    idle.enter(1)
    idle.enter(3)
    new Park(shared, 3).announce()
    expect(idle.wakeOne()).toBe(true)
  })
})
