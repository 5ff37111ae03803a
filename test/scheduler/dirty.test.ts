// Dirty functions: what goes in and comes out, in what order they run, and how a task is given up.

import { down, Exit, HeddleError, type Pid, type Report, startVm, tag, type Vm } from '@heddle/scheduler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Asking,
  asyncAsker,
  atGate,
  BEGUN,
  begun,
  echo,
  forEver,
  generatorAsker,
  leaving,
  makeGate,
  open,
  serverOfEchoes,
  throwing,
  unclonable,
  whereAmI,
} from '#fixtures/sched-dirty'

const { url } = echo.$dirty

interface Answer {
  readonly type: 'asked' | 'failed'
  readonly value?: unknown
  readonly error?: Error & { code?: string; reason?: unknown; at?: unknown; f?: unknown }
  readonly isExit?: boolean
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return error instanceof HeddleError ? error.code : error
}

describe.each([
  ['inline', 'inline' as const],
  ['two schedulers', 2],
])('on a VM: %s', (_, schedulers) => {
  let vm: Vm
  const reports: Report[] = []
  beforeAll(async () => {
    vm = await startVm({ schedulers, dirty: { threads: 2 }, onReport: (report) => reports.push(report) })
  })
  afterAll(() => vm.stop({ timeoutMs: 0 }))

  async function ask(asking: Omit<Asking, 'to'>, asker = generatorAsker): Promise<Answer> {
    const pid = await vm.spawn(asker, { ...asking, to: vm.pid } as Asking)
    const ref = vm.monitor(pid)
    const answer = await vm.receive(tag<Answer>('asked', 'failed'))
    await vm.receive(down(ref))
    return answer
  }

  test.each([
    ['a generator', generatorAsker],
    ['an async callback', asyncAsker],
  ])('%s waits for the result, which is a clone', async (_, asker) => {
    const value = { list: [1, -0, undefined], map: new Map([[{ k: 1 }, new Set([1n])]]), pid: vm.pid }
    const answer = await ask({ definition: echo, args: value }, asker)
    expect(answer).toEqual({ type: 'asked', value })
    expect(answer.value).not.toBe(value)
  })

  test('a callback waits in the middle of a message; others wait their turn', async () => {
    const pid = await vm.spawn(serverOfEchoes, vm.pid)
    for (const value of ['a', 'b', 'c']) vm.send(pid, value)
    for (const [count, value] of ['a', 'b', 'c'].entries())
      expect(await vm.receive(tag('echo'))).toEqual({ type: 'echo', value, count })
    vm.exit(pid, 'kill')
  })

  test('the host runs one, on a thread that is neither its own nor a scheduler’s', async () => {
    const { isMainThread, threadId } = await vm.dirty(whereAmI, undefined)
    expect(isMainThread).toBe(false)
    const threads = new Set([threadId])
    const atSchedulers = (await ask({ definition: whereAmI, args: undefined })).value as { threadId: number }
    threads.add(atSchedulers.threadId)
    expect(vm.info().dirty.threadCount).toBeLessThanOrEqual(2)
    expect(threads.size).toBeLessThanOrEqual(2)
  })

  test('what it throws is thrown at the caller, with all parts of an error', async () => {
    const { error } = await ask({ definition: throwing, args: 'error' })
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'out of it', code: 'E_OUT', at: { x: 1 } })
    expect(error?.cause).toBeInstanceOf(TypeError)
    expect(error?.stack).toMatch(/sched-dirty/)
  })

  test('uncaught, it is the reason that the process ends with', async () => {
    const pid = await vm.spawn(generatorAsker, { to: vm.pid, definition: throwing, args: 'error' } as Asking)
    const { reason } = await vm.whenDown(pid)
    expect(reason).toMatchObject({
      error: 'RangeError',
      message: 'out of it',
      stack: expect.stringMatching(/sched-dirty/),
      cause: { error: 'TypeError', message: 'the cause' },
      fields: { code: 'E_OUT', at: { x: 1 } },
    })
    await vm.receive(tag('failed'))
  })

  test('an exit stays an exit, another value itself; what cannot be cloned of an error is told in words', async () => {
    const exit = await codeOf(vm.dirty(throwing, 'exit'))
    expect(exit).toBeInstanceOf(Exit)
    expect((exit as Exit).reason).toEqual(['my', 'reason'])
    expect(await codeOf(vm.dirty(throwing, 'value'))).toEqual({ not: 'an error' })
    const { error } = await ask({ definition: throwing, args: 'unclonable' })
    expect(error).toMatchObject({ message: 'with a function', code: 'E_F', f: expect.any(String) })
  })

  test('what cannot be cloned fails at the caller: arguments and results', async () => {
    expect(await codeOf(vm.dirty(echo, { f: () => 1 }))).toBe('ERR_UNCLONABLE')
    expect(await codeOf(vm.dirty(unclonable, 'function'))).toBe('ERR_UNCLONABLE')
    await expect(vm.dirty(unclonable, 'promise')).rejects.toThrow(/must be synchronous/)
    const { error } = await ask({ definition: unclonable, args: 'function' })
    expect(error).toMatchObject({ name: 'HeddleError', code: 'ERR_UNCLONABLE' })
    expect(error?.message).toMatch(/'unclonable'.*\.here\[0\]/)
  })

  test('a misuse is refused with its code', async () => {
    const at = (name: string, where = url) => ({ $dirty: { url: where, name } }) as typeof echo
    expect(await codeOf(vm.dirty(at('nothing'), 1))).toBe('ERR_UNKNOWN_DEFINITION')
    expect(await codeOf(vm.dirty(at('x', 'file:///no/such/module.js'), 1))).toBe('ERR_MODULE_LOAD')
    expect(await codeOf(vm.dirty(at('generator-asker'), 1))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(vm.dirty({} as typeof echo, 1))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(vm.dirty(echo, 1, { signal: 1 } as never))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(vm.dirty(echo, 1, { timeout: 1 } as never))).toBe('ERR_BAD_ARGUMENT')
    expect(await codeOf(vm.dirty(echo, 1, { timeoutMs: -1 }))).toBe('ERR_TIMEOUT_VALUE')
    await vm.spawn({ $: echo.$dirty } as never, 1 as never)
    const isRefused = (report: Report): boolean =>
      report.type === 'crash' && JSON.stringify(report.reason).includes('"code":"ERR_BAD_ARGUMENT"')
    while (!reports.some(isRefused)) await new Promise((resolve) => setImmediate(resolve))
  })

  test('a thread that dies is an error for its one task; the pool goes on', async () => {
    const gate = makeGate()
    const other = vm.dirty(atGate, gate)
    await begun(gate)
    const { error, isExit } = await ask({ definition: leaving, args: 3 })
    expect(isExit).toBe(true)
    expect(error?.reason).toEqual([
      ['dirty_thread_down', expect.any(String)],
      [url, 'leaving', [3]],
    ])
    open(gate)
    expect(await other).toBe('through')
    expect(await vm.dirty(echo, 'still there')).toBe('still there')
    expect(vm.info().dirty.lostCount).toBeGreaterThan(0)
  })

  test('a task is given up by its time, and its thread goes with it', async () => {
    const gate = makeGate()
    const { error } = await ask({ definition: forEver, args: gate, options: { timeoutMs: 50 } })
    expect(error?.reason).toEqual(['timeout', [url, 'for-ever', [gate]]])
    const late = await codeOf(vm.dirty(forEver, gate, { timeoutMs: 0 }))
    expect((late as Exit).reason).toEqual(['timeout', [url, 'for-ever', [gate]]])
    expect(await vm.dirty(echo, 1)).toBe(1)
  })

  test('by a signal, whose reason it fails with', async () => {
    const gate = makeGate()
    const asking = { definition: forEver, args: gate, abort: { gate, reason: new TypeError('enough') } }
    const { error } = await ask(asking, asyncAsker)
    expect(error).toMatchObject({ name: 'TypeError', message: 'enough' })
    expect(await codeOf(vm.dirty(forEver, gate, { signal: AbortSignal.abort('before') }))).toBe('before')
    expect(Atomics.load(gate, BEGUN)).toBe(1)
    const controller = new AbortController()
    const task = vm.dirty(forEver, gate, { signal: controller.signal })
    await begun(gate, 2)
    controller.abort()
    expect(await codeOf(task)).toMatchObject({ name: 'AbortError' })
    expect(await vm.dirty(echo, 1)).toBe(1)
  })

  test('by the end of its process', async () => {
    const gate = makeGate()
    const before = vm.info().dirty.givenUpCount
    const pid = await vm.spawn(generatorAsker, { to: vm.pid, definition: forEver, args: gate } as Asking)
    await begun(gate)
    vm.exit(pid, 'kill')
    await vm.whenDown(pid)
    while (vm.info().dirty.givenUpCount === before) await new Promise((resolve) => setImmediate(resolve))
    expect(vm.info().dirty).toMatchObject({ runningCount: 0, queueLength: 0 })
    expect(await vm.dirty(echo, 1)).toBe(1)
  })
})

