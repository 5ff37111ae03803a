// Every error code is explained in docs/errors.md, and nothing is explained there that does not exist.

import { readFileSync } from 'node:fs'
import { ERROR_CODES } from '@heddle/scheduler'
import { expect, test } from 'vitest'

const path = new URL('../docs/errors.md', import.meta.url)

function sections(): Map<string, string> {
  const parts = readFileSync(path, 'utf8').split(/^## /m).slice(1)
  return new Map(parts.map((part) => [part.split('\n', 1)[0]?.replaceAll('`', '').trim() ?? '', part]))
}

/** Headings in capitals are codes; there may be other sections. */
const documented = [...sections().keys()].filter((heading) => /^ERR_/.test(heading))

test('each code has a heading in docs/errors.md', () => {
  expect(ERROR_CODES.filter((code) => !documented.includes(code))).toEqual([])
})

test('each heading in docs/errors.md is a code', () => {
  expect(documented.filter((heading) => !(ERROR_CODES as readonly string[]).includes(heading))).toEqual([])
})

test('no code stands there twice, and none without a text', () => {
  const text = readFileSync(path, 'utf8')
  for (const code of ERROR_CODES) {
    expect([code, text.match(new RegExp(`^## \`?${code}\`?$`, 'gm'))?.length]).toEqual([code, 1])
    expect((sections().get(code) ?? '').split('\n').slice(1).join(' ').trim().length, code).toBeGreaterThan(
      40,
    )
  }
})
