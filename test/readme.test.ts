// The READMEs' examples run as they are printed.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
let folder = ''

beforeAll(async () => {
  // Inside the repository, so that packages are found by their names.
  await mkdir(join(root, '.cache'), { recursive: true })
  folder = await mkdtemp(join(root, '.cache', 'readme-'))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

/** The first whole program below this heading. */
async function run(readme: string, language: string, heading = ''): Promise<string> {
  const whole = await readFile(join(root, readme), 'utf8')
  const text = whole.slice(Math.max(0, whole.indexOf(heading)))
  const code = new RegExp(`\`\`\`${language}\\n([^]*?await vm\\.stop\\(\\)\\n)\`\`\``).exec(text)?.[1]
  if (code === undefined) throw new Error(`${readme} shows no whole program`)
  const file = join(folder, `${(readme + heading).replaceAll(/\W/g, '-')}.mjs`)
  await writeFile(file, language === 'ts' ? (await transform(code, { loader: 'ts' })).code : code)
  const { stdout } = await promisify(execFile)(process.execPath, [file])
  return stdout
}

test('the root README', async () => {
  expect(await run('README.md', 'ts')).toBe(`42 on one of ${availableParallelism()} cores\n`)
})

test("the scheduler's README", async () => {
  expect(await run('packages/scheduler/README.md', 'js')).toBe('Hello, Joe\n')
})

test("the scheduler's README, on dirty functions and numbers", async () => {
  const printed = await run('packages/scheduler/README.md', 'js', '## Dirty functions')
  expect(printed).toBe('primes: 9592\ntrue 1\n')
})
