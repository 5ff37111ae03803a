/**
 * Levels: how much a log event matters; OTP's eight. Internally a level is a number, the smaller the more severe, so that
 * "may this pass" is one comparison: an event passes a limit if its number is not larger.
 */

export const LEVELS = [
  'emergency',
  'alert',
  'critical',
  'error',
  'warning',
  'notice',
  'info',
  'debug',
] as const

export type Level = (typeof LEVELS)[number]

/** What a configuration may say: from this level on, everything, or nothing. */
export type LevelLimit = Level | 'all' | 'none'

const NUMBERS: ReadonlyMap<unknown, number> = new Map<LevelLimit, number>([
  ...LEVELS.map((level, number) => [level, number] as const),
  ['all', LEVELS.length],
  ['none', -1],
])

/** 0 for `emergency` to 7 for `debug`; 8 for `all`, -1 for `none`; `undefined` if it is no level. */
export function levelNumber(level: LevelLimit): number
export function levelNumber(level: unknown): number | undefined
export function levelNumber(level: unknown): number | undefined {
  return NUMBERS.get(level)
}

export function isLevel(level: unknown): level is Level {
  return (LEVELS as readonly unknown[]).includes(level)
}

/** How severe the first is, compared to the second: `emergency` is `gt` than all others. Source: `logger:compare_levels/2`. */
export function compareLevels(a: LevelLimit, b: LevelLimit): 'lt' | 'eq' | 'gt' {
  const [first, second] = [levelNumber(a), levelNumber(b)]
  if (first === second) return 'eq'
  return first < second ? 'gt' : 'lt'
}
