// The record as a page: what `npm run conformance` writes to docs/conformance.md.

import { type Entry, states } from './record/entry.ts'
import { casesOf, notBegun, type Table, tables, testFileOf } from './tables.ts'

const intro = `# Conformance

What OTP guarantees, its own test suites pin down. Heddle is held to tables of such facts. Each fact is named by the
suite and the case that pins it (\`signal_SUITE:kill2killed\`), or, where no single case isolates it, by \`BEAM:\` and a
word. A test bears the name of its row, and runs in one thread, on one scheduler of two, and across two.

| state | means |
|---|---|
| implemented | the row holds; a note says where JavaScript spells it differently |
| substituted | JavaScript cannot do it; the nearest honest thing is there, and the note says what |
| waits for nodes | the row is about several nodes, and there is one |
| out of reach | neither the thing nor a substitute is to be had |
| not begun | nothing is there yet |

(Written by \`npm run conformance\` from \`test/conformance/record\`.)
`

export function conformanceDoc(): string {
  return [intro, summary(), ...tables.map(section), notBegunSection()].join('\n')
}

function summary(): string {
  const rows = tables.map((table) => [link(table.name), ...counts(table.record)])
  const later = Object.entries(notBegun).map(([name, count]) => [name, count, 0, 0, 0, 0, count])
  const all = [...rows, ...later].sort(([a], [b]) => (bare(a) < bare(b) ? -1 : 1))
  const total = (column: number) => all.reduce((sum, row) => sum + (row[column] as number), 0)
  const totals = ['all', ...Array.from({ length: states.length + 1 }, (_, n) => total(n + 1))]
  return markdown(['table', 'rows', ...states], [...all, totals])
}

const link = (name: string) => `[${name}](#${name})`
const bare = (cell: unknown) => String(cell).replace(/^\[/, '')

function counts(record: readonly Entry[]): number[] {
  return [record.length, ...states.map((state) => record.filter((it) => it.state === state).length)]
}

function section(table: Table): string {
  const rows = table.record.map((entry) => [
    `\`${entry.id}\``,
    entry.state,
    testsOf(table, entry),
    entry.note ?? '',
  ])
  const where = `Run by [${testFileOf(table)}](../test/conformance/${testFileOf(table)}).`
  return `## ${table.name}\n\n${where}\n\n${markdown(['id', 'state', 'cases in', 'note'], rows)}`
}

/** The fixtures that hold the cases of a row. */
function testsOf(table: Table, entry: Entry): string {
  const names = casesOf(table, entry).map(
    ({ definition }) => /([^/]+)\.js(\?|$)/.exec(definition.$.url)?.[1] ?? '?',
  )
  return [...new Set(names)].map((name) => `[${name}](../test/fixtures/${name}.ts)`).join(', ')
}

function notBegunSection(): string {
  const rows = Object.entries(notBegun).map(([name, count]) => [name, count])
  return `## Not begun\n\n${markdown(['table', 'rows'], rows)}`
}

function markdown(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]) => `| ${cells.map(cell).join(' | ')} |\n`
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('')
}

const cell = (value: unknown) => String(value).replaceAll('|', '\\|')
