// An instrumented generator does what it did: the same values, side effects, errors and ends of iterators, however
// short its strips are, and however many of it run at once.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FIRST_STRIP, PREEMPT } from '../process/preempt.ts'
import { instrument } from './instrument.ts'
import { CHUNK } from './outline.ts'

const RUN_COUNT = Number(process.env.HEDDLE_RUN_COUNT ?? 200)

// ---- random programs, as trees that are written out once it is known what they stand in ----

/** Loops as people write them, with less around them than the others. */
const IDIOMS = [
  'for (let z = 0; z < 5; z++) for (const y of a) h = (h + y * z) | 0;',
  'if (h & 1) for (const y of a) h ^= y; else for (let z = 9; z > 0; --z) h = (h * 3) | 0;',
  'while ((limit-- > 3)) h++\n',
  'do h++; while ((h & 3))\n',
  'for (var r0 = 0, r1; r0 < 6; r0++) r1 = r0;\nlog.push(r0, r1);',
  "for (const [k, { length }] of [[1, 'ab'], [2, []], [3, 'c']]) h += k * length;",
  'for (;;) { if (h++ & 8) break }',
  'for (;;) {\n  if ((h += 3) & 4)\n    break\n}\n',
  'B: { for (const y of a) { if ((h += y) & 1) break B; h++ } h += 2 }',
  'for (let p = 0, q = h; p < 40; p++, q--) keep.push(() => p + q);',
  'for (let p = 0, q = [h]; p < 40; p++) { const r = [p, ...q]; for (const y of r) keep.push(() => y + r.length); }',
  'A: for (const y of traced(9)) { let r = y; for (const z of traced(r)) { if (z === 2) continue A; r += z } h += r }',
  'for (let y /* the second */ = 0 // and the end\n; y < 40; /* on */ y++ ) { let z = y\n;[h] = [h + z] }',
  'for (const y of (a)) { const p = y + 1, [q, r = p] = [p]; for (let z = 0; z < q % 9; z++) h = (h + r) | 0 }',
  'for (let y = 1, x = 0; y < 1e6; y *= 3, x -= 0) { h = (h + y) | 0; u = x * -1; while (h & 1) h >>= 1 }',
  'try { for (let y = 0; ; y++) { t = y; if (y > 35) throw new Error(String(y)) } } catch (e) { log.push(t, e.message) }',
  'for (const y of a) { try { for (const z of faulty(y)) h += z } catch { h++; continue } }',
  'for (const y of [3, 1]) { switch (h & 3) { case 0: for (const z of a) h += z; break; default: h++; continue } h++ }',
  'for (let y = 0; y < 50; y++) { if (y & 1) { for (let z = 0; z < y; z++) h++; } else { let r = y; while (r-- > 0) h--; } }',
  'for (const y of traced(5)) { try { if (y === h % 5) break; if (y === 4) return y } finally { log.push(y) } }',
  'for (let y = 0; y < 9; y++) { for (const z of a) { try { if (z === 2) return z } finally { if (h & 1) continue } } h += 3 }',
  'C: for (const y of faulty(9)) { try { for (const z of faulty(8)) { if (z & 1) continue C; h ^= z } } catch { h += 5 } }',
  'for (let y = -2; y * 1 < 33; y += 1) h = (h * 5 + y) | 0;',
  'for (let y = 0; y < 20; y++) { let r; r ??= y; for (let z = 0; z < 2.5; z += 0.5) r += z; h = (h + r) | 0 }',
]

/** What variables hold: not numbers alone. */
const VALUES = [
  'h',
  'h / 3',
  '-0',
  '2 ** 40 + h',
  "'s' + h",
  'null',
  'NaN',
  '1n',
  '[h]',
  'undefined',
  '-h',
  '0',
]

type Tree =
  | { kind: 'mix' | 'idiom'; value: number }
  | { kind: 'log' | 'yield' | 'throw' | 'return' | 'push' | 'shrink' | 'bump' | 'this' }
  | { kind: 'declare' | 'use' | 'assign' | 'capture'; name: string; value: number }
  | { kind: 'jump'; isBreak: boolean; to: number }
  | { kind: 'if'; value: number; body: Tree[]; other: Tree[] }
  | { kind: 'try'; body: Tree[]; handler: Tree[]; end: Tree[] | undefined }
  | { kind: 'block'; isNamed: boolean; body: Tree[] }
  | { kind: 'switch'; body: Tree[]; other: Tree[] }
  | { kind: 'loop'; form: number; isNamed: boolean; size: number; body: Tree[] }

