import { describe, expect, test } from 'vitest'
import { copy } from './copy.ts'
import { type PlainObject, SITES } from './shape-sites.ts'
import { shapeOf, shapeTree } from './shapes.ts'

describe('sites', () => {
  test('all read the same', () => {
    expect(new Set(SITES.map(String)).size).toBe(1)
  })

  test('build objects of any number of keys, in order', () => {
    const same = { slot: (offered: unknown) => offered }
    const [site] = SITES
    for (let count = 1; count <= 20; count++) {
      const from: PlainObject = Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]))
      const built = site?.({}, same, Object.keys(from), count, from)
      expect(Object.entries(built as PlainObject)).toEqual(Object.entries(from))
    }
  })

  test('take over shapes that are used often, and change nothing', () => {
    const message = (n: number) => ({ type: 'often', n, nested: { n }, list: [n] })
    for (let n = 0; n < 300; n++) expect(copy(message(n))).toEqual(message(n))
    expect(shapeOf(message(1), shapeTree().root)?.site).toBeTypeOf('function')
  })
})

describe('shapes', () => {
  test('two objects have one shape if they have the same keys in the same order', () => {
    const { root } = shapeTree()
    const shape = shapeOf({ one: 1, two: 2 }, root)
    expect(shape).toBeDefined()
    expect(shapeOf({ one: 'x', two: {} }, root)).toBe(shape)
    expect(shapeOf({ two: 2, one: 1 }, root)).not.toBe(shape)
    expect(shapeOf({ one: 1 }, root)).toBe(shape?.parent)
    expect(shape?.keys).toEqual(['one', 'two'])
  })

  test.each(['__proto__', 'constructor', 'toString', '', '0', '42', 'x'.repeat(200)])(
    '%j is no key of a shape',
    (key) => {
      const object = Object.defineProperty({}, key, { value: 1, enumerable: true })
      expect(shapeOf(object, shapeTree().root)).toBe(undefined)
    },
  )

  test('a dictionary does not flood the tree, and a shape that stays is taken in after all', () => {
    const { root } = shapeTree()
    let count = 0
    for (let n = 0; n < 1000; n++)
      if (shapeOf({ dictionary: 1, [`entry${n}`]: n }, root) !== undefined) count += 1
    expect(count).toBeLessThan(100)
    for (let n = 0; n < 16; n++) shapeOf({ dictionary: 1, stays: n }, root)
    expect(shapeOf({ dictionary: 1, stays: 1 }, root)).toBeDefined()
  })
})