test('one queue for the whole VM, oldest first; a task that waits in it never starts once its process has died', async () => {
  await using vm = await startVm({ schedulers: 2, dirty: { threads: 1 }, onReport: () => {} })
  const [first, never] = [makeGate(), makeGate()]
  const running = vm.dirty(atGate, first)
  await begun(first)
  const waiting = await vm.spawn(generatorAsker, { to: vm.pid, definition: forEver, args: never } as Asking)
  await queued(vm, 1)
  const order: number[] = []
  const rest = Array.from({ length: 20 }, (_, index) => vm.dirty(echo, index).then(() => order.push(index)))
  await queued(vm, 21)
  expect(vm.info().dirty).toMatchObject({ threadCount: 1, threadCountMax: 1, runningCount: 1 })
  vm.exit(waiting, 'kill')
  await queued(vm, 20)
  open(first)
  expect(await running).toBe('through')
  await Promise.all(rest)
  expect(order).toEqual([...order.keys()])
  expect(Atomics.load(never, BEGUN)).toBe(0)
  expect(vm.info().dirty).toMatchObject({ threadCount: 1, doneCount: 21, givenUpCount: 1, lostCount: 0 })
})

test('when a scheduler dies, the tasks of its processes are given up', async () => {
  await using vm = await startVm({ schedulers: 2, dirty: { threads: 1 }, onReport: () => {} })
  const [running, waiting] = [makeGate(), makeGate()]
  const there: Pid[] = []
  for (const gate of [running, waiting]) {
    there.push(
      await vm.spawn(generatorAsker, { to: vm.pid, definition: forEver, args: gate } as Asking, {
        scheduler: 2,
      }),
    )
    if (gate === running) await begun(gate)
  }
  await queued(vm, 1)
  await vm.killScheduler(2)
  for (const pid of there)
    expect(['noproc', ['scheduler_down', 2]]).toContainEqual((await vm.whenDown(pid)).reason)
  await queued(vm, 0)
  expect(await vm.dirty(echo, 'free again')).toBe('free again')
  expect(Atomics.load(waiting, BEGUN)).toBe(0)
})

