// An instrumented generator does what it did: the same values, side effects, errors and ends of iterators, however
// short its strips are.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FIRST_STRIP, PREEMPT } from '../process/preempt.ts'
import { instrument } from './instrument.ts'

// ---- random programs, as trees that are written out once it is known what they stand in ----

type Tree =
  | { kind: 'mix'; value: number }
  | { kind: 'log' | 'yield' | 'throw' | 'return' | 'push' | 'shrink' | 'bump' }
  | { kind: 'jump'; isBreak: boolean; to: number }
  | { kind: 'if'; value: number; body: Tree[]; other: Tree[] }
  | { kind: 'try'; body: Tree[]; handler: Tree[]; end: Tree[] }
  | { kind: 'switch'; body: Tree[]; other: Tree[] }
  | { kind: 'loop'; form: number; isNamed: boolean; size: number; body: Tree[] }

const { block } = fc.letrec<{ statement: Tree; block: Tree[] }>((tie) => ({
  statement: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.record({ kind: fc.constant('mix' as const), value: fc.nat(9) }),
    fc.record({
      kind: fc.constantFrom('log', 'yield', 'throw', 'return', 'push', 'shrink', 'bump'),
    }) as fc.Arbitrary<Tree>,
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
      end: tie('block'),
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
  /** Of the loops around it, outermost first. */
  readonly loops: readonly { readonly label: string | undefined }[]
  readonly isInSwitch: boolean
}

function blockText(trees: readonly Tree[], place: Place): string {
  return `{ ${trees.map((each) => statementText(each, place)).join(' ')} }`
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
    case 'jump':
      return jumpText(tree, place)
    case 'if':
      return `if (h % 5 < ${tree.value}) ${blockText(tree.body, place)} else ${blockText(tree.other, place)}`
    case 'try':
      return `try ${blockText(tree.body, place)} catch { log.push('c'); ${blockText(tree.handler, place)} } finally ${blockText(tree.end, place)}`
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
  const label = loops.at(-1 - to)?.label
  if (label !== undefined) return `if (h & 1) ${keyword} ${label};`
  return loops.length > 0 || (isInSwitch && isBreak) ? `if (h & 2) ${keyword};` : ''
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
      const a = [1, 2, 3, 4, 5], bytes = new Uint8Array([3, 1, 4, 1, 5, 9, 2, 6]), o = {}
      let h = 1, limit = 9, fuel = 300
      ${blockText(trees, { depth: 0, loops: [], isInSwitch: false })}
      return [h, a, [...bytes], o, limit, fuel]
    }`
}

interface Outcome {
  readonly yielded: unknown[]
  readonly log: unknown[]
  readonly end: unknown
}

type Run = (...args: unknown[]) => Generator<unknown, unknown, unknown>

/** Runs `main`; answers questions with these strips in turn, and its own `yield`s with a number. */
function run(code: string, strips: readonly number[], args: readonly unknown[]): Outcome & { asked: number } {
  const log: unknown[] = []
  const main = new Function('log', `${code}\nreturn main`)(log) as Run
  const iterator = main(...args)
  const yielded: unknown[] = []
  let asked = 0
  let answer: unknown
  try {
    for (;;) {
      const result = iterator.next(answer)
      if (result.done === true) return { yielded, log, asked, end: result.value }
      if (result.value === PREEMPT) answer = strips[asked++ % strips.length]
      else answer = yielded.push(result.value)
      if (asked > 20_000) throw new Error('it asks for ever')
    }
  } catch (error) {
    return { yielded, log, asked, end: `thrown: ${(error as Error).message}` }
  }
}

const someArguments = fc.tuple(
  fc.constantFrom<unknown>(0, 5, 17, 2.5, '8', Number.NaN, Infinity, 6n),
  fc.constantFrom<unknown>(0, 3, -4, '2', 1n),
  fc.constantFrom<unknown>(1, 2, 0.5, '1', 0, -1, 1n),
  fc.constantFrom<unknown>(0n, 7n),
)

test('random loops give what they gave, with strips of any length', () => {
  fc.assert(
    fc.property(
      block,
      someArguments,
      fc.nat(40),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      (trees, args, first, strips) => {
        const source = programText(trees)
        const { code, loopCount } = instrument(source, { filename: 'random.js' })
        const short = code.replaceAll(`= ${FIRST_STRIP};`, `= ${first + 1};`)
        const plain = run(source, [1], args)
        const { asked, ...instrumented } = run(short, strips, args)
        const { asked: never, ...expected } = plain
        expect(instrumented).toEqual(expected)
        expect(never).toBe(0)
        if (loopCount === 0) expect(asked).toBe(0)
      },
    ),
    { numRuns: 200 },
  )
})

test('a counted loop whose strips are as short as can be gets to its end', () => {
  const source = `function* main(n) { 'use preempt'; let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum }`
  const { code } = instrument(source, { filename: 'sum.js' })
  const { end, asked } = run(code.replaceAll(`= ${FIRST_STRIP};`, '= 1;'), [1], [100])
  expect(end).toBe(4950)
  expect(asked).toBe(50)
})