const { block } = fc.letrec<{ statement: Tree; block: Tree[] }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.record({ kind: fc.constant('mix' as const), value: fc.nat(9) }),
    fc.record({ kind: fc.constant('idiom' as const), value: fc.nat(IDIOMS.length - 1) }),
    fc.record({
      kind: fc.constantFrom('log', 'yield', 'throw', 'return', 'push', 'shrink', 'bump', 'this'),
    }) as fc.Arbitrary<Tree>,
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('declare', 'declare', 'use', 'use', 'assign', 'capture'),
        name: fc.constantFrom('t', 'u', 'v', 'w'),
        value: fc.nat(11),
      }) as fc.Arbitrary<Tree>,
    },
    fc.record({ kind: fc.constant('block' as const), isNamed: fc.boolean(), body: tie('block') }),
    fc.record({ kind: fc.constant('jump' as const), isBreak: fc.boolean(), to: fc.nat(3) }),
    fc.record({
      kind: fc.constant('if' as const),
      value: fc.nat(4),
      body: tie('block'),
      other: tie('block'),
    }),
    fc.record({
      kind: fc.constant('try' as const),
      body: tie('block'),
      handler: tie('block'),
      end: fc.option(tie('block'), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('switch' as const), body: tie('block'), other: tie('block') }),
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('loop' as const),
        form: fc.nat(forms().length - 1),
        isNamed: fc.boolean(),
        size: fc.nat(12),
        body: tie('block'),
      }),
    },
  ),
  block: fc.array(tie('statement'), { maxLength: 4 }),
}))

/** Heads of loops: what stands before the body, and behind it. `x`: the loop's own variable. */
function forms(x = 'x', size = 0): readonly (readonly [before: string, after: string])[] {
  const of = (each: string, source: string): [string, string] => [`for (${each} of ${source}) `, '']
  return [
    [`for (let ${x} = 0; ${x} < ${size}; ${x}++) `, ''],
    [`for (let ${x} = 0; ${x} < 40; ${x} += 3) `, ''],
    [`for (let ${x} = 0; ${x} <= bound; ++${x}) `, ''],
    [`for (let ${x} = bound, y = ${size}; ${x} >= y - 3; ${x} -= 2) `, ''],
    [`for (let ${x} = 0; ${x} < a.length; ${x}++) `, ''],
    [`for (let ${x} = 0; ${x} < bytes.length - 1; ${x}++) `, ''],
    [`for (let ${x} = 0n; ${x} < big; ${x}++) `, ''],
    [`for (let ${x} = from; ${x} < bound; ${x} += step) `, ''],
    [`for (let ${x} = 0; ${x} < limit; ${x}++) `, ''],
    [`for (var ${x} = 0; ${x} < ${size}; ${x}++) `, ''],
    [`for (let ${x} = 0; ; ${x}++) `, ''],
    [`while ((h = (h * 7 + 1) | 0) % ${size + 2} !== 0) `, ''],
    [`while (limit-- > ${size}) `, ''],
    ['do ', ` while ((h = (h + 3) | 0) % ${size + 2} !== 0)`],
    ['do ', ' while (false)'],
    of(`const ${x}`, 'a'),
    of(`let ${x}`, 'bytes'),
    of(`const [${x}, y = 2]`, 'new Map([[1, 2], [3, undefined], [4, 5]])'),
    of(`var ${x}`, `traced(${size})`),
    of('o.p', 'a'),
    of(`const ${x}`, `('a\\u{1F600}b', 'text')`),
    of(`const ${x}`, 'new Set(a)'),
    of(`const ${x}`, `faulty(${size})`),
    [`for (const ${x} in a) `, ''],
  ]
}

interface Place {
  readonly depth: number
  /** Of the loops around it, and blocks with labels, outermost first. */
  readonly loops: readonly { readonly label: string | undefined; readonly isBlock?: boolean }[]
  readonly isInSwitch: boolean
}

function blockText(trees: readonly Tree[], place: Place): string {
  const declared = new Set<string>()
  const texts = trees.map((each) => {
    if (each.kind === 'declare' && declared.has(each.name)) return ''
    if (each.kind === 'declare') declared.add(each.name)
    return statementText(each, place)
  })
  return `{ ${texts.join(' ')} }`
}

