// The examples of the README are parts of programs that compile and run.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { main, visit } from '#fixtures/otp-readme'
import { measure, watch } from '#fixtures/otp-readme-events'
import { shop } from '#fixtures/otp-readme-logger'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

const programs = ['otp-readme', 'otp-readme-events', 'otp-readme-logger']

test('each example is part of a program', () => {
  const readme = read('../../packages/otp/README.md')
  const program = programs.map((name) => read(`../fixtures/${name}.ts`)).join('\n')
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => (code ?? '').trim())
  expect(examples.length).toBeGreaterThan(3)
  for (const example of examples) expect(program).toContain(example)
})

test('the program runs', async () => {
  expect(await main()).toBe(128)
  expect(await visit()).toBe('open')
})

test('the program on events runs', async () => {
  expect(await measure()).toBe(21)
  expect(await watch()).toBe(2)
})

test('the program on logging runs', async () => {
  const texts = await shop()
  expect(texts.map((text) => text.split('\n').slice(1).join(' ').trim())).toEqual([
    'order 7: 2 items',
    'order 8: 0 items',
    'what: empty_order     id: 8',
  ])
})
