// The server's own part of handling a message: what it allocates, and what a moved server keeps.

import { type CallEnvelope, type Self, Turn } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { newCore } from '../gen/core.ts'
import { serverCode } from './gen-server.ts'
import { NoReply, noreply, Reply, reply } from './next.ts'
import { handleMessage, type Server } from './server.ts'

const code = serverCode('counter', {
  init: (start: number) => start,
  call: { get: (state: never) => reply(state, state) },
  cast: { add: ((state: number, by: number) => noreply(state + by)) as never },
  info: (state) => noreply(state),
})

const newServer = (parent: number): Server => ({
  ...newCore({ parent, extras: undefined }),
  state: undefined,
})

const replies: unknown[] = []
const self = {
  pid: { $pid: 5 },
  reply: (_from: unknown, value: unknown) => replies.push(value),
} as unknown as Self
const add = { $cast: 'add', arg: 2 }
const get: CallEnvelope = {
  type: '$call',
  from: { pid: { $pid: 7 }, ref: { $ref: 1, $of: 7 } },
  request: { $call: 'get', arg: undefined },
}

test('a plain message is handled at once, and its turn is one and the same', () => {
  const server = newServer(0)
  server.state = 1
  const turns = [add, get, 'info', add].map((message) => handleMessage(code, server, message, self))
  expect(turns[0]).toBeInstanceOf(Turn)
  expect(new Set(turns).size).toBe(1)
  expect(server.state).toBe(5)
  expect(replies).toEqual([3])
})

test('a server is plain data: a clone of it goes on where it was', () => {
  const server = newServer(9)
  server.state = { total: 1 }
  handleMessage(code, server, 'info', self)
  const clone = structuredClone(server)
  expect(clone).toEqual({ state: { total: 1 }, parent: 9 })
  const turn = handleMessage(code, clone, 'info', self)
  expect(turn).toBeInstanceOf(Turn)
  expect((turn as Turn<unknown>).state).toBe(clone)
})

test('next values check their time limit where they are made', () => {
  expect(() => noreply(1, { timeoutMs: -1 })).toThrow(expect.objectContaining({ code: 'ERR_TIMEOUT_VALUE' }))
  expect(() => reply(1, 1, { timeoutMs: Number.NaN })).toThrow(
    expect.objectContaining({ code: 'ERR_TIMEOUT_VALUE' }),
  )
  expect(noreply(1, { timeoutMs: 0 })).toBeInstanceOf(NoReply)
  expect(reply(1, 1, { continue: 'x' })).toBeInstanceOf(Reply)
})
