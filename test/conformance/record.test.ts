// The record of conformance says what is so: the page is what the record says, what is recorded as implemented has a
// test, and no row of a table is silently absent.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { conformanceDoc } from './doc.ts'
import type { Entry } from './record/entry.ts'
import { casesOf, entryOf, notBegun, tables, testFileOf } from './tables.ts'

/** The tables themselves lie beside the checkout, if they are there at all. */
const judges = new URL('../../../shared/conformance/', import.meta.url)

const hasTest = ({ state }: Entry) => state === 'implemented' || state === 'substituted'

test('docs/conformance.md is what the record says; `npm run conformance` writes it', () => {
  const written = readFileSync(new URL('../../docs/conformance.md', import.meta.url), 'utf8')
  expect(written).toBe(conformanceDoc())
})

describe.each(tables.map((table) => [table.name, table] as const))('%s', (name, table) => {
  test('no row stands in the record twice', () => {
    const ids = table.record.map(({ id }) => id)
    expect(ids.filter((id, n) => ids.indexOf(id) !== n)).toEqual([])
  })

  test('what is there has a test of its name, and what is not has none', () => {
    const untrue = table.record.filter((entry) => casesOf(table, entry).length > 0 !== hasTest(entry))
    expect(untrue.map(({ id }) => id)).toEqual([])
  })

  test('no test has a name that the record lacks, and no two have the same', () => {
    expect(table.cases.filter((it) => entryOf(table, it) === undefined).map((it) => it.name)).toEqual([])
    const names = table.cases.map((it) => it.name)
    expect(names.filter((it, n) => names.indexOf(it) !== n)).toEqual([])
  })

  test('what is not as in OTP has a sentence of why', () => {
    const noted = table.record.filter(({ note, state }) => note !== undefined || state !== 'implemented')
    expect(noted.filter(({ note }) => !/^.{15,}\.$/.test(note ?? '')).map(({ id }) => id)).toEqual([])
  })

  test(`its tests run`, () => {
    const code = readFileSync(new URL(testFileOf(table), import.meta.url), 'utf8')
    const own = name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    expect(code).toContain(`runOnEveryHost(${own}Table.cases)`)
  })
})

// The tables are no part of this repository; where they do not lie beside it there is nothing to compare with.
describe.skipIf(!existsSync(judges))(
  'the tables themselves (skipped where they are not beside the checkout)',
  () => {
    test('no table is silently absent', () => {
      const files = readdirSync(judges).filter((file) => file.endsWith('.md') && file !== 'README.md')
      const known = [...tables.map(({ name }) => name), ...Object.keys(notBegun)]
      expect(known.map((name) => `${name}.md`).sort()).toEqual(files.sort())
    })

    test.each(tables.map((table) => [table.name, table] as const))(
      'no row of %s is silently absent',
      (name, table) => {
        expect(table.record.map(({ id }) => id)).toEqual(idsOf(name))
      },
    )

    test.each(Object.entries(notBegun))('%s has %i rows', (name, count) => {
      expect(idsOf(name)).toHaveLength(count)
    })
  },
)

/** The ids of a table's rows. A row without a feature only points to another table. */
function idsOf(name: string): string[] {
  const lines = readFileSync(new URL(`${name}.md`, judges), 'utf8').split('\n')
  const rows = lines
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  return rows
    .slice(2)
    .filter((cells) => cells[3] !== '')
    .map((cells) => cells[1] ?? '')
}
