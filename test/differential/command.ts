// `npm run differential -- FILE.jsonl [--host inline|workers|sim] [--family NAME]... [--seeds N]`

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { FAMILIES, type Family, MalformedFile, parseScenarios, type Scenario } from './format/scenario.ts'
import { HOST_NAMES, type HostName, hosts } from './hosts.ts'
import { printMiss, printScores } from './report.ts'
import { runSuite } from './suite.ts'

const USAGE = `usage: npm run differential -- FILE.jsonl [options]
  --host ${HOST_NAMES.join('|')}   where the scenarios run; default inline
  --family NAME               only this family; may be given more than once
  --seeds N                   with --host sim: each scenario with the seeds 1 to N; default 1
`

/** What is wrong with the command line, or with the file that it names. */
class BadUsage extends Error {}

export interface CommandOptions {
  readonly file: string
  readonly host: HostName
  readonly families: readonly Family[]
  readonly seedCount: number
}

/** @throws BadUsage */
export function readOptions(args: readonly string[], directory: string): CommandOptions {
  const { values, positionals } = parsed(args)
  const [file] = positionals
  if (file === undefined || positionals.length > 1) throw new BadUsage('name one file of scenarios')
  const host = oneOf('host', HOST_NAMES, values.host)
  if (values.seeds !== undefined && host !== 'sim') throw new BadUsage('--seeds is for --host sim')
  const seedCount = Number(values.seeds ?? 1)
  if (!Number.isSafeInteger(seedCount) || seedCount < 1) {
    throw new BadUsage(`--seeds is an integer from 1, not '${values.seeds}'`)
  }
  const families = (values.family ?? FAMILIES).map((each) => oneOf('family', FAMILIES, each))
  return { file: resolve(directory, file), host, families, seedCount }
}

function parsed(args: readonly string[]) {
  const options = {
    host: { type: 'string', default: 'inline' },
    family: { type: 'string', multiple: true },
    seeds: { type: 'string' },
  } as const
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new BadUsage((error as Error).message)
  }
}

function oneOf<T extends string>(option: string, known: readonly T[], given: string): T {
  const found = known.find((each) => each === given)
  if (found === undefined) throw new BadUsage(`--${option} is one of ${known.join(', ')}, not '${given}'`)
  return found
}

function readScenarios({ file, families }: CommandOptions): Scenario[] {
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    throw new BadUsage(`cannot read ${file}: ${(error as Error).message}`)
  }
  const scenarios = parseScenarios(content, file).filter(({ family }) => families.includes(family))
  if (scenarios.length === 0) throw new BadUsage(`${file} has no scenario of ${families.join(', ')}`)
  return scenarios
}

/** The exit code: 0 if all match, 1 if not, 2 if it could not be tried. */
export async function runCommand(
  args: readonly string[],
  directory: string,
  print: (text: string) => void,
  complain: (text: string) => void,
): Promise<0 | 1 | 2> {
  try {
    const options = readOptions(args, directory)
    const scenarios = readScenarios(options)
    const host = await hosts[options.host]()
    try {
      const outcome = await runSuite(scenarios, host, options.seedCount, (miss) =>
        print(`${printMiss(miss)}\n`),
      )
      print(printScores(outcome))
      return outcome.misses.length === 0 ? 0 : 1
    } finally {
      await host.close()
    }
  } catch (error) {
    if (error instanceof MalformedFile) complain(`differential: ${error.message}\n`)
    else if (error instanceof BadUsage) complain(`differential: ${error.message}\n${USAGE}`)
    else throw error
    return 2
  }
}
