// `npm run differential`: what it prints, and what it exits with.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from './command.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'heddle-differential-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const scenario = (id: string, family: string, trap: boolean): object => ({
  id,
  family,
  seed: 1,
  steps: [
    { op: 'spawn', p: 'p1', trap: true },
    { op: 'do', p: 'p1', a: [['trap', false], ['mqlen']] },
  ],
  expect: [{}, { r: [trap, 0] }],
})

function write(name: string, ...lines: unknown[]): string {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  writeFileSync(join(directory, name), text)
  return name
}

async function command(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  let out = ''
  let error = ''
  const code = await runCommand(
    args,
    directory,
    (text) => (out += text),
    (text) => (error += text),
  )
  return { code, out, error }
}

describe('what it prints', () => {
  test('all match: a line for each family, the total last', async () => {
    const file = write('good.jsonl', scenario('a', 'process', true), scenario('b', 'order', true))
    const { code, out, error } = await command(file)
    expect({ code, out, error }).toEqual({
      code: 0,
      out: 'process      1 of 1\norder        1 of 1\nmatched 2 of 2\n',
      error: '',
    })
  })

  test('one misses: its first difference, side by side', async () => {
    const file = write('bad.jsonl', scenario('a', 'process', true), scenario('b', 'order', false))
    const { code, out } = await command(file)
    expect(code).toBe(1)
    expect(out.split('\n')).toEqual([
      'b',
      '  step 1 of 2: {"a":[["trap",false],["mqlen"]],"op":"do","p":"p1"}',
      `         ${'expected'.padEnd(56)} | got`,
      `  ! r    ${'false'.padEnd(56)} | true`,
      `         ${'0'.padEnd(56)} | 0`,
      '',
      'process      1 of 1',
      'order        0 of 1',
      'matched 1 of 2',
      '',
    ])
  })

  test('only the families that were named', async () => {
    const file = write('bad.jsonl', scenario('a', 'process', true), scenario('b', 'order', false))
    const { code, out } = await command(file, '--family', 'timer', '--family', 'process', '--host', 'inline')
    expect({ code, out }).toEqual({ code: 0, out: 'process      1 of 1\nmatched 1 of 1\n' })
  })
})

describe('bad usage', () => {
  test.each<[string, string[], string]>([
    ['no file', [], 'name one file of scenarios'],
    ['two files', ['good.jsonl', 'bad.jsonl'], 'name one file of scenarios'],
    ['an unknown option', ['good.jsonl', '--fast'], "Unknown option '--fast'"],
    [
      'an unknown host',
      ['good.jsonl', '--host', 'beam'],
      "--host is one of inline, workers, sim, not 'beam'",
    ],
    ['an unknown family', ['good.jsonl', '--family', 'gen_fsm'], "not 'gen_fsm'"],
    ['seeds without simulator', ['good.jsonl', '--seeds', '3'], '--seeds is for --host sim'],
    ['no seeds', ['good.jsonl', '--host', 'sim', '--seeds', '0'], "--seeds is an integer from 1, not '0'"],
    ['a file that is not there', ['none.jsonl'], 'cannot read '],
    ['nothing to run', ['good.jsonl', '--family', 'ets'], 'has no scenario of ets'],
  ])('%s', async (_name, args, message) => {
    write('good.jsonl', scenario('a', 'process', true))
    const { code, out, error } = await command(...args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(error).toContain(`differential: `)
    expect(error).toContain(message)
    expect(error).toContain('usage: npm run differential -- FILE.jsonl')
  })

  test('a malformed file: the line, the place, the reason', async () => {
    const file = write('malformed.jsonl', scenario('a', 'process', true), '{"id":"b"}')
    const { code, error } = await command(file)
    expect(code).toBe(2)
    expect(error).toBe(`differential: ${join(directory, file)}:2: scenario: the key "family" is missing\n`)
  })
})