test('the pool is there when it is first needed, and ends with the VM', async () => {
  const vm = await startVm({ schedulers: 'inline', dirty: { threads: 2 } })
  expect(vm.info().dirty).toEqual({
    threadCount: 0,
    threadCountMax: 2,
    queueLength: 0,
    runningCount: 0,
    doneCount: 0,
    givenUpCount: 0,
    lostCount: 0,
  })
  const gate = makeGate()
  const tasks = [1, 2, 3].map(() => codeOf(vm.dirty(forEver, gate)))
  await begun(gate, 2)
  await vm.stop()
  expect(await Promise.all(tasks)).toEqual(['ERR_VM_STOPPED', 'ERR_VM_STOPPED', 'ERR_VM_STOPPED'])
  expect(await codeOf(vm.dirty(echo, 1))).toBe('ERR_VM_STOPPED')
})

test.each([[{ threads: 0 }], [{ threads: 65 }], [{ threads: 1.5 }], [{ thread: 1 }], [3], [null]])(
  'dirty: %j is no option',
  async (dirty) => {
    expect(await codeOf(startVm({ schedulers: 'inline', dirty: dirty as never }))).toBe('ERR_BAD_ARGUMENT')
  },
)

async function queued(vm: Vm, count: number): Promise<void> {
  while (vm.info().dirty.queueLength !== count) await new Promise((resolve) => setImmediate(resolve))
}
