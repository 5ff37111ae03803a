/** `npm run bench -- micro`: takes figures of the library one after the other and shows them. */

import { parseArgs } from 'node:util'
import { figures, findFigures } from './catalogue.ts'
import type { Figure } from './figure.ts'
import { CHILD_OPTION, serveParent, takeFigure } from './launch.ts'
import { jsonReport, listFigures, tableReport } from './report.ts'

const USAGE = `npm run bench -- micro [--only NAME]... [--rounds N] [--json] [--list]

  --only NAME   this figure, or all whose names begin so; may be given more than once
  --rounds N    rounds that count, after one to warm up; default 5, fewer are for a quick look
  --json        one line of JSON for each figure, and nothing else, on standard output
  --list        what each figure is, and its target; measures nothing

The exit status is 1 if a figure could not be taken. A target that is missed is no failure.
`
const ROUND_COUNT = 5

interface Options {
  readonly selected: readonly Figure[]
  readonly roundCount: number
  readonly isJson: boolean
}

class UsageError extends Error {}

export async function runMicro(args: string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args,
      options: {
        only: { type: 'string', multiple: true },
        rounds: { type: 'string' },
        json: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        [CHILD_OPTION]: { type: 'string' },
      },
    })
    const order = values[CHILD_OPTION]
    if (typeof order === 'string') return await serveParent(order, figures)
    if (values.help) {
      process.stdout.write(USAGE)
      return 0
    }
    const selected = select(values.only)
    if (values.list) {
      process.stdout.write(listFigures(selected))
      return 0
    }
    return await takeAll({ selected, roundCount: parseRounds(values.rounds), isJson: values.json === true })
  } catch (error) {
    if (!isUsageError(error)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  }
}

async function takeAll({ selected, roundCount, isJson }: Options): Promise<number> {
  const report = isJson ? jsonReport(roundCount) : tableReport(selected, roundCount)
  let failureCount = 0
  report.begin()
  for (const figure of selected) {
    try {
      report.figure(figure, await takeFigure(figure, roundCount))
    } catch (error) {
      failureCount += 1
      report.failure(figure, error as Error)
    }
  }
  return failureCount === 0 ? 0 : 1
}

function select(wishes: readonly string[] | undefined): readonly Figure[] {
  if (wishes === undefined) return figures
  const chosen = new Set<Figure>()
  for (const wish of wishes) {
    const found = findFigures(wish)
    if (found === undefined) {
      const names = figures.map(({ name }) => `  ${name}`).join('\n')
      throw new UsageError(`no figure is called '${wish}', or begins so; there are:\n${names}`)
    }
    for (const figure of found) chosen.add(figure)
  }
  return figures.filter((figure) => chosen.has(figure))
}

function parseRounds(text: string | undefined): number {
  if (text === undefined) return ROUND_COUNT
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 1_000) return count
  throw new UsageError(`--rounds takes a whole number from 1 to 1,000, not '${text}'`)
}

function isUsageError(error: unknown): error is Error {
  const code = (error as { code?: unknown } | undefined)?.code
  return error instanceof UsageError || (typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS'))
}
