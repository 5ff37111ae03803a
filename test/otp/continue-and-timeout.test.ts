// What a server does before its next message: `continue`, and what it does when none comes.

import { startServer } from '@heddle/otp'
import { TIMEOUT } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { counting, orderly } from '#fixtures/otp-servers'
import { onEveryVm } from './stage.ts'

onEveryVm('a server', (stage) => {
  const startOrderly = (begin?: { timeoutMs: number } | { continue: string }) =>
    startServer(stage.vm, orderly, begin === undefined ? { who: 'a' } : { who: 'a', begin }, stage.there)

  test('continues before the messages that wait', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startOrderly()
    vm.cast(ref, orderly.gather({ label: 'first', next: { continue: 'one' } }))
    vm.cast(ref, orderly.cast({ label: 'second', next: { continue: 'two' } }))
    vm.cast(ref, orderly.cast({ label: 'third' }))
    vm.send(ref, { type: 'go' })
    await vm.call(ref, orderly.get())
    expect(await stage.clearLines()).toEqual([
      ['a', 'gather', 'first'],
      ['a', 'continue', 'one'],
      ['a', 'cast', 'second'],
      ['a', 'continue', 'two'],
      ['a', 'cast', 'third'],
      ['a', 'get'],
    ])
  })

  test('continues after its reply has gone', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startOrderly()
    // Its `continue` waits for what is only sent when the reply is there.
    expect(await vm.call(ref, orderly.call({ label: 'call', next: { continue: 'wait' } }))).toBe('call')
    vm.send(ref, { type: 'go' })
    await vm.call(ref, orderly.get())
    expect(await stage.clearLines()).toEqual([
      ['a', 'call', 'call'],
      ['a', 'continue', 'wait'],
      ['a', 'get'],
    ])
  })

  test('continues from init, after it counts as started, before any message', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startOrderly({ continue: 'begin' })
    await vm.call(ref, orderly.get())
    expect(await stage.clearLines()).toEqual([
      ['a', 'continue', 'begin'],
      ['a', 'get'],
    ])
  })

  test('continues from continue, and no message comes in between', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startOrderly()
    vm.cast(ref, orderly.cast({ label: 'cast', next: { continue: 'x y z' } }))
    await vm.call(ref, orderly.get())
    expect(await stage.clearLines()).toEqual([
      ['a', 'cast', 'cast'],
      ['a', 'continue', 'x y z'],
      ['a', 'continue', 'y z'],
      ['a', 'continue', 'z'],
      ['a', 'get'],
    ])
  })

  test('may continue very often', async () => {
    const { vm } = stage
    const ref = await startServer(vm, counting, 50_000, stage.there)
    expect(await vm.call(ref, counting.left())).toBe(0)
  })

  test.each(['init', 'a call', 'a cast'])('gets TIMEOUT when no message has come after %s', async (where) => {
    const { vm } = stage
    await stage.startRecorder()
    const next = { timeoutMs: 5 }
    const ref = await startOrderly(where === 'init' ? next : undefined)
    if (where === 'a call') await vm.call(ref, orderly.call({ label: 'c', next }))
    if (where === 'a cast') vm.cast(ref, orderly.cast({ label: 'c', next }))
    const lines = await stage.lines(where === 'init' ? 1 : 2)
    expect(lines.at(-1)).toEqual(['a', 'info', 'TIMEOUT'])
  })

  test.each(['init', 'a call'])('gets no TIMEOUT when any message has come after %s', async (where) => {
    const { vm } = stage
    await stage.startRecorder()
    const next = { timeoutMs: 20 }
    const ref = await startOrderly(where === 'init' ? next : undefined)
    if (where === 'a call') await vm.call(ref, orderly.call({ label: 'c', next }))
    // Stray ones, too.
    vm.send(ref, 'stray')
    await stage.lines(where === 'init' ? 1 : 2)
    // Its own time limit ends later than the one that was cancelled would have.
    await vm.call(ref, orderly.call({ label: 'd', next: { timeoutMs: 40 } }))
    await stage.lines(where === 'init' ? 3 : 4)
    await vm.call(ref, orderly.get())
    const lines = await stage.clearLines()
    expect(lines.filter(([, what]) => what === 'info')).toEqual([
      ['a', 'info', 'stray'],
      ['a', 'info', 'TIMEOUT'],
    ])
  })

  test('a time limit of 0 lets what waits go first, which cancels it', async () => {
    const { vm } = stage
    await stage.startRecorder()
    const ref = await startOrderly()
    vm.cast(ref, orderly.gather({ label: 'g', next: { timeoutMs: 0 } }))
    vm.cast(ref, orderly.cast({ label: 'waits' }))
    vm.send(ref, { type: 'go' })
    await vm.call(ref, orderly.get())
    vm.cast(ref, orderly.cast({ label: 'zero', next: { timeoutMs: 0 } }))
    await stage.lines(5)
    expect(await stage.clearLines()).toEqual([
      ['a', 'gather', 'g'],
      ['a', 'cast', 'waits'],
      ['a', 'get'],
      ['a', 'cast', 'zero'],
      ['a', 'info', 'TIMEOUT'],
    ])
  })

  test('a time limit of 0 in init comes at once', async () => {
    await stage.startRecorder()
    await startOrderly({ timeoutMs: 0 })
    expect(await stage.lines(1)).toEqual([['a', 'info', 'TIMEOUT']])
    expect(TIMEOUT).toBeTypeOf('symbol')
  })
})
