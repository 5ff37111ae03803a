import { describe, expect, test } from 'vitest'
import { Exit } from '../term/exit-reason.ts'
import { PayloadCodec } from '../term/payload.ts'
import { type Definition, lookUpDefinition } from './define.ts'
import { type DirtyDef, type DirtyOutcome, dirtyFunction, performDirty } from './dirty.ts'

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

function nested(depth: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < depth; level++) value = { value }
  return value
}

function unreadable(error: Error, key: string): Error {
  const get = (): never => {
    throw new Error('not to be read')
  }
  return Object.defineProperty(Object.assign(error, { f: () => 1 }), key, { enumerable: true, get })
}

function circular(): Error {
  const [first, second] = [new Error('first'), new Error('second')]
  second.cause = first
  return Object.assign(first, { cause: second, f: () => 1 })
}

const HOSTILE: Readonly<Record<string, () => unknown>> = {
  'a proxy that was revoked': () => revoked({}),
  'an error behind a proxy that was revoked': () => revoked(new Error('gone')),
  'an error behind a proxy': () => new Proxy(new Error('behind'), {}),
  'an error whose message cannot be read': () => unreadable(new Error('m'), 'message'),
  'an error whose stack cannot be read': () => unreadable(new Error('m'), 'stack'),
  'an error whose cause cannot be read': () => unreadable(new Error('m'), 'cause'),
  'an error whose field cannot be read': () => unreadable(new Error('m'), 'field'),
  'errors that cause each other': circular,
  'an error with a long chain of causes': () => {
    let error = new Error('root')
    for (let count = 0; count < 5_000; count++) error = new Error('next', { cause: error })
    return error
  },
  'an error with a field nested too deeply': () => Object.assign(new Error('m'), { field: nested(50_000) }),
  'what is nested too deeply': () => nested(50_000),
  'an exit by a function': () => new Exit((() => 1) as never),
  'a function': () => () => 1,
  'a symbol': () => Symbol('mine'),
  'what only a transfer could bring': () => new MessageChannel().port1,
  'an object that throws when it is read': () => unreadable(new Error('m'), 'toString'),
}

const hostile = dirtyFunction(import.meta.url, 'hostile', ({ what, how }: { what: string; how: string }) => {
  const value = HOSTILE[what]?.()
  if (how === 'throws') throw value
  return value
}) as DirtyDef<unknown, unknown>

function perform({ $dirty }: DirtyDef<never, unknown>, args: unknown): [DirtyOutcome, unknown] {
  const codec = new PayloadCodec()
  const definition = lookUpDefinition($dirty.url, $dirty.name) as Definition
  const outcome = performDirty(definition, codec.encode(args), codec)
  return [outcome, 'payload' in outcome ? new PayloadCodec().decode(outcome.payload) : undefined]
}

describe.each(Object.keys(HOSTILE))('%s', (what) => {
  test('as an exception comes to something that can be told', () => {
    const [{ is }, told] = perform(hostile, { what, how: 'throws' })
    expect(is).toBe(what.startsWith('an exit') ? 'exit' : 'thrown')
    expect(told instanceof Error || (Array.isArray(told) && told[0] === 'unclonable_reason')).toBe(true)
  })

  test('as a result is refused', () => {
    const [outcome] = perform(hostile, { what, how: 'returns' })
    expect(outcome).toMatchObject({ is: 'refused', code: 'ERR_UNCLONABLE' })
  })
})

test('errors that cause each other are told once each', () => {
  const [, told] = perform(hostile, { what: 'errors that cause each other', how: 'throws' })
  expect(told).toMatchObject({ message: 'first', cause: { message: 'second', cause: 'Error: first' } })
})
