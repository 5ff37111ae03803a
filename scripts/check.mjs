// `npm run check`: everything that can be said about the code without running it. All steps run, also after one
// has failed, so that one run tells all there is to mend.

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureInstalled, pruneStale, root, tsc } from './prepare.mjs'

const bin = (/** @type {string} */ path) => join(root, 'node_modules', path)

/** @type {[name: string, args: string[]][]} */
const steps = [
  ['format and lint (biome)', [bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings']],
  ['types: build (tsc)', [tsc, '-b']],
  ['types: tests and scripts (tsc)', [tsc, '-p', 'tsconfig.test.json']],
  ['types: cost for users', [join(root, 'scripts/type-cost.mjs')]],
  ['own rules (tidy)', [join(root, 'scripts/tidy.mjs')]],
  ['unused code (knip)', [bin('knip/bin/knip.js'), '--no-progress', '--no-config-hints']],
]

/** Steps whose figures are worth a look also where they pass. */
const figures = new Set(['types: cost for users'])

/** The lock file must read the same on every machine, so it names no registry. */
function lockNamesHosts() {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8')
  return /"resolved": "(?!https:\/\/registry\.npmjs\.org\/)[a-z+]+:\/\//.test(lock)
}

function main() {
  ensureInstalled()
  pruneStale()
  /** @type {string[]} */
  const summary = []
  let failed = 0
  /** @param {string} name @param {boolean} passed @param {number} startedAt */
  const note = (name, passed, startedAt) => {
    if (!passed) failed += 1
    summary.push(
      `${passed ? 'ok    ' : 'FAILED'}  ${name}, ${((Date.now() - startedAt) / 1000).toFixed(1)} s`,
    )
  }
  for (const [name, args] of steps) {
    const startedAt = Date.now()
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    if (status !== 0 || figures.has(name)) process.stdout.write(`\n== ${name}\n${stdout}${stderr}`)
    note(name, status === 0, startedAt)
  }
  note('lock file names no host', !lockNamesHosts(), Date.now())
  process.stdout.write(`\n${summary.join('\n')}\n`)
  process.exit(failed > 0 ? 1 : 0)
}

main()
