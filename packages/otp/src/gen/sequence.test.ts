// An operation made of several: the same in a generator and in an async callback.

import { done, Exit, type Op, process, type Self, startVm, TIMEOUT, tag } from '@heddle/scheduler'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asking, Sequence } from './sequence.ts'

function twoMessages(self: Self): Op<unknown[]> {
  return new Sequence(function* () {
    const first = yield self.receive(tag('one'))
    yield self.sleep(0)
    const second = yield self.receive(tag('two'), { afterMs: 0 })
    return [first, second === TIMEOUT ? 'timeout' : second]
  })
}

function failing(self: Self): Op<string> {
  return new Sequence(function* () {
    try {
      yield self.call('nobody', { $call: 'x', arg: 1 })
    } catch (error) {
      yield self.sleep(0)
      return `caught ${(error as Exit).reason}`
    }
    return 'no'
  })
}

function broken(self: Self): Op<never> {
  return new Sequence(function* () {
    yield self.sleep(0)
    throw new Exit('broken')
  })
}

const inGenerator = process(import.meta.url, 'inGenerator', {
  init: (report: { $pid: number }) => report,
  *run(report, self) {
    const messages = yield* twoMessages(self)
    const caught = yield* failing(self)
    self.send(report, { type: 'result', messages, caught })
    yield* broken(self)
    return done()
  },
})

const inPromise = process(import.meta.url, 'inPromise', {
  init: (report: { $pid: number }) => report,
  async run(report, self) {
    const messages = await twoMessages(self)
    const caught = await failing(self)
    self.send(report, { type: 'result', messages, caught })
    await broken(self)
    return done()
  },
})

let vm: Awaited<ReturnType<typeof startVm>>
beforeAll(async () => {
  vm = await startVm({ schedulers: 'inline' })
})
afterAll(() => vm.stop())

test.each([
  ['a generator', inGenerator],
  ['an async callback', inPromise],
])(
  'waits for each of its steps, catches what one throws, and throws itself: in %s',
  async (_where, definition) => {
    const pid = await vm.spawn(definition, vm.pid)
    vm.send(pid, { type: 'two' })
    vm.send(pid, { type: 'one' })
    const ended = vm.whenDown(pid)
    expect(await vm.receive(tag('result'))).toEqual({
      type: 'result',
      messages: [{ type: 'one' }, { type: 'two' }],
      caught: expect.stringContaining('caught noproc'),
    })
    expect((await ended).reason).toBe('broken')
  },
)

test('on the host what both can ask for begins at once, and is a promise', async () => {
  const begun: string[] = []
  const ask = () =>
    asking('ask()', vm, function* () {
      begun.push('begun')
      return (yield vm.isAlive(vm.pid) as never) as boolean
    })
  const asked = ask()
  expect(begun).toEqual(['begun'])
  expect(asked).toBeInstanceOf(Promise)
  expect([await asked, await asked]).toEqual([true, true])
  expect(begun).toEqual(['begun'])
})

test('who asks is the process, or the host', () => {
  expect(() => asking('ask()', {} as never, function* () {})).toThrow(
    "ask() takes a process's self, or the VM, first",
  )
})
