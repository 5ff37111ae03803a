/**
 * Tables for a terminal, one line at a time: a benchmark takes minutes, and each row should stand there
 * when it is known. So the widths of columns are given, not found from the rows.
 */

export interface Column {
  readonly title: string
  /** In characters; a longer cell pushes its neighbours aside rather than be cut. */
  readonly width: number
  /** Default `left`; numbers read best `right`. */
  readonly align?: 'left' | 'right'
}

/** The titles, and a line below them. */
export function formatHeading(columns: readonly Column[]): string {
  const titles = formatRow(
    columns,
    columns.map((column) => column.title),
  )
  const rule = columns.map((column) => '-'.repeat(column.width)).join('  ')
  return `${titles}\n${rule}`
}

export function formatRow(columns: readonly Column[], cells: readonly string[]): string {
  const padded = columns.map(({ width, align }, index) => {
    const cell = cells[index] ?? ''
    return align === 'right' ? cell.padStart(width) : cell.padEnd(width)
  })
  return padded.join('  ').trimEnd()
}

const SCALES = [
  [1e9, ' G'],
  [1e6, ' M'],
  [1e3, ' k'],
] as const

/**
 * A number in three significant digits, thousands as `k`, millions as `M`.
 * @example formatQuantity(8_123_456) // '8.12 M'
 */
export function formatQuantity(value: number): string {
  const magnitude = Math.abs(value)
  // 999,600 reads 1.00 M, not 1000 k.
  const scale = SCALES.find(([size]) => magnitude >= size * 0.9995)
  if (scale === undefined) return threeDigits(value)
  return `${threeDigits(value / scale[0])}${scale[1]}`
}

function threeDigits(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const magnitude = Math.abs(value)
  if (magnitude >= 99.95) return value.toFixed(0)
  if (magnitude >= 9.995) return value.toFixed(1)
  return magnitude >= 0.9995 ? value.toFixed(2) : value.toFixed(3)
}
