import { createSecretKey, type KeyObject } from 'node:crypto'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { decodeFromPort, encodeForPort, type PortPayload } from './codec-port.ts'
import { PidTerm } from './pid.ts'

function throughPort(value: unknown, transfer: readonly unknown[] = []): unknown {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(encodeForPort(value, transfer), transfer as ArrayBuffer[])
  const received = receiveMessageOnPort(port2) as { message: PortPayload }
  port1.close()
  return decodeFromPort(received.message)
}

describe('a payload for a port', () => {
  test('carries what a ring cannot, and all around it as a ring would', () => {
    const memory = new SharedArrayBuffer(8)
    const key = createSecretKey(Buffer.from('secret'))
    const failure = Object.assign(new Error('x'), { code: 'E_X' })
    const value = { memory, again: memory, view: new Int32Array(memory), key, pid: new PidTerm(7), failure }
    const received = throughPort(value) as typeof value
    expect(received.again).toBe(received.memory)
    expect(received.view.buffer).toBe(received.memory)
    expect((received.key as KeyObject).export().toString()).toBe('secret')
    expect(received.pid).toBeInstanceOf(PidTerm)
    expect(received.failure.code).toBe('E_X')
    new Int32Array(memory)[1] = 5
    expect(received.view[1]).toBe(5)
  })

  test('moves what is listed for transfer, also from inside an instance of a class', () => {
    class Upload {
      body = new Uint8Array(1000).fill(1)
      reply = new MessageChannel().port1
    }
    const upload = new Upload()
    const { body, reply } = upload
    const received = throughPort([upload, upload], [body.buffer, reply]) as Upload[]
    expect(received[0]).toBe(received[1])
    expect(received[0]?.body).toEqual(new Uint8Array(1000).fill(1))
    expect(received[0]?.reply).toBeInstanceOf(MessagePort)
    expect(body.length).toBe(0)
    received[0]?.reply.close()
  })

  test('may be large', () => {
    const value = { text: 'x'.repeat(1e6), list: Array.from({ length: 1e5 }, (_, n) => ({ n })) }
    expect(throughPort(value)).toEqual(value)
  })

  test('stands alone: one may be lost, or be decoded twice', () => {
    encodeForPort({ type: 'lost', n: 1 })
    const payload = encodeForPort({ type: 'lost', n: 2 })
    expect(decodeFromPort(payload)).toEqual({ type: 'lost', n: 2 })
    expect(decodeFromPort(payload)).toEqual({ type: 'lost', n: 2 })
  })

  test('is not made of what cannot be cloned', () => {
    expect(() => encodeForPort({ memory: new SharedArrayBuffer(1), f: () => 1 })).toThrow(
      'message.f is a function',
    )
    expect(() => encodeForPort({ port: new MessageChannel().port1 })).toThrow('message.port')
  })
})
