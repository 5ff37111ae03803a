import { describe, expect, test } from 'vitest'
import { SIGNAL } from '../process/signals.ts'
import { HONEST } from './sabotage.ts'
import { type Frame, Scratch, Wire } from './wire.ts'

function makeWire(capacity: number, batch = 100) {
  const life = { epoch: 0 }
  const wire = new Wire(1, 2, capacity, batch, new Scratch(), HONEST, () => life.epoch)
  let order = 0
  const post = (value: unknown) => {
    order += 1
    wire.post(order, SIGNAL.message, 5, 0, 0, order, value, undefined)
  }
  const read = (countMax = Infinity) => {
    const values: unknown[] = []
    wire.drain(countMax, (_frame, value) => values.push(value))
    return values
  }
  return { wire, post, read, life }
}

describe('a wire', () => {
  test('shows nothing before it is published, then all in order', () => {
    const { wire, post, read, life } = makeWire(100)
    wire.openOut(life.epoch)
    wire.openIn()
    for (const value of ['a', { b: Array.from({ length: 3 }) }, new Map([[1, 2]])]) post(value)
    expect(read()).toEqual([])
    wire.flush()
    expect(read(1)).toEqual(['a'])
    expect(read()).toEqual([{ b: Array.from({ length: 3 }) }, new Map([[1, 2]])])
  })

  test('publishes by itself when a batch is full', () => {
    const { wire, post, read, life } = makeWire(100, 2)
    wire.openOut(life.epoch)
    wire.openIn()
    for (const value of [1, 2, 3]) post(value)
    expect(read()).toEqual([1, 2])
  })

  test('keeps at the sender, in order, what the ring has no room for', () => {
    const { wire, post, read, life } = makeWire(2)
    wire.openOut(life.epoch)
    wire.openIn()
    for (const value of [1, 2, 3, 4, 5]) post(value)
    wire.flush()
    expect(wire.waitingOrder).toBe(3)
    expect(read()).toEqual([1, 2])
    expect(wire.hasRoomForOverflow).toBe(true)
    post(6)
    wire.flush()
    wire.flush()
    expect(read()).toEqual([3, 4])
    wire.flush()
    expect(read()).toEqual([5, 6])
    expect(wire.waitingOrder).toBe(Infinity)
  })

  test('keeps what is sent before it is open', () => {
    const { wire, post, read, life } = makeWire(10)
    post('early')
    wire.flush()
    wire.openIn()
    expect(read()).toEqual([])
    wire.openOut(life.epoch)
    wire.flush()
    expect(read()).toEqual(['early'])
  })

  test('loses what a dead sender had not published, and nothing else', () => {
    const { wire, post, read, life } = makeWire(10)
    wire.openOut(life.epoch)
    wire.openIn()
    post('published')
    wire.flush()
    post('unpublished')
    const lost: Frame[] = []
    wire.abandon((frame) => lost.push(frame))
    expect(lost.map(({ id }) => id)).toEqual([2])
    expect(read()).toEqual(['published'])
    wire.closeIn()
    expect(wire.reset()).toBe(0)
  })

  test('keeps for the next life of its reader what is sent once that is dead, though the sender was not told', () => {
    const { wire, post, read, life } = makeWire(10)
    wire.openOut(life.epoch)
    wire.openIn()
    post('for the dead')
    life.epoch = 1
    post('for the next')
    wire.flush()
    wire.closeOut()
    wire.reset()
    wire.openOut(life.epoch)
    wire.flush()
    expect(read()).toEqual(['for the next'])
  })

  test('is not opened to a life of its reader that is over', () => {
    const { wire, post, read, life } = makeWire(10)
    life.epoch = 2
    post('for the second')
    wire.openOut(1)
    wire.openIn()
    wire.flush()
    expect(read()).toEqual([])
    wire.closeOut()
    wire.openOut(2)
    wire.flush()
    expect(read()).toEqual(['for the second'])
  })

  test('stays open to the life it was opened to, though it was made in an earlier one', () => {
    const { wire, post, read, life } = makeWire(10)
    life.epoch = 1
    wire.openOut(1)
    wire.openIn()
    post('for the first')
    wire.flush()
    expect(read()).toEqual(['for the first'])
  })

  test('what the reader gets is its own', () => {
    const { wire, post, read, life } = makeWire(10)
    wire.openOut(life.epoch)
    wire.openIn()
    const message = { list: [1] }
    post(message)
    message.list.push(2)
    wire.flush()
    expect(read()).toEqual([{ list: [1] }])
  })

  test('a value that cannot be cloned sends nothing', () => {
    const { wire, post, read, life } = makeWire(10)
    wire.openOut(life.epoch)
    wire.openIn()
    expect(() => post({ f: () => 1 })).toThrow(expect.objectContaining({ code: 'ERR_UNCLONABLE' }))
    post('next')
    wire.flush()
    expect(read()).toEqual(['next'])
  })
})
