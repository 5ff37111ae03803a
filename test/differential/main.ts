// The program behind `npm run differential`. npm runs it in the package's folder, whatever folder it was asked in.

import { runCommand } from './command.ts'

const { npm_lifecycle_event, INIT_CWD } = process.env
const isRunByNpm = npm_lifecycle_event === 'differential' && INIT_CWD !== undefined

process.exitCode = await runCommand(
  process.argv.slice(2),
  isRunByNpm ? INIT_CWD : process.cwd(),
  (text) => process.stdout.write(text),
  (text) => process.stderr.write(text),
)
