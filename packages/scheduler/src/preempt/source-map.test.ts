// An error in instrumented code is found where the user wrote it, in TypeScript too.

import { transformSync } from 'esbuild'
import { expect, test } from 'vitest'
import { instrument } from './instrument.ts'
import { decode, type SourceMapV3, splitInlineMap, withInlineMap } from './source-map.ts'

/** Where a piece of generated code comes from: source, line from 1, column from 0. */
function originOf(code: string, map: SourceMapV3, piece: string): [string, number, number] {
  const before = code.slice(0, code.indexOf(piece)).split('\n')
  const column = before.at(-1)?.length ?? 0
  const segments = decode(map.mappings)[before.length - 1] ?? []
  const found = segments.findLast(([at = 0]) => at <= column) as [number, number, number, number]
  return [map.sources[found[1]] ?? '', found[2] + 1, found[3]]
}

/** Line from 1 and column from 0. */
function placeIn(source: string, piece: string): [number, number] {
  const before = source.slice(0, source.indexOf(piece)).split('\n')
  return [before.length, before.at(-1)?.length ?? 0]
}

const typed = `interface State { readonly limit: number }

'use preempt'
export function* run(state: State): Generator<unknown, void, unknown> {
  'use preempt'
  type Unused = string
  for (let index: number = 0; index < state.limit; index++)
    for (const each of [1, 2] as number[]) { if (each > 1) throwHere(index) }
  while (first()) second()
}
`

test('every line keeps its number', () => {
  const source = `function* a() {\n  'use preempt'\n  for (const x of xs)\n    use(x)\n  while (true)\n    go()\n}\n`
  const { code, map } = instrument(source, { filename: 'a.js' })
  for (const piece of ['use(x)', 'go()']) {
    expect(placeIn(code, piece)[0]).toBe(placeIn(source, piece)[0])
    expect(originOf(code, map as SourceMapV3, piece)).toEqual(['a.js', ...placeIn(source, piece)])
  }
  expect(map?.sourcesContent).toEqual([source])
})

test.each(['throwHere', 'first', 'second', 'index++'])('the way leads through TypeScript: %s', (piece) => {
  const { code: javascript } = transformSync(typed, {
    loader: 'ts',
    sourcemap: 'inline',
    sourcefile: 'run.ts',
  })
  const { code, map } = instrument(javascript, { filename: 'run.js' })
  expect(originOf(code, map as SourceMapV3, piece)).toEqual(['run.ts', ...placeIn(typed, piece)])
  expect(code).not.toContain('sourceMappingURL')
})

test('a map goes to the end of a source, and comes back from there', () => {
  const { code, map } = instrument(`function* a() { 'use preempt'; while (b()) c() }`, { filename: 'é.js' })
  expect(splitInlineMap(withInlineMap(code, map as SourceMapV3))).toEqual({ source: code, map })
  expect(splitInlineMap('a()')).toEqual({ source: 'a()' })
})
