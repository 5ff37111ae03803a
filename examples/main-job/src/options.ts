/** What the program was asked for: `npm start -- [options]`. Whatever it does not know is an error, not a guess. */

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

export interface Options {
  /** One JSON object on standard output, and nothing else. */
  readonly json: boolean
  /** A folder whose files the pipeline works on. */
  readonly input: string | undefined
  readonly schedulerCount: number
  /** About how long to measure, in all. */
  readonly seconds: number
  readonly help: boolean
}

const SECONDS_DEFAULT = 24
const SECONDS_MAX = 45
const SCHEDULER_COUNT_MAX = 64

export const USAGE = `npm start -- [options]

  --json           one JSON object on standard output, nothing else
  --input FOLDER   the pipeline works on all files of this folder; default: TypeScript's declarations
  --schedulers N   how many schedulers at most, 1 to ${SCHEDULER_COUNT_MAX}; default: one for each core
  --seconds S      about how long to measure in all, up to ${SECONDS_MAX}; default ${SECONDS_DEFAULT}
  --help           this text`

/** @throws UsageError */
export function readOptions(args: readonly string[]): Options {
  const values = parse(args)
  const { json = false, input, schedulers, seconds, help = false } = values
  return {
    json,
    input,
    help,
    schedulerCount:
      schedulers === undefined
        ? Math.min(availableParallelism(), SCHEDULER_COUNT_MAX)
        : checkNumber('--schedulers', schedulers, (value) => isWhole(value) && value <= SCHEDULER_COUNT_MAX),
    seconds:
      seconds === undefined
        ? SECONDS_DEFAULT
        : checkNumber('--seconds', seconds, (value) => value > 0 && value <= SECONDS_MAX),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean' },
        input: { type: 'string' },
        schedulers: { type: 'string' },
        seconds: { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`)
  }
}

function isWhole(value: number): boolean {
  return Number.isInteger(value) && value >= 1
}

function checkNumber(option: string, text: string, isValid: (value: number) => boolean): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (isValid(value)) return value
  throw new UsageError(`${option} cannot be '${text}'\n\n${USAGE}`)
}
