// Calls, casts and replies of a server; its ends, and who hears of them.

import { startServer } from '@heddle/otp'
import { type CallMessage, down, type Pid, tag } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { bare, counter, desk, ending, helper, impatient, parent, slow } from '#fixtures/otp-servers'
import { callReasonOf, onEveryVm } from './stage.ts'

onEveryVm('a server', (stage) => {
  const startEnding = (who: string, more: { traps?: boolean; last?: readonly ['throw', string] } = {}) =>
    startServer(stage.vm, ending, { who, ...more }, stage.there)

  test('handles the messages of one sender in order', async () => {
    const { vm } = stage
    const ref = await startServer(vm, counter, 0, stage.there)
    for (let i = 1; i <= 100; i++) vm.cast(ref, counter.add(i))
    expect(await vm.call(ref, counter.addAndGet(1))).toBe(5051)
    expect(await vm.call(ref, counter.get())).toBe(5051)
  })

  test('can be called and cast by name', async () => {
    const { vm } = stage
    await startServer(vm, counter, 0, { name: 'total', ...stage.there })
    vm.cast('total', counter.add(2))
    expect(await vm.call('total', counter.get())).toBe(2)
    vm.cast('nobody', counter.add(2))
    expect(await callReasonOf(vm.call('nobody', counter.get()))).toBe('noproc')
  })

  test('is not called with an option that there is not', async () => {
    const { vm } = stage
    const ref = await startServer(vm, counter, 0, stage.there)
    const calling = vm.call(ref, counter.addAndGet(1), { timeout: 5 } as never)
    await expect(calling).rejects.toMatchObject({ code: 'ERR_BAD_ARGUMENT' })
    expect(await vm.call(ref, counter.get(), { timeoutMs: Infinity })).toBe(0)
  })

  // ---- replies ----

  test('replies later', async () => {
    const { vm } = stage
    const ref = await startServer(vm, desk, undefined, stage.there)
    const asked = Promise.all([vm.call(ref, desk.ask()), vm.call(ref, desk.ask())])
    // Behind the questions.
    await vm.call(ref, desk.echo('ready'))
    vm.cast(ref, desk.answer('yes'))
    expect(await asked).toEqual(['yes', 'yes'])
  })

  test('replies before its callback returns', async () => {
    const { vm } = stage
    const ref = await startServer(vm, desk, undefined, stage.there)
    expect(await vm.call(ref, desk.early('now'))).toBe('now')
  })

  test('lets another process reply', async () => {
    const { vm } = stage
    const ref = await startServer(vm, desk, undefined, stage.there)
    const asked = vm.call(ref, desk.ask())
    const from = await vm.call(ref, desk.take())
    if (from === undefined) throw new Error('nobody asked')
    await vm.spawn(helper, { from, value: 'from the helper' }, stage.here)
    expect(await asked).toBe('from the helper')
  })

  test('does not notice a call that timed out, and its late reply vanishes', async () => {
    const { vm } = stage
    const ref = await startServer(vm, desk, undefined, stage.there)
    await vm.spawn(impatient, { desk: ref, report: vm.pid }, stage.here)
    expect(await vm.receive(tag('impatient'))).toEqual({
      type: 'impatient',
      reason: 'timeout',
      after: 'still there',
      left: 0,
    })
  })

  test('crashes if its reply cannot be cloned', async () => {
    const { vm } = stage
    await stage.startRecorder()
    for (const name of ['end', 'endInPromise'] as const) {
      const ref = await startEnding('a')
      expect(await callReasonOf(vm.call(ref, ending[name](['replyUnclonable'])))).toMatchObject({
        error: 'HeddleError',
        fields: { code: 'ERR_UNCLONABLE' },
      })
      expect(await stage.clearLines()).toMatchObject([['a', 'terminate', { error: 'HeddleError' }]])
    }
  })

  // ---- ends ----

  const crash = { error: 'RangeError', message: 'no' }
  const ends = [
    [['throw', 'no'], crash],
    [['exit', 'gone'], 'gone'],
    [
      ['exit', ['shutdown', 1]],
      ['shutdown', 1],
    ],
    [['stop', 'gone'], 'gone'],
    [['stop', 'normal'], 'normal'],
    [
      ['bad', 17],
      ['bad_return_value', 17],
    ],
    [
      ['bad', undefined],
      ['bad_return_value', undefined],
    ],
    [['throwStop', 'gone'], 'gone'],
    [
      ['throwValue', 'ball'],
      ['bad_return_value', 'ball'],
    ],
  ] as const

  test.each(ends)('that ends by %j in a call fails the caller, and runs terminate', async (end, reason) => {
    const { vm } = stage
    await stage.startRecorder()
    for (const name of ['end', 'endInGenerator', 'endInPromise'] as const) {
      const ref = await startEnding(name)
      const watch = vm.monitor(ref)
      expect(await callReasonOf(vm.call(ref, ending[name](end)))).toEqual(like(reason))
      expect((await vm.receive(down(watch))).reason).toEqual(like(reason))
      expect(await stage.clearLines()).toEqual([[name, 'terminate', reason]])
    }
  })

  test.each(ends)('that ends by %j in a cast or an info runs terminate', async (end, reason) => {
    const { vm } = stage
    await stage.startRecorder()
    for (const how of ['cast', 'info']) {
      const ref = await startEnding(how)
      const watch = vm.monitor(ref)
      if (how === 'cast') vm.cast(ref, ending.endByCast(end))
      else vm.send(ref, { type: 'end', end })
      expect((await vm.receive(down(watch))).reason).toEqual(like(reason))
      expect(await stage.clearLines()).toEqual([[how, 'terminate', reason]])
    }
  })

  test('that stops with a reply replies first', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startEnding('a')
    const watch = vm.monitor(ref)
    expect(await vm.call(ref, ending.end(['stop', 'gone', 'bye']))).toBe('bye')
    expect((await vm.receive(down(watch))).reason).toBe('gone')
    expect(await stage.clearLines()).toEqual([['a', 'terminate', 'gone']])
  })

  test('may not reply to a cast', async () => {
    const { vm } = stage
    await stage.startRecorder()
    for (const end of [
      ['throwReply', 1],
      ['stop', 'gone', 'bye'],
    ] as const) {
      const ref = await startEnding('a')
      const watch = vm.monitor(ref)
      vm.cast(ref, ending.endByCast(end))
      expect((await vm.receive(down(watch))).reason).toMatchObject(['bad_return_value', {}])
    }
  })

  test('that throws a reply has returned it', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startEnding('a')
    expect(await vm.call(ref, ending.end(['throwReply', 'caught']))).toBe('caught')
    expect(await vm.call(ref, ending.endInGenerator(['throwReply', 'caught']))).toBe('caught')
    expect(await vm.call(ref, ending.endInPromise(['throwReply', 'caught']))).toBe('caught')
    expect(await vm.call(ref, ending.get())).toBe('a')
  })

  test('that crashes fails all who wait for it', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startEnding('a')
    const calls = [ending.wait(), ending.wait(), ending.end(['throw', 'no'])].map((each) =>
      vm.call(ref, each),
    )
    const reasons = await Promise.all(calls.map(callReasonOf))
    for (const reason of reasons) expect(reason).toMatchObject(crash)
  })

  test('exits with what terminate throws', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startEnding('a', { last: ['throw', 'in terminate'] })
    expect(await callReasonOf(vm.call(ref, ending.end(['stop', 'gone'])))).toMatchObject({
      message: 'in terminate',
    })
    const other = await startServer(vm, ending, { who: 'b', last: ['exit', 'other'] }, stage.there)
    expect(await callReasonOf(vm.call(other, ending.end(['throw', 'no'])))).toBe('other')
  })

  test('reports a crash once, with where it happened, but no stop', async () => {
    const { vm } = stage
    await stage.startRecorder()
    for (const end of [
      ['throw', 'no'],
      ['bad', 17],
      ['stop', 'shutdown'],
      ['exit', 'gone'],
    ] as const) {
      await callReasonOf(vm.call(await startEnding('a'), ending.end(end)))
    }
    expect(stage.reports).toMatchObject([
      { type: 'crash', definition: { name: 'ending' }, reason: { message: 'no' } },
      { type: 'crash', reason: ['bad_return_value', 17] },
    ])
  })

  // ---- messages that it does not know ----

  test('crashes on a call or a cast that it does not have', async () => {
    const { vm } = stage
    const call: CallMessage<unknown, unknown> = { $call: 'toString', arg: undefined }
    const known = await startServer(vm, counter, 0, stage.there)
    expect(await callReasonOf(vm.call(known, call))).toMatchObject({
      error: 'function_clause',
      message: "server 'counter' has no call 'toString'",
    })
    const none = await startServer(vm, bare, 'bare', stage.there)
    expect(await callReasonOf(vm.call(none, call))).toMatchObject({ error: 'undef' })
    const cast = await startServer(vm, counter, 0, stage.there)
    const watch = vm.monitor(cast)
    vm.send(cast, { $cast: 'nope', arg: 1 })
    expect((await vm.receive(down(watch))).reason).toMatchObject({ error: 'function_clause' })
  })

  test('without info drops a raw message, and reports it to the logger', async () => {
    const { vm } = stage
    const events = await stage.loggedWhile(async () => {
      const ref = await startServer(vm, counter, 3, stage.there)
      vm.send(ref, 'raw')
      vm.send(ref, { type: 'EXIT', pid: vm.pid.$pid })
      expect(await vm.call(ref, counter.get())).toBe(3)
    })
    const report = { label: ['gen_server', 'no_handle_info'], name: 'counter' }
    expect(events).toMatchObject([
      { level: 'warning', report: { ...report, message: 'raw' } },
      { level: 'warning', report: { ...report, message: { type: 'EXIT' } } },
    ])
  })

  // ---- terminate and exits ----

  test('that does not trap exits dies of an exit signal, without terminate', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startEnding('a')
    const watch = vm.monitor(ref)
    vm.exit(ref, 'shutdown')
    expect((await vm.receive(down(watch))).reason).toBe('shutdown')
    expect(await stage.clearLines()).toEqual([])
  })

  test('that sends itself an exit signal in a callback dies of it there, without terminate', async () => {
    const { vm } = stage
    await stage.startRecorder()
    for (const name of ['end', 'endInGenerator', 'endInPromise'] as const) {
      const ref = await startEnding(name)
      expect(await callReasonOf(vm.call(ref, ending[name](['exitSignal', 'own'])))).toBe('own')
    }
    expect(await stage.clearLines()).toEqual([])
    expect(stage.reports).toEqual([])
  })

  test('is killed without terminate', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startEnding('a', { traps: true })
    const watch = vm.monitor(ref)
    vm.exit(ref, 'kill')
    expect((await vm.receive(down(watch))).reason).toBe('killed')
    expect(await stage.clearLines()).toEqual([])
  })

  test('that traps exits terminates when its parent ends: a linked starter, the host, whoever spawned it', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const boss = await startServer(vm, parent, undefined, stage.here)
    const started = await vm.call(boss, parent.startChild({ who: 'started', traps: true, how: 'startLink' }))
    const spawned = await vm.call(boss, parent.spawnChild('spawned'))
    const hosted = await startEnding('hosted', { traps: true })
    const watches = [started as Pid, spawned, hosted].map((pid) => vm.monitor(pid))
    // What it sends itself comes first: its parent's end is a message like others, in order.
    vm.send(hosted, 'before')
    vm.exit(hosted, 'from the host')
    vm.cast(boss, parent.end('boss is gone'))
    const reasons = []
    for (const watch of watches) reasons.push((await vm.receive(down(watch))).reason)
    expect(reasons).toEqual(['boss is gone', 'boss is gone', 'from the host'])
    expect((await stage.clearLines()).toSorted()).toEqual(
      [
        ['hosted', 'info', 'before'],
        ['hosted', 'terminate', 'from the host'],
        ['spawned', 'terminate', 'boss is gone'],
        ['started', 'terminate', 'boss is gone'],
      ].toSorted(),
    )
  })

  test('that was started without a link has no parent: any EXIT is an info', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const boss = await startServer(vm, parent, undefined, stage.here)
    const pid = (await vm.call(boss, parent.startChild({ who: 'a', traps: true, how: 'start' }))) as Pid
    await vm.call(boss, parent.linkTo(pid))
    vm.exit(boss, 'kill')
    await stage.lines(1)
    expect(await stage.clearLines()).toEqual([['a', 'info', { type: 'EXIT', reason: 'killed' }]])
    expect(await vm.call(pid, ending.get())).toBe('a')
  })

  test('that traps exits gets the EXIT of others as an info', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const boss = await startServer(vm, parent, undefined, stage.here)
    const a = (await vm.call(boss, parent.startChild({ who: 'a', traps: true, how: 'startLink' }))) as Pid
    vm.exit(a, 'from somebody')
    await stage.lines(1)
    expect(await stage.clearLines()).toEqual([['a', 'info', { type: 'EXIT', reason: 'from somebody' }]])
    expect(await vm.call(a, ending.get())).toBe('a')
  })

  // ---- callbacks that wait ----

  test('with a callback that waits, a generator or a promise, handles what comes meanwhile after it, in order', async () => {
    const { vm } = stage
    const ref = await startServer(vm, slow, undefined, stage.there)
    const logs = await Promise.all([
      vm.call(ref, slow.generator('generator')),
      vm.call(ref, slow.plain('plain')),
      vm.call(ref, slow.promise('promise')),
      vm.call(ref, slow.plain('last')),
    ])
    expect(logs.map((log) => log.length)).toEqual([1, 2, 3, 4])
    expect(logs[3]).toEqual(['generator', 'plain', 'promise', 'last'])
  })
})

/** Errors have a stack besides. */
function like(reason: unknown): unknown {
  return typeof reason === 'object' && !Array.isArray(reason)
    ? expect.objectContaining(reason as object)
    : reason
}
