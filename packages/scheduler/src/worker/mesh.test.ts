import { MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { Control, DOWN, UP } from '../memory/control.ts'
import { createMemory } from '../memory/layout.ts'
import { SIGNAL } from '../process/signals.ts'
import { Mesh } from './mesh.ts'

const ENDPOINT_COUNT = 2

describe('what had come in before a drain has been read', () => {
  test('also while more comes in than a drain takes; not before it has', () => {
    const shared = createMemory({
      endpointCount: ENDPOINT_COUNT,
      processCountMax: 1_024,
      nameCountMax: 16,
      ringBytes: 1 << 16,
    })
    const control = new Control(shared)
    for (let endpoint = 0; endpoint < ENDPOINT_COUNT; endpoint++) control.setStatus(endpoint, UP)
    const [sender, reader] = [0, 1].map((me) => new Mesh(shared, control, me, ENDPOINT_COUNT)) as [Mesh, Mesh]
    const { port1, port2 } = new MessageChannel()
    sender.open(1, port1, 0)
    reader.open(0, port2, 0)

    let sentCount = 0
    let readCount = 0
    const send = (count: number): void => {
      for (let index = 0; index < count; index++) sender.post(1, SIGNAL.message, 1, 0, 0, ++sentCount)
      sender.flush()
    }
    /** By drain: how much had been published before it began. */
    const publishedBefore: number[] = [0]
    send(1_000)
    let caughtUp = 0
    for (let round = 0; round < 40; round++) {
      publishedBefore.push(sentCount)
      reader.drain(() => {
        readCount += 1
      })
      expect(sentCount - readCount).toBeGreaterThan(256)
      caughtUp = reader.caughtUpCount
      expect(readCount).toBeGreaterThanOrEqual(publishedBefore[caughtUp] as number)
      send(256)
    }
    expect(caughtUp).toBeGreaterThan(20)
    port1.close()
  })

  test('not before a peer is met that wrote and died', () => {
    const shared = createMemory({
      endpointCount: ENDPOINT_COUNT,
      processCountMax: 1_024,
      nameCountMax: 16,
      ringBytes: 1 << 16,
    })
    const control = new Control(shared)
    const [sender, reader] = [0, 1].map((me) => new Mesh(shared, control, me, ENDPOINT_COUNT)) as [Mesh, Mesh]
    const { port1, port2 } = new MessageChannel()
    const drain = (): number => reader.drain(() => {})
    control.setStatus(0, DOWN)
    drain()
    expect(reader.caughtUpCount).toBe(1)
    control.setStatus(0, UP)
    sender.open(1, port1, 0)
    sender.post(1, SIGNAL.message, 1, 0, 0, 'last words')
    sender.flush()
    drain()
    expect(reader.caughtUpCount).toBe(0)
    control.setStatus(0, DOWN)
    drain()
    expect(reader.caughtUpCount).toBe(0)
    // Now it hears of both.
    reader.open(0, port2, 0)
    let read: unknown
    reader.close(0, (_kind, _target, _source, _ref, value) => {
      read = value
    })
    expect(read).toBe('last words')
    drain()
    expect(reader.caughtUpCount).toBe(4)
    port1.close()
  })
})
