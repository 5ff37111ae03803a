/**
 * `npm run bench -- SUITE [options]`: this project's own benchmarks. A suite is a folder beside this file.
 */

import { runBalance } from './balance/command.ts'
import { runDirty } from './dirty/command.ts'
import { runMicro } from './micro/command.ts'
import { runPreempt } from './preempt/command.ts'

const suites: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  balance: runBalance,
  micro: runMicro,
  dirty: runDirty,
  preempt: runPreempt,
}

async function main(): Promise<void> {
  const [name = '', ...args] = process.argv.slice(2)
  const suite = Object.hasOwn(suites, name) ? suites[name] : undefined
  if (suite === undefined) {
    const known = Object.keys(suites).join(', ')
    process.stderr.write(`npm run bench -- SUITE [options]: no suite '${name}'; there is ${known}\n`)
    process.exitCode = 2
    return
  }
  process.exitCode = await suite(args)
}

await main()