function statementText(tree: Tree, place: Place): string {
  switch (tree.kind) {
    case 'mix':
      return `h = (h * 31 + ${tree.value}) | 0;`
    case 'log':
      return 'log.push(h);'
    case 'yield':
      return 'h = (h + (yield h)) | 0;'
    case 'throw':
      return 'if (h % 5 === 0) throw new Error(String(h));'
    case 'return':
      return 'if (h % 7 === 0) return h;'
    case 'push':
      return 'if (a.length < 30) a.push(h);'
    case 'shrink':
      return 'a.length >>= 1;'
    case 'bump':
      return 'bytes[h & 7] += 1; limit += 1;'
    case 'this':
      return 'h = (h + this.seed) | 0;'
    case 'idiom':
      return `{ if ((fuel -= 20) < 0) return 'fuel'; ${IDIOMS[tree.value]} }`
    case 'declare': {
      const value = VALUES[tree.value] as string
      if (tree.value === 9) return `let ${tree.name};`
      if (tree.value === 10) return `const [${tree.name} = 4, { length: ${tree.name}9 }] = [h, 'abc'];`
      return `${tree.value % 3 === 0 ? 'const' : 'let'} ${tree.name} = ${value};`
    }
    case 'use':
      return `h = (h * 3 + (typeof ${tree.name} === 'number' ? ${tree.name} | 0 : 7)) | 0; log.push(${tree.name});`
    case 'assign':
      return `if (h % 3 === ${tree.value % 3}) ${tree.name} = ${VALUES[tree.value]};`
    case 'capture':
      return tree.value < 3
        ? `keep.push(() => (typeof ${tree.name} === 'number' ? (${tree.name} += 1) : 0));`
        : `keep.push(() => ${tree.name});`
    case 'block': {
      const label = tree.isNamed ? `B${place.depth}` : undefined
      const loops = label === undefined ? place.loops : [...place.loops, { label, isBlock: true }]
      const text = blockText(tree.body, { ...place, depth: place.depth + 1, loops })
      return label === undefined ? text : `${label}: ${text}`
    }
    case 'jump':
      return jumpText(tree, place)
    case 'if':
      return `if (h % 5 < ${tree.value}) ${blockText(tree.body, place)} else ${blockText(tree.other, place)}`
    case 'try':
      return `try ${blockText(tree.body, place)} catch (e) { log.push('c', e.message, h); ${blockText(tree.handler, place)} } ${tree.end === undefined ? '' : `finally ${blockText(tree.end, place)}`}`
    case 'switch': {
      const inner = { ...place, isInSwitch: true }
      return `switch (h & 1) { case 0: ${blockText(tree.body, inner)} default: ${blockText(tree.other, inner)} }`
    }
    case 'loop':
      return loopText(tree, place)
  }
}

function jumpText({ isBreak, to }: Tree & { kind: 'jump' }, { loops, isInSwitch }: Place): string {
  const keyword = isBreak ? 'break' : 'continue'
  const { label, isBlock } = loops.at(-1 - to) ?? {}
  if (label !== undefined) return isBlock && !isBreak ? '' : `if (h & 1) ${keyword} ${label};`
  return loops.some(({ isBlock }) => !isBlock) || (isInSwitch && isBreak) ? `if (h & 2) ${keyword};` : ''
}

function loopText({ form, isNamed, size, body }: Tree & { kind: 'loop' }, place: Place): string {
  const { depth, loops } = place
  const label = isNamed ? `L${depth}` : undefined
  const [before, after] = forms(`x${depth}`, size)[form] as readonly [string, string]
  const text = blockText(body, { depth: depth + 1, loops: [...loops, { label }], isInSwitch: false })
  const fueled = `{ if (--fuel < 0) return 'fuel'; ${text} }`
  return `${label === undefined ? '' : `${label}: `}${before}${fueled}${after};`
}

