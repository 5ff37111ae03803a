import { createSecretKey, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HeddleError } from './errors.ts'
import { type Payload, PayloadCodec } from './payload.ts'
import { PidTerm } from './pid.ts'
import { SHAPE_COUNT_MAX } from './shapes.ts'

/** As through a port between threads. */
const moved = (payload: Payload): Payload => structuredClone(payload)

describe('a payload', () => {
  test('does not depend on what was encoded or decoded before, by whom, in what order', () => {
    const word = fc.constantFrom('type', 'n', 'from', 'ä', 'x'.repeat(119), '__proto__', 'then', '')
    const value = fc.oneof(
      fc.dictionary(word, fc.oneof(word, fc.integer(), fc.constant(-0), fc.dictionary(word, word))),
      fc.array(word),
      fc.anything({ withMap: true, withSet: true, withDate: true, withBigInt: true, key: word }),
    )
    fc.assert(
      fc.property(
        fc.array(fc.record({ value, by: fc.nat(2), from: fc.nat(1), isLost: fc.boolean(), at: fc.nat() })),
        (sendings) => {
          const ends = [new PayloadCodec(), new PayloadCodec(), new PayloadCodec()]
          const sent = sendings.map((sending) => ({
            ...sending,
            payload: moved(ends[sending.from]?.encode(sending.value) as Payload),
          }))
          for (const { value, by, payload, isLost } of sent.toSorted((a, b) => a.at - b.at)) {
            if (isLost) continue
            expect(ends[by]?.decode(payload)).toEqual(structuredClone(value))
            expect(ends[by]?.decode(payload)).toEqual(structuredClone(value))
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  test('carries what only a port can, and the next one does not', () => {
    const codec = new PayloadCodec()
    const key = createSecretKey(Buffer.from('secret'))
    const payload = moved(codec.encode({ key, again: key, pid: new PidTerm(7) }))
    expect(codec.encode({ plain: 1 })).toBeTypeOf('string')
    const { key: received, again, pid } = codec.decode(payload) as Record<string, unknown>
    expect((received as KeyObject).export().toString()).toBe('secret')
    expect(again).toBe(received)
    expect(pid).toBeInstanceOf(PidTerm)
  })

  test.each([4095, 4096, 4097, 100_000])('of about %i bytes is as any other', (length) => {
    const codec = new PayloadCodec()
    for (const slack of [20, 10, 5, 0]) {
      const value = { text: 'é'.repeat(length - slack), bytes: new Uint8Array(8).fill(255) }
      expect(codec.decode(moved(codec.encode(value)))).toEqual(value)
    }
  })

  test('whose value is refused leaves nothing behind', () => {
    const codec = new PayloadCodec()
    const key = createSecretKey(Buffer.from('secret'))
    expect(() => codec.encode({ key, fresh: { name: 'told once' }, f: () => 1 })).toThrow(HeddleError)
    const payload = codec.encode({ fresh: { name: 'told once' } })
    expect(payload).toBeTypeOf('string')
    expect(new PayloadCodec().decode(payload)).toEqual({ fresh: { name: 'told once' } })
  })

  test('may be made by a getter while another is made', () => {
    const codec = new PayloadCodec()
    let inner: Payload = ''
    const outer = codec.encode({
      before: 'before',
      get middle() {
        inner = codec.encode({ before: 'inner', list: ['before'] })
        return 'middle'
      },
    })
    expect(codec.decode(outer)).toEqual({ before: 'before', middle: 'middle' })
    expect(codec.decode(inner)).toEqual({ before: 'inner', list: ['before'] })
  })

  test('outlives the tree of shapes in which it was made', () => {
    const codec = new PayloadCodec()
    const early = codec.encode({ early: { bird: 1 } })
    for (let n = 0; n < 2 * SHAPE_COUNT_MAX; n++) {
      const value = { [`k${n % 31}`]: 1, [`l${n % 29}`]: 2, [`m${n % 23}`]: n }
      expect(codec.decode(codec.encode(value))).toEqual(value)
    }
    expect(codec.decode(early)).toEqual({ early: { bird: 1 } })
  })
})
