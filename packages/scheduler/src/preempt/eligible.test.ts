// Which generator functions are instrumented: none that ordinary code could iterate.

import { expect, test } from 'vitest'
import { instrument } from './instrument.ts'

const head = `import { process, simulate } from '@heddle/scheduler'\nimport * as otp from '@heddle/otp'\n`
const loop = 'for (;;) f()'

/** How many loops are instrumented, of a module that begins with imports of Heddle's. */
function count(module: string): number {
  return instrument(head + module, { filename: 'module.js' }).loopCount
}

test.each([
  ['a method', `process(import.meta.url, 'p', { init: f, *run() { ${loop} } })`],
  ['a function*', `process(import.meta.url, 'p', { init: f, run: function* () { ${loop} } })`],
  ['deeper down', `otp.genServer(import.meta.url, 's', { call: { *get() { ${loop} } } })`],
  ['with the URL in a constant', `const url = import.meta.url; process(url, 'p', { *run() { ${loop} } })`],
  ['the main function of a simulation', `simulate({ seed: 1 }, function* () { ${loop} })`],
  ['a marked function', `export function* any() { 'use preempt'; ${loop} }`],
])('%s is a callback', (_, module) => {
  expect(count(module)).toBe(1)
})

test('a module that is marked is instrumented as a whole, but for what is marked otherwise', () => {
  const rest = `export function* a() { ${loop} }\nfunction* b() { 'no preempt'; ${loop} }\nasync function* c() { ${loop} }`
  expect(instrument(`'use preempt'\n${rest}`, { filename: 'module.js' }).loopCount).toBe(1)
})

test.each([
  ['no function of Heddle’s', `const mine = (...a) => a; mine(import.meta.url, 'p', { *run() { ${loop} } })`],
  ['not with import.meta.url', `process('file:///x.js', 'p', { *run() { ${loop} } })`],
  [
    'a name that hides the import',
    `{ const process = f; process(import.meta.url, 'p', { *run() { ${loop} } }) }`,
  ],
  ['a literal that others have', `const body = { *run() { ${loop} } }; process(import.meta.url, 'p', body)`],
  ['what a wrapper is given', `process(import.meta.url, 'p', { run: f(function* () { ${loop} }) })`],
  [
    'a getter',
    `process(import.meta.url, 'p', { get run() { return [...all()] } }); function* all() { ${loop} }`,
  ],
  ['an async generator', `process(import.meta.url, 'p', { async *run() { ${loop} } })`],
  ['a plain function', `process(import.meta.url, 'p', { run() { ${loop} } })`],
  ['marked otherwise', `process(import.meta.url, 'p', { *run() { 'no preempt'; ${loop} } })`],
  [
    'a literal that knows itself',
    `process(import.meta.url, 'p', { *all() { ${loop} }, run() { return [...this.all()] } })`,
  ],
])('%s: not instrumented', (_, module) => {
  expect(count(module)).toBe(0)
})

const runs = (body: string): string => `process(import.meta.url, 'p', { *run() { ${body} } })\n`

test.each([
  ['a declaration', `${runs('yield* help(1)')} function* help() { ${loop} }`, 1],
  ['a constant', `const help = function* () { ${loop} }; ${runs('yield* help()')}`, 1],
  ['by way of another', `${runs('yield* a()')} function* a() { yield* b() } function* b() { ${loop} }`, 1],
  ['itself', `${runs('yield* a()')} function* a() { ${loop}; yield* a() }`, 1],
  ['this', `process(import.meta.url, 'p', { *all() { ${loop} }, *run() { yield* this.all() } })`, 1],
])('a helper that is only delegated to, by %s, is instrumented', (_, module, loops) => {
  expect(count(module)).toBe(loops)
})

test.each([
  ['spread', `${runs('yield* help()')} function* help() { ${loop} } f([...help()])`],
  [
    'iterated in a process',
    `${runs('for (const x of help()) f(x)').replace('run', 'go')}function* help() { ${loop} }`,
    1,
  ],
  ['exported', `${runs('yield* help()')} export function* help() { ${loop} }`],
  ['exported elsewhere', `${runs('yield* help()')} function* help() { ${loop} } export { help as other }`],
  ['exported by default', `${runs('yield* help()')} function* help() { ${loop} } export default help`],
  ['passed on', `${runs('yield* help(); f(help)')} function* help() { ${loop} }`],
  ['assigned', `${runs('yield* help()')} function* help() { ${loop} } help = f`],
  [
    'declared twice',
    `${runs('yield* help()')} function* help() { ${loop} } { function* help() { ${loop} } }`,
  ],
  ['used by one that is not', `${runs('f()')} function* a() { yield* b() } function* b() { ${loop} } f(a)`],
  ['of nobody', `${runs('f()')} function* help() { ${loop} }`],
])('a helper that is %s is left alone', (_, module, other = 0) => {
  expect(count(module)).toBe(other)
})

test('what cannot be parsed is an error that names the file', () => {
  const source = `'use preempt'; function* a() { for (;;) 1 + }`
  expect(() => instrument(source, { filename: 'broken.js' })).toThrow(
    expect.objectContaining({ code: 'ERR_BAD_ARGUMENT', message: expect.stringContaining('broken.js') }),
  )
})

test('what needs nothing is given back as it was', () => {
  const source = `${head}process(import.meta.url, 'p', { *run() { for (let i = 0; i < 4; i++) f() } })`
  expect(instrument(source, { filename: 'module.js' })).toEqual({ code: source, map: null, loopCount: 0 })
})
