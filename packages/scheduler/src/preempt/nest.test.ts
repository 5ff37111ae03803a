// Which loops are moved out of their generator: whole trees of them, unless somebody could tell.

import { expect, test } from 'vitest'
import { instrument } from './instrument.ts'

/** The functions that the loops of this code are moved to, and how many loops ask where they are. */
function forms(body: string): { moved: number; asking: number } {
  const source = `function* main(xs, n, f) { 'use preempt'; let sum = 0; ${body} ; return sum }`
  const { code } = instrument(source, { filename: 'main.js' })
  return {
    moved: code.split('const $heddleStrip =').length - 1,
    asking: code.split('<= 0) $heddleLeft = (yield').length - 1,
  }
}

test.each([
  ['a counted loop', 'for (let i = 0; i < n; i++) sum += i'],
  ['a while', 'while (n-- > 0) sum += n'],
  ['a do', 'do sum += n; while (n-- > 0)'],
  ['what goes over anything', 'for (const [a, b] of xs) sum += a ^ b'],
  [
    'loops in loops',
    'for (const x of xs) { const y = x; for (let i = 0; i < y; i++) for (const z of xs) sum += z }',
  ],
  [
    'with if, labels and catch between',
    'A: for (;;) { if (f()) { B: { try { while (n--) f() } catch { break A } } } }',
  ],
  [
    'with returns and jumps',
    'for (const x of xs) { if (x === 1) continue; if (x === 2) break; if (x === 3) return x }',
  ],
  ['with closures that see what stays', 'for (const x of xs) { const y = x; f(() => x + y + n) }'],
  [
    'with variables of one name, apart',
    'for (;;) { for (let i = 0; i < n; i++) f(i); for (let i = n; i > 0; i--) f(i) }',
  ],
])('%s: moved', (_, body) => {
  expect(forms(body)).toEqual({ moved: 1, asking: 0 })
})

test.each([
  ['a yield in it', 'for (const x of xs) sum += yield x', 0],
  ['a for…in', 'for (const x in xs) sum += x', 0],
  ['a closure that sees what each round has for itself', 'for (let i = 0; i < n; i++) f(() => i)', 0],
  ['arguments', 'for (let i = 0; i < n; i++) arguments[0] = i', 0],
  ['eval', "for (let i = 0; i < n; i++) eval('sum++')", 0],
  ['a constant that is assigned', 'const c = 1; for (;;) c = 2', 0],
  ['a variable that is used before it has a value', 'for (;;) { f(y); let y = 1; while (f()); }', 1],
  ['finally between loops', 'for (;;) { try { for (const x of xs) f(x) } finally { f() } }', 1],
  ['switch between loops', 'for (;;) switch (n) { case 1: for (const x of xs) f(x) }', 1],
  ['two variables of one name', 'for (const x of xs) { f(n); for (let n = 0; n < x; n++) f(n) }', 1],
  ['a jump out of for…of that a catch would see', 'for (const x of xs) { try { if (x) break } catch {} }', 0],
  ['a function of its own', 'for (const x of xs) { function g() {} f(g) }', 0],
])('with %s: not moved, but for what is in it', (_, body, moved) => {
  expect(forms(body)).toEqual({ moved, asking: 1 })
})

test('one function serves all activations, unless it sees what one of them has', () => {
  const kept = (body: string, around = (it: string) => it): boolean =>
    instrument(around(`function* main(n, f) { 'use preempt'; ${body} }`), {
      filename: 'main.js',
    }).code.includes('??=')
  expect(kept('while (n--) f(n)')).toBe(true)
  expect(kept('while (n--) this.f(n)')).toBe(false)
  expect(kept('const g = () => f; while (n--) f(n)')).toBe(false)
  expect(kept('while (n--) f(n)', (it) => `function outer() { ${it} }`)).toBe(false)
  expect(kept('while (n--) f(n)', (it) => `for (const x of []) { ${it} }`)).toBe(false)
})
