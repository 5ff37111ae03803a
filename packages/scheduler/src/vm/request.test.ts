// Processes written by hand: typed calls and casts, and what tells DOWN and EXIT from other messages.

import { expect, test } from 'vitest'
import { process } from '../process/define.ts'
import { ANY, isDown, isExit, oneOf } from '../process/match.ts'
import { defineCall, defineCast } from '../process/request.ts'
import { again } from '../process/turn.ts'
import { startVm } from './boot.ts'

const total = defineCall<void, number>('total')
const settle = defineCall<{ atLeast: number }, string>('settle')
const add = defineCast<number>('add')

const till = process(import.meta.url, 'till', {
  init: (start: number) => ({ sum: start }),
  *run(state, self) {
    const message = yield* self.receive(oneOf(total.match, settle.match, add.match))
    if (add.is(message)) return again({ sum: state.sum + message.arg })
    if (total.is(message)) total.reply(self, message, state.sum)
    else settle.reply(self, message.from, state.sum >= message.request.arg.atLeast ? 'settled' : 'open')
    return again(state)
  },
})

test('a raw process is called, and answers', async () => {
  await using vm = await startVm({ schedulers: 'inline' })
  const pid = await vm.spawn(till, 1)
  vm.cast(pid, add(2))
  expect(await vm.call(pid, total())).toBe(3)
  expect(await vm.call(pid, settle({ atLeast: 3 }))).toBe('settled')
})

test('a message is one of a kind or not, whatever it is', () => {
  for (const other of [
    undefined,
    null,
    5,
    'total',
    {},
    { type: '$call' },
    { $cast: 'sub', arg: 1 },
    total(),
  ]) {
    expect([total.is(other), add.is(other), isDown(other), isExit(other)]).toEqual([
      false,
      false,
      false,
      false,
    ])
  }
  expect(add.is(add(5))).toBe(true)
})

test('names of the house are refused', () => {
  const refused = expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' })
  for (const name of ['', '$start', undefined, 5]) {
    expect(() => defineCall(name as never)).toThrow(refused)
    expect(() => defineCast(name as never)).toThrow(refused)
  }
})

test('DOWN and EXIT are told from other messages, and whose they are', async () => {
  await using vm = await startVm({ schedulers: 'inline' })
  const [one, two] = [await vm.spawn(till, 1), await vm.spawn(till, 2)]
  const [watch, other] = [vm.monitor(one), vm.monitor(two)]
  vm.link(one)
  vm.exit(one, 'kill')
  const messages = [await vm.receive(ANY), await vm.receive(ANY)]
  const down = messages.find((message) => isDown(message))
  const exit = messages.find((message) => isExit(message))
  expect([isDown(down, watch), isDown(down, other), isExit(down)]).toEqual([true, false, false])
  expect([isExit(exit, one), isExit(exit, two), isDown(exit)]).toEqual([true, false, false])
  expect([isDown(down) && down.reason, isExit(exit) && exit.reason]).toEqual(['killed', 'killed'])
})
