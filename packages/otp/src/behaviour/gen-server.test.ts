// Definitions of servers: their addresses, their messages, and what cannot be defined.

import { startVm } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { startServer } from '../gen/start.ts'
import { genServer } from './gen-server.ts'
import { noreply, reply } from './next.ts'

const counter = genServer(import.meta.url, 'counter', {
  init: (start: number) => ({ total: start }),
  call: {
    get: (state) => reply(state.total, state),
    addAndGet: (state, by: number) => reply(state.total + by, { total: state.total + by }),
  },
  cast: { add: (state, by: number) => noreply({ total: state.total + by }) },
})

test('a definition is an address and message constructors; messages are plain data', () => {
  expect(counter.$).toEqual({ url: import.meta.url, name: 'counter', behaviour: 'gen_server' })
  expect(structuredClone(counter.$)).toEqual(counter.$)
  expect(counter.get()).toEqual({ $call: 'get', arg: undefined })
  expect(counter.addAndGet(2)).toEqual({ $call: 'addAndGet', arg: 2 })
  expect(counter.add(2)).toEqual({ $cast: 'add', arg: 2 })
  expect(Object.isFrozen(counter)).toBe(true)
})

test('a server runs on a VM in this thread', async () => {
  await using vm = await startVm({ schedulers: 'inline' })
  const ref = await startServer(vm, counter, 5)
  vm.cast(ref, counter.add(2))
  expect(await vm.call(ref, counter.addAndGet(1))).toBe(8)
})

const badArgument = expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' })

test('a name cannot be both a call and a cast', () => {
  const define = () =>
    genServer(import.meta.url, 'both', {
      init: (_: void) => 0,
      call: { same: (state) => reply(1, state) },
      cast: { same: (state) => noreply(state) },
    })
  expect(define).toThrow(badArgument)
})

test.each(['$', '$start', 'then'])("no message can be named '%s'", (name) => {
  const define = () =>
    genServer(import.meta.url, 'reserved', {
      init: (_: void) => 0,
      call: { [name]: (state: number) => reply(1, state) },
    })
  expect(define).toThrow(badArgument)
})

test('a server needs an init, a name and the url of its module', () => {
  const init = (_: void) => 0
  expect(() => genServer(import.meta.url, 'none', {} as never)).toThrow(badArgument)
  expect(() => genServer(import.meta.url, '', { init })).toThrow(badArgument)
  expect(() => genServer('./here.js', 'none', { init })).toThrow(badArgument)
  const sloppy = genServer as (...all: unknown[]) => unknown
  for (const given of [
    [{ init }],
    ['none', { init }],
    [import.meta.url, { init }],
    [import.meta.url, 'none'],
  ]) {
    expect(() => sloppy(...given)).toThrow(badArgument)
  }
})

test.each([
  { call: 1 },
  { call: { get: 1 } },
  { cast: { add: null } },
  { info: 'x' },
  { continue: {} },
  { terminate: 1 },
])('a callback is a function: not %j', (sections) => {
  const callbacks = { init: (_: void) => 0, ...sections } as never
  expect(() => genServer(import.meta.url, 'sloppy', callbacks)).toThrow(badArgument)
})

test('one module defines a name once; evaluating it again is no second definition', () => {
  const define = (step: number) =>
    step === 1
      ? genServer(import.meta.url, 'twice', { init: (_: void) => 0, cast: { a: (s) => noreply(s + 1) } })
      : genServer(import.meta.url, 'twice', { init: (_: void) => 0, cast: { a: (s) => noreply(s + 2) } })
  define(1)
  define(1)
  expect(() => define(2)).toThrow(expect.objectContaining({ code: 'ERR_DUPLICATE_DEFINITION' }))
})
