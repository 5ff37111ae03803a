/** Points of time as RFC 3339 writes them, with microseconds, at an offset from UTC. */

const OFFSET = /^([+-])(\d\d):(\d\d)$/

/** `Z`, `+02:00`, or '' for the machine's own. */
export function isOffset(value: unknown): boolean {
  return typeof value === 'string' && (/^[zZ]?$/.test(value) || OFFSET.test(value))
}

const two = (n: number): string => String(n).padStart(2, '0')

function offsetMinutes(offset: string, ms: number): number {
  if (offset === '') return -new Date(ms).getTimezoneOffset()
  const match = OFFSET.exec(offset)
  if (match === null) return 0
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return match[1] === '-' ? -minutes : minutes
}

/** @param timeUs microseconds since 1970 */
export function formatTime(timeUs: number, offset: string, designator: string): string {
  const ms = Math.floor(timeUs / 1_000)
  const minutes = offsetMinutes(offset, ms)
  const micros = String(Math.floor(timeUs - ms * 1_000)).padStart(3, '0')
  const [date, clock] = new Date(ms + minutes * 60_000).toISOString().slice(0, -1).split('T') as [
    string,
    string,
  ]
  const isUtc = /^[zZ]$/.test(offset)
  const sign = minutes < 0 ? '-' : '+'
  const zone = isUtc
    ? 'Z'
    : `${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`
  return `${date}${designator}${clock}${micros}${zone}`
}
