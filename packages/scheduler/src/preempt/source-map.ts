/**
 * Source maps in a row: what was instrumented may itself have been made from TypeScript, and its lines must lead there.
 * A map's mappings are, line by line, segments `[column, source, line, column, name]`, in text as base-64 digits of
 * variable length.
 */

import { SourceMap, type SourceMapSegment } from 'magic-string'

/** A source map as JSON holds it. */
export interface SourceMapV3 {
  readonly version: number
  readonly file?: string | null
  readonly sourceRoot?: string | null
  readonly sources: readonly (string | null)[]
  readonly sourcesContent?: readonly (string | null)[] | null
  readonly names: readonly string[]
  readonly mappings: string
}

type Segment = readonly number[]

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const inlineMap = /\n?\/\/# sourceMappingURL=data:application\/json[^,\n]*;base64,([\w+/=]+)\s*$/

/** Takes the map out of a source that ends with one. */
export function splitInlineMap(source: string): { readonly source: string; readonly map?: SourceMapV3 } {
  const match = inlineMap.exec(source)
  if (match === null) return { source }
  const map = JSON.parse(Buffer.from(match[1] as string, 'base64').toString()) as SourceMapV3
  return { source: source.slice(0, match.index), map }
}

export function withInlineMap(code: string, map: SourceMapV3): string {
  const data = Buffer.from(JSON.stringify(map)).toString('base64')
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${data}\n`
}

/** From what `last` was made to, by way of what it was made from, to where that came from. */
export function chainMaps(last: SourceMapV3, first: SourceMapV3): SourceMapV3 {
  const origin = decode(first.mappings)
  const mappings = decode(last.mappings).map((segments) =>
    segments.flatMap(([column, source, line, sourceColumn]) => {
      if (source === undefined || line === undefined || sourceColumn === undefined) return []
      const at = segmentAt(origin[line] ?? [], sourceColumn)
      return at === undefined || at.length < 4 ? [] : [[column, ...at.slice(1)] as Segment]
    }),
  )
  const { sources, sourcesContent, names } = first
  const chained = new SourceMap({
    ...(last.file == null ? {} : { file: last.file }),
    sources: sources.map((each) => each ?? ''),
    ...(sourcesContent == null ? {} : { sourcesContent: sourcesContent.map((each) => each ?? '') }),
    names: [...names],
    mappings: mappings as unknown as SourceMapSegment[][],
  })
  return JSON.parse(chained.toString()) as SourceMapV3
}

/** The last segment that begins at this column or before. */
function segmentAt(segments: readonly Segment[], column: number): Segment | undefined {
  let found: Segment | undefined
  for (const segment of segments) {
    if ((segment[0] as number) > column) break
    found = segment
  }
  return found
}

/** Line by line, absolute numbers. */
export function decode(mappings: string): Segment[][] {
  // All but the column go on from line to line.
  const state = [0, 0, 0, 0, 0]
  return mappings.split(';').map((line) => {
    state[0] = 0
    if (line === '') return []
    return line.split(',').map((text) => {
      const fields = numbersOf(text)
      return fields.map((field, index) => {
        state[index] = (state[index] as number) + field
        return state[index] as number
      })
    })
  })
}

function numbersOf(text: string): number[] {
  const numbers: number[] = []
  let value = 0
  let shift = 0
  for (const digit of text) {
    const bits = DIGITS.indexOf(digit)
    value += (bits & 31) * 2 ** shift
    shift += 5
    if ((bits & 32) !== 0) continue
    numbers.push((value & 1) === 1 ? -(value >>> 1) : value >>> 1)
    value = 0
    shift = 0
  }
  return numbers
}
