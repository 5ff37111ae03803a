import { createHistogram } from 'node:perf_hooks'
import { afterEach, describe, expect, test } from 'vitest'
import { copy } from './copy.ts'
import { HeddleError } from './errors.ts'
import { immutable } from './immutable.ts'
import { DEPTH_MAX } from './memo.ts'
import { PidTerm } from './pid.ts'
import { RefTerm } from './ref.ts'

function refusal(value: unknown): HeddleError {
  try {
    copy(value)
  } catch (error) {
    if (error instanceof HeddleError) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('what goes by reference', () => {
  test('pids and refs, wherever they stand', () => {
    const pid = new PidTerm(5)
    const ref = new RefTerm(6, 5)
    expect(copy(pid)).toBe(pid)
    const { from, list, map } = copy({ from: ref, list: [pid], map: new Map([[pid, ref]]) })
    expect([from, list[0], [...map].flat()]).toEqual([ref, pid, [pid, ref]])
    expect(from).toBe(ref)
    expect(list[0]).toBe(pid)
  })

  test('immutable values, wherever they stand', () => {
    const table = immutable({ routes: [{ path: '/' }] })
    expect(copy(table)).toBe(table)
    expect(copy(table.routes)).toBe(table.routes)
    expect(copy({ type: 'config', table }).table).toBe(table)
    expect(copy([table])[0]).toBe(table)
  })

  test('shared memory, of which a view becomes another view', () => {
    const memory = new SharedArrayBuffer(16)
    const view = new Int32Array(memory, 4, 2)
    const copied = copy({ memory, view })
    expect(copied.memory).toBe(memory)
    expect(copied.view.buffer).toBe(memory)
    expect(copied.view).not.toBe(view)
    expect([copied.view.byteOffset, copied.view.length]).toEqual([4, 2])
  })
})

describe('what does not travel', () => {
  test('symbol keys, hidden properties, prototypes and accessors', () => {
    class Point {
      x = 1
      #secret = 2
      get sum(): number {
        return this.x + this.#secret
      }
    }
    const source = Object.defineProperty({ [Symbol('s')]: 1, point: new Point() }, 'hidden', { value: 1 })
    const copied = copy(source)
    expect(Reflect.ownKeys(copied)).toEqual(['point'])
    expect(copied.point).toEqual({ x: 1 })
    expect(Object.getPrototypeOf(copied.point)).toBe(Object.prototype)
  })

  test('a symbol key next to keys that are known does not slip through', () => {
    for (let i = 0; i < 200; i++) copy({ type: 'inc', n: i })
    expect(Reflect.ownKeys(copy({ type: 'inc', n: 1, [Symbol('s')]: {} }))).toEqual(['type', 'n'])
  })

  test('a getter runs once and becomes what it returned', () => {
    let calls = 0
    const source = {
      get now() {
        calls += 1
        return { calls }
      },
    }
    expect(Object.getOwnPropertyDescriptor(copy(source), 'now')?.value).toEqual({ calls: 1 })
    expect(calls).toBe(1)
  })

  test('a getter that copies something in between', () => {
    const inner = { list: [1] }
    const source = {
      first: inner,
      get second() {
        return copy(inner)
      },
    }
    const copied = copy(source)
    inner.list.push(2)
    expect(copied).toEqual({ first: { list: [1] }, second: { list: [1] } })
  })

  test("the error of a getter is the caller's own", () => {
    const failing = Object.defineProperty({}, 'x', { enumerable: true, get: () => JSON.parse('{') })
    expect(() => copy(failing)).toThrow(SyntaxError)
  })
})

describe('what cannot be cloned is refused, by its path', () => {
  test.each<[unknown, string]>([
    [() => 1, 'message is a function'],
    [{ user: { save: () => 1 } }, 'message.user.save is a function'],
    [{ list: [1, Symbol('s')] }, 'message.list[1] is a symbol'],
    [{ 'a b': { c: Promise.resolve() } }, 'message["a b"].c is of type Promise'],
    [new Map([['key', new WeakMap()]]), 'message.get("key") is of type WeakMap'],
    [new Map([[new WeakSet(), 1]]), 'message.keys()[0] is of type WeakSet'],
    [new Set([new WeakRef({})]), 'message.values()[0] is of type WeakRef'],
    [{ proxy: new Proxy({ a: 1 }, {}) }, 'message.proxy is a proxy'],
    [[new Proxy([], {})], 'message[0] is a proxy'],
    [{ made: (function* () {})() }, 'message.made is of type Generator'],
    [{ iterator: new Map().keys() }, 'message.iterator is of type Map Iterator'],
    [{ boxed: Object(Symbol('s')) }, 'message.boxed is of type Symbol'],
    [new Error('x', { cause: () => 1 }), 'message.cause is a function'],
    [Object.assign(new Error('x'), { retry: () => 1 }), 'message.retry is a function'],
    [{ format: new Intl.NumberFormat() }, 'message.format is of type Intl.NumberFormat'],
  ])('%#', (value, words) => {
    const error = refusal(value)
    expect(error.code).toBe('ERR_UNCLONABLE')
    expect(error.message).toBe(`${words}, which cannot be cloned`)
  })

  test('an instance of a class is blamed for what it holds', () => {
    class Account {
      owner = { notify: () => 1 }
    }
    expect(refusal({ account: new Account() }).message).toContain(
      'message.account.owner.notify is a function',
    )
    class Plain {
      n = 1
    }
    expect(copy({ plain: new Plain() })).toEqual({ plain: { n: 1 } })
  })

  test('among a great many others, where the search for the path gives up', () => {
    const crowd: unknown[] = Array.from({ length: 300_000 }, () => 1)
    expect(refusal([...crowd, () => 1]).message).toBe(
      'a part of message is a function, which cannot be cloned',
    )
  })

  test('even when it has no name that can be told', () => {
    const evil = new (class extends Promise<void> {
      override get [Symbol.toStringTag](): string {
        throw new Error('no name')
      }
    })(() => {})
    expect(refusal({ evil }).message).toBe('message.evil is an object, which cannot be cloned')
  })

  test('arguments objects, which look plain', () => {
    function argumentsOf(..._: unknown[]): IArguments {
      // biome-ignore lint/complexity/noArguments: they are what this is about
      return arguments
    }
    expect(refusal(argumentsOf()).message).toBe('message is of type Arguments, which cannot be cloned')
    expect(refusal({ list: [argumentsOf(1, 2)] }).message).toContain('message.list[0] is of type Arguments')
  })

  test('a port that is not transferred', () => {
    const { port1 } = new MessageChannel()
    expect(refusal({ port: port1 }).message).toContain('message.port is of type')
  })

  test('the namespace of a module', async () => {
    const namespace = await import('./pid.ts')
    expect(refusal({ namespace }).code).toBe('ERR_UNCLONABLE')
  })

  test('detached buffers', () => {
    const buffer = new ArrayBuffer(8)
    const view = new Uint8Array(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    expect(refusal({ buffer }).message).toBe(
      'message.buffer is a detached ArrayBuffer, which cannot be cloned',
    )
    expect(refusal({ view }).code).toBe('ERR_UNCLONABLE')
  })

  test('nesting deeper than the bound, and up to it is fine', () => {
    const nested = (depth: number) => {
      let value: unknown = 1
      for (let i = 0; i < depth; i++) value = { value }
      return value
    }
    expect(copy(nested(DEPTH_MAX))).toBeTypeOf('object')
    expect(refusal(nested(DEPTH_MAX + 1)).message).toContain(`is nested deeper than ${DEPTH_MAX}`)
    expect(refusal(nested(100_000)).code).toBe('ERR_UNCLONABLE')
  })

  test('a stack that is nearly used up', () => {
    const deep: unknown = Array.from({ length: 500 }).reduce((value) => ({ value }), 1)
    const codes = new Set<unknown>()
    const descend = (depth: number): void => {
      if (depth % 50 === 0) {
        try {
          copy(deep)
        } catch (error) {
          codes.add((error as HeddleError).code)
        }
      }
      descend(depth + 1)
    }
    expect(() => descend(0)).toThrow(RangeError)
    // Where not even the error could be made, the stack's own came out.
    codes.delete(undefined)
    expect([...codes]).toEqual(['ERR_UNCLONABLE'])
  })
})

describe('brands, not prototypes', () => {
  test('subclasses become their base, and what only inherits is plain', () => {
    class Registry extends Map<string, number> {}
    class List extends Array<number> {}
    expect(Object.getPrototypeOf(copy(new Registry([['a', 1]])))).toBe(Map.prototype)
    expect(Object.getPrototypeOf(copy(List.of(1, 2)))).toBe(Array.prototype)
    expect(Object.getPrototypeOf(copy(Object.create(Map.prototype) as object))).toBe(Object.prototype)
    expect(Object.getPrototypeOf(copy(Object.create(new PidTerm(1)) as object))).toBe(Object.prototype)
    const likeAnError = Object.assign(Object.create(Error.prototype), { code: 1 })
    expect(Object.getPrototypeOf(copy(likeAnError))).toBe(Object.prototype)
    expect(copy(new Error('x'))).toBeInstanceOf(Error)
  })

  test('a Buffer becomes a Uint8Array over all of its pool', () => {
    const source = Buffer.from('heddle')
    const copied = copy(source)
    expect(Object.getPrototypeOf(copied)).toBe(Uint8Array.prototype)
    expect([...copied]).toEqual([...source])
    expect(copied.buffer.byteLength).toBe(source.buffer.byteLength)
  })

  test('a prototype with enumerable members lends none of them', () => {
    function Old(this: { own: number }) {
      this.own = 1
    }
    Old.prototype.method = () => 1
    Old.prototype.shared = { n: 1 }
    const value = Reflect.construct(Old, []) as object
    expect(Object.keys(copy(value))).toEqual(['own'])
  })

  describe('when somebody gives all objects a property', () => {
    const prototype = Object.prototype as Record<string, unknown>
    afterEach(() => {
      delete prototype.inherited
    })

    test('clones do not have it as their own', () => {
      for (let i = 0; i < 100; i++) copy({ type: 'x', inherited: i })
      Object.defineProperty(prototype, 'inherited', {
        value: 1,
        enumerable: true,
        configurable: true,
        writable: true,
      })
      expect(Object.keys(copy({ type: 'x' }))).toEqual(['type'])
      expect(Object.keys(copy({ type: 'x', list: [{}] }).list[0] as object)).toEqual([])
      expect(Object.getOwnPropertyDescriptor(copy({ type: 'x', inherited: 2 }), 'inherited')?.value).toBe(2)
    })
  })
})

describe('errors keep what makes them useful', () => {
  class LimitError extends RangeError {
    code = 'E_LIMIT'
    details = { limit: 5 }
  }
  class NamedError extends Error {
    override get name(): string {
      return 'NamedError'
    }
  }

  test('type, message, stack and own fields', () => {
    const source = new LimitError('too many')
    const copied = copy(source)
    expect(copied).toBeInstanceOf(RangeError)
    expect(copied).toMatchObject({
      message: 'too many',
      stack: source.stack,
      code: 'E_LIMIT',
      details: { limit: 5 },
    })
    expect(copied.details).not.toBe(source.details)
    expect(Object.keys(copied)).toEqual(['code', 'details'])
  })

  test('a name of their own, and the errors of an AggregateError', () => {
    expect(copy(new NamedError('x')).name).toBe('NamedError')
    expect(String(copy(new NamedError('x')))).toBe('NamedError: x')
    const aggregate = copy(new AggregateError([new TypeError('a')], 'all failed'))
    expect(aggregate.name).toBe('AggregateError')
    expect(aggregate.errors[0]).toBeInstanceOf(TypeError)
    expect(Object.keys(aggregate)).toEqual([])
  })

  test('a cause, even one that leads back', () => {
    const source: Error & { self?: Error } = new Error('outer', { cause: new TypeError('inner') })
    source.self = source
    const copied = copy(source)
    expect(copied.cause).toBeInstanceOf(TypeError)
    expect(copied.self).toBe(copied)
    const circular = new Error('circular')
    circular.cause = circular
    const copiedCircular = copy(circular)
    expect(copiedCircular.cause).toBe(copiedCircular)
  })
})

describe('what only the host can clone travels inside a plain message', () => {
  test('blobs, histograms and the like, with their surroundings cloned as ever', () => {
    const pid = new PidTerm(3)
    const blob = new Blob(['text'])
    const error = Object.assign(new Error('x'), { code: 'E_X' })
    const copied = copy({ pid, blob, again: blob, histogram: createHistogram(), error })
    expect(copied.blob).toBeInstanceOf(Blob)
    expect(copied.blob.size).toBe(4)
    expect(copied.again).toBe(copied.blob)
    expect(copied.pid).toEqual(pid)
    expect(copied.pid).toBeInstanceOf(PidTerm)
    expect(copied.error.code).toBe('E_X')
  })

  test('resizable buffers, with the views that follow them', () => {
    const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer
    const buffer = new Resizable(8, { maxByteLength: 16 }) as ArrayBuffer & { resize(length: number): void }
    const copied = copy({ buffer, view: new Uint8Array(buffer) })
    expect(copied.view.buffer).toBe(copied.buffer)
    copied.buffer.resize(12)
    expect(copied.view.length).toBe(12)
    expect(buffer.byteLength).toBe(8)
  })
})