function programText(trees: readonly Tree[]): string {
  return `
    function* traced(n) { try { for (let i = 0; i < n; i++) yield i } finally { log.push('closed') } }
    function faulty(n) {
      return { [Symbol.iterator]() { return this },
        next() { if (n-- < 3) throw new Error('next'); return { value: n, done: n > 9 } },
        return() { log.push('return'); return n & 1 ? {} : 0 } }
    }
    function* main(bound, from, step, big) {
      'use preempt'
      const a = [1, 2, 3, 4, 5], bytes = new Uint8Array([3, 1, 4, 1, 5, 9, 2, 6]), o = {}, keep = []
      let h = 1, limit = 9, fuel = 300, t = 1, u = 2.5
      const v = 3, w = 'w'
      ${blockText(trees, { depth: 0, loops: [], isInSwitch: false })}
      return [h, a, [...bytes], o, limit, fuel, t, u, keep.map((each) => each())]
    }`
}

interface Outcome {
  readonly yielded: unknown[]
  readonly log: unknown[]
  readonly end: unknown
}

type Run = (...args: unknown[]) => Generator<unknown, unknown, unknown>

/**
 * Runs two activations of `main`, a step of each in turn; answers questions with these strips in turn, and its own
 * `yield`s with a number.
 */
function run(
  code: string,
  strips: readonly number[],
  args: readonly unknown[],
): { ends: Outcome[]; asked: number } {
  let log: unknown[] = []
  const api = { push: (...values: unknown[]) => log.push(...values) }
  const main = new Function('log', `${code}\nreturn main`)(api) as Run
  let asked = 0
  const runs = [4, 5].map((seed) => {
    const iterator = main.apply({ seed }, [...args])
    return {
      iterator,
      log: [] as unknown[],
      yielded: [] as unknown[],
      answer: undefined as unknown,
      end: undefined as unknown,
      isOver: false,
    }
  })
  while (runs.some(({ isOver }) => !isOver)) {
    for (const each of runs) {
      if (each.isOver) continue
      log = each.log
      try {
        const result = each.iterator.next(each.answer)
        if (result.done === true) Object.assign(each, { isOver: true, end: result.value })
        else if (result.value === PREEMPT) each.answer = strips[asked++ % strips.length]
        else each.answer = each.yielded.push(result.value)
      } catch (error) {
        Object.assign(each, { isOver: true, end: `thrown: ${(error as Error).message}` })
      }
    }
    if (asked > 200_000) throw new Error('it asks for ever')
  }
  return { asked, ends: runs.map(({ log, yielded, end }) => ({ log, yielded, end })) }
}

const someArguments = fc.tuple(
  fc.constantFrom<unknown>(0, 5, 17, 2.5, '8', Number.NaN, Infinity, 6n),
  fc.constantFrom<unknown>(0, 3, -4, '2', 1n),
  fc.constantFrom<unknown>(1, 2, 0.5, '1', 0, -1, 1n),
  fc.constantFrom<unknown>(0n, 7n),
)

/** The same with strips, and chunks of strips, that are as short as can be told. */
function shortened(code: string, first: number, chunk: number): string {
  const isStrip = `= ${FIRST_STRIP};`
  return code
    .replaceAll(isStrip, `= ${first};`)
    .replaceAll(`> ${CHUNK} ? ${CHUNK} :`, `> ${chunk} ? ${chunk} :`)
}

test('random loops give what they gave, with strips of any length', () => {
  fc.assert(
    fc.property(
      block,
      someArguments,
      fc.nat(40),
      fc.nat(20),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      (trees, args, first, chunk, strips, isQuiet) => {
        const source = programText(isQuiet ? quiet(trees) : trees)
        const { code, loopCount } = instrument(source, { filename: 'random.js' })
        const { asked, ends } = run(shortened(code, first + 1, chunk + 1), strips, args)
        const plain = run(source, [1], args)
        expect(ends).toEqual(plain.ends)
        expect(plain.asked).toBe(0)
        if (loopCount === 0) expect(asked).toBe(0)
      },
    ),
    { numRuns: RUN_COUNT },
  )
})

/** Without what yields: so that whole trees of loops can be moved. */
function quiet(trees: readonly Tree[]): Tree[] {
  return JSON.parse(JSON.stringify(trees).replaceAll('"yield"', '"log"')) as Tree[]
}

test('a loop whose strips are as short as can be gets to its end', () => {
  const source = `function* main(n) { 'use preempt'; let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum }`
  const { code } = instrument(source, { filename: 'sum.js' })
  const { ends, asked } = run(shortened(code, 1, 1), [1], [100])
  expect(ends.map(({ end }) => end)).toEqual([4950, 4950])
  expect(asked).toBe(200)
})
