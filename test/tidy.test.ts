// The rules of the house fire where they should, and nowhere else; and this tree keeps them.

import { describe, expect, test } from 'vitest'
import { readSources } from '../scripts/tidy/tree.mjs'
import { tidy } from '../scripts/tidy.mjs'

const header = '// Why this file is here.\n'
const src = 'packages/scheduler/src'

/** A clean house of two packages, with `changes` laid over it. */
function house(changes: Record<string, string>): Record<string, string> {
  const manifest = (name: string) =>
    JSON.stringify({ name, exports: { '.': { default: './dist/index.js' } } })
  const lines = {
    'packages/scheduler/package.json': manifest('@heddle/scheduler'),
    'packages/otp/package.json': manifest('@heddle/otp'),
    [`${src}/index.ts`]: `export * from './kernel/kernel.ts'\nexport * from './vm/vm.ts'\n`,
    [`${src}/memory/ring.ts`]: `${header}export const ringBytes = 8\n`,
    [`${src}/memory/park.ts`]: `${header}export const park = (a: Int32Array) => Atomics.wait(a, 0, 0)\n`,
    [`${src}/kernel/kernel.ts`]: `${header}export { ringBytes } from '../memory/ring.ts'\nexport * from '../memory/park.ts'\n`,
    [`${src}/worker/entry.ts`]: `${header}export {}\n`,
    [`${src}/vm/vm.ts`]: `${header}export const url = new URL('../worker/entry.js', import.meta.url)\n`,
    'packages/otp/src/index.ts': `export * from '@heddle/scheduler'\n`,
  }
  return { ...lines, ...changes }
}

/** What the rules say about a house with these changes, as `path:line rule`. */
function findings(changes: Record<string, string>): string[] {
  return tidy(house(changes)).map(({ path, line, rule }) => `${path}:${line} ${rule}`)
}

test('a clean house has no findings', () => {
  expect(findings({})).toEqual([])
})

test('this tree has no findings', () => {
  const found = tidy(readSources(process.cwd()))
  expect(found.map(({ path, line, rule, reason }) => `${path}:${line} [${rule}] ${reason}`)).toEqual([])
})

describe('floors', () => {
  test('a lower floor does not import a higher one, not even its types', () => {
    const upward = `${header}import type { park } from '../kernel/kernel.ts'\nexport type Park = typeof park\nexport const ringBytes = 8\n`
    expect(findings({ [`${src}/memory/ring.ts`]: upward })).toEqual([`${src}/memory/ring.ts:2 floor`])
  })

  test('no floor imports the door above it', () => {
    const upward = `${header}export type { url } from '../index.ts'\n`
    expect(findings({ [`${src}/worker/entry.ts`]: upward })).toEqual([`${src}/worker/entry.ts:2 floor`])
  })

  test('a folder without a floor is refused', () => {
    const files = { [`${src}/misc/a.ts`]: header, [`${src}/misc/a.test.ts`]: `import './a.ts'\n` }
    expect(findings(files)).toEqual([`${src}/misc/a.test.ts:1 floor`, `${src}/misc/a.ts:1 floor`])
  })
})

describe('circles', () => {
  const circle = (word: string) => ({
    [`${src}/memory/ring.ts`]: `${header}import ${word} { a } from './slots.ts'\nexport const ringBytes = 8 as typeof a\n`,
    [`${src}/memory/slots.ts`]: `${header}import { ringBytes } from './ring.ts'\nexport const a = ringBytes\n`,
  })

  test('two files that import each other run in a circle', () => {
    expect(findings(circle(''))).toEqual([`${src}/memory/slots.ts:2 cycle`])
  })

  test('a type-only import closes no circle', () => {
    expect(findings(circle('type'))).toEqual([])
  })
})

describe('doors', () => {
  test('a package is not entered past its door, by name or by path', () => {
    const byName = `export * from '@heddle/scheduler/dist/memory/ring.js'\n`
    const byPath = `export * from '../../scheduler/src/memory/ring.ts'\n`
    for (const text of [byName, byPath]) {
      expect(findings({ 'packages/otp/src/index.ts': text })).toEqual(['packages/otp/src/index.ts:1 door'])
    }
  })

  test('otp imports the scheduler and nothing else', () => {
    const text = `import 'node:util'\nimport 'comlink'\n`
    const at = 'packages/otp/src/index.ts'
    expect(findings({ [at]: text })).toEqual([`${at}:2 door`])
  })

  test('tests reach what is built of the lowest floors, but no source and no higher floor', () => {
    const reach = (path: string) => findings({ 'test/a.test.ts': `import '../packages/scheduler/${path}'\n` })
    expect(reach('dist/memory/ring.js')).toEqual([])
    expect(reach('src/memory/ring.ts')).toEqual(['test/a.test.ts:1 door'])
    expect(reach('dist/vm/vm.js')).toEqual(['test/a.test.ts:1 door'])
  })
})

