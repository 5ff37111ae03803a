// `npm test [-- vitest args]`: installs, builds, runs every test. The results also go, as JSON, where CI and the
// version matrix read them.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { prepare, root } from './prepare.mjs'

const resultsPath = join(root, process.env.HEDDLE_TEST_RESULTS ?? '.cache/test-results.json')

prepare()
mkdirSync(dirname(resultsPath), { recursive: true })
rmSync(resultsPath, { force: true })
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${resultsPath}`]
const args = [vitest, 'run', ...reporters, ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
process.exit(status ?? 1)
