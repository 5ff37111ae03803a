// `npm run example -- NAME`: one of the examples, built first. Without a name: which there are.

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { prepare, root, runBuilt } from './prepare.mjs'

const names = readdirSync(join(root, 'examples')).filter((name) =>
  existsSync(join(root, 'examples', name, 'src/main.ts')),
)
const name = process.argv[2]
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`usage: npm run example -- ${names.join(' | ')}\n`)
  process.exit(2)
}
// What is left of the arguments is the example's.
process.argv.splice(2, 1)
prepare()
await runBuilt(`examples/${name}/dist/main.js`)
