// The examples of the README are parts of a program that compiles and runs.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { main } from '#fixtures/otp-readme'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('each example is part of the program', () => {
  const readme = read('../../packages/otp/README.md')
  const program = read('../fixtures/otp-readme.ts')
  const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => (code ?? '').trim())
  expect(examples.length).toBeGreaterThan(3)
  for (const example of examples) expect(program).toContain(example)
})

test('the program runs', async () => {
  expect(await main()).toBe(125)
})