describe('dead files', () => {
  test('a file that nothing leads to is dead; a test or a worker url keeps it', () => {
    const dead = { [`${src}/memory/slots.ts`]: header }
    expect(findings(dead)).toEqual([`${src}/memory/slots.ts:1 dead-file`])
    expect(findings({ ...dead, [`${src}/memory/slots.test.ts`]: `import './slots.ts'\n` })).toEqual([])
    const url = `${header}export const url = new URL('../memory/slots.js', import.meta.url)\n`
    expect(findings({ ...dead, [`${src}/vm/vm.ts`]: url })).toEqual([])
  })
})

describe('banned calls', () => {
  const rulesAt = (path: string, code: string) =>
    findings({ [path]: `${header}${code}\n`, 'test/leads.test.ts': `import '../${toBuilt(path)}'\n` }).filter(
      (each) => each.startsWith(path),
    )
  const toBuilt = (path: string) => path.replace('/src/', '/dist/').replace('.ts', '.js')
  const at = `${src}/kernel/clock.ts`

  test.each([
    'Date.now()',
    'performance.now()',
    'Math.random()',
    'process.hrtime.bigint()',
    'setTimeout(f, 1)',
    'globalThis.setInterval(f, 1)',
    'use({ setImmediate })',
    'use(queueMicrotask)',
  ])('a kernel takes time, chance and wake-up from outside: %s', (code) => {
    expect(rulesAt(at, code)).toEqual([`${at}:2 banned`])
  })

  test('a name alone is not a use', () => {
    expect(rulesAt(at, 'type T = { setTimeout: typeof setTimeout }; wheel.setTimeout(1)')).toEqual([])
  })

  test('the shell above may read a clock', () => {
    expect(rulesAt(`${src}/worker/loop.ts`, 'Date.now()')).toEqual([])
  })

  test('only park.ts sleeps and wakes', () => {
    expect(rulesAt(`${src}/worker/loop.ts`, 'Atomics.notify(a, 0)')).toEqual([
      `${src}/worker/loop.ts:2 banned`,
    ])
  })

  test('the library is silent, but for the host', () => {
    expect(rulesAt(at, `console.log('x')`)).toEqual([`${at}:2 banned`])
    expect(rulesAt(`${src}/vm/watch.ts`, `console.error('x')`)).toEqual([])
  })

  test('no code is made from text', () => {
    expect(rulesAt(at, `new Function('return 1')`)).toEqual([`${at}:2 banned`])
    expect(rulesAt(at, `eval('1')`)).toEqual([`${at}:2 banned`])
    expect(rulesAt(at, 'use(f instanceof Function)')).toEqual([])
  })

  test('a test takes no unseeded chance', () => {
    expect(findings({ 'test/a.test.ts': 'Math.random()\n' })).toEqual(['test/a.test.ts:1 banned'])
  })
})

describe('module state', () => {
  test.each(['let count = 0', 'const seen = new Map()'])('the kernel keeps none: %s', (code) => {
    const text = `${header}${code}\nexport const ringBytes = 8\n`
    expect(findings({ [`${src}/memory/ring.ts`]: text })).toEqual([`${src}/memory/ring.ts:2 module-state`])
  })

  test('a table that nobody may write is no state', () => {
    const text = `${header}const names: ReadonlySet<string> = new Set(['a'])\nexport const ringBytes = names.size\n`
    expect(findings({ [`${src}/memory/ring.ts`]: text })).toEqual([])
  })
})

describe('tests are switched on', () => {
  test.each(['test.only', 'describe.skip', 'it.todo', 'test.concurrent.only'])('%s is refused', (call) => {
    expect(findings({ 'test/a.test.ts': `${call}('a', () => {})\n` })).toEqual([
      'test/a.test.ts:1 switched-off',
    ])
  })

  test('a condition is allowed where a comment says why', () => {
    const call = `test.skipIf(process.platform === 'win32')('a', () => {})\n`
    expect(findings({ 'test/a.test.ts': call })).toEqual(['test/a.test.ts:1 switched-off'])
    expect(findings({ 'test/a.test.ts': `// Windows has no signals.\n${call}` })).toEqual([])
  })
})

describe('shape', () => {
  const at = `${src}/memory/ring.ts`

  test('a function ends within 70 lines, a file within 500', () => {
    const long = (count: number) => `export function ringBytes() {\n${'  work()\n'.repeat(count - 2)}}\n`
    expect(findings({ [at]: header + long(70) })).toEqual([])
    expect(findings({ [at]: header + long(71) })).toEqual([`${at}:2 function-length`])
    expect(findings({ [at]: header + '\n'.repeat(499) })).toEqual([])
    expect(findings({ [at]: header + '\n'.repeat(500) })).toEqual([`${at}:1 file-length`])
  })

  test('a file opens with its concept', () => {
    expect(findings({ [at]: 'export const ringBytes = 8\n' })).toEqual([`${at}:1 header`])
  })

  test('file and folder names are kebab-case', () => {
    for (const path of ['test/myThing.test.ts', 'test/My/a.test.ts', 'test/my_thing.test.ts']) {
      expect(findings({ [path]: '\n' })).toEqual([`${path}:1 file-name`])
    }
  })

  test.each(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'])('nothing is left marked %s', (word) => {
    expect(findings({ 'test/a.test.ts': `\n// ${word}: later\n` })).toEqual(['test/a.test.ts:2 unfinished'])
  })
})
