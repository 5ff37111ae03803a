// Makes a checkout ready to run: installs what the lock file names, then builds.
//
// Every command of the house starts here, so that a fresh clone needs nothing but Node and npm. All output goes
// to stderr: stdout belongs to the command that asked (`npm start -- --json` prints one JSON object and no more).
// Whether an install is due is read from npm's own record of what it put into node_modules, not from file times:
// a checkout, a branch switch and a copied tree all give times that say nothing.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
export const tsc = join(root, 'node_modules/typescript/bin/tsc')

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** Does node_modules hold exactly what package-lock.json names? */
function isInstalled() {
  const lockPath = join(root, 'package-lock.json')
  const recordPath = join(root, 'node_modules/.package-lock.json')
  if (!existsSync(lockPath) || !existsSync(recordPath)) return false
  const wanted = readJson(lockPath).packages
  const found = readJson(recordPath).packages
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) continue
    const there = found[path]
    // What is optional may be for another platform, and then npm leaves it out.
    if (there === undefined && (entry.optional || entry.devOptional || entry.peer)) continue
    if (there === undefined || there.version !== entry.version || there.integrity !== entry.integrity)
      return false
  }
  return Object.keys(found).every((path) => path in wanted)
}

/**
 * Runs a Node program with its stdout turned into our stderr; ends this process when it fails.
 * @param {string} what
 * @param {string} command
 * @param {string[]} args
 */
function runOrExit(what, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status === 0) return
  process.stderr.write(`heddle: ${what} failed${error ? `: ${error.message}` : ''}\n`)
  process.exit(status || 1)
}

/** Installs, if node_modules is not what the lock file says. */
export function ensureInstalled() {
  if (isInstalled()) return
  process.stderr.write('heddle: installing\n')
  const npmCli = process.env.npm_execpath
  const args = ['ci', '--loglevel=error', '--no-audit', '--no-fund']
  if (npmCli) runOrExit('npm ci', process.execPath, [npmCli, ...args])
  else runOrExit('npm ci', 'npm', args)
}

/** Removes compiled files whose source is gone: tsc leaves them, and an import of one would still succeed. */
export function pruneStale() {
  for (const { path } of readJson(join(root, 'tsconfig.json')).references) {
    const project = join(root, path)
    const { rootDir, outDir } = readJson(join(project, 'tsconfig.json')).compilerOptions
    const out = join(project, outDir)
    if (!existsSync(out)) continue
    for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
      const match = /^(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(entry.name)
      if (!entry.isFile() || match === null) continue
      const source = join(project, rootDir, relative(out, entry.parentPath), `${match[1]}.ts`)
      if (!existsSync(source)) rmSync(join(entry.parentPath, entry.name))
    }
  }
}

function build() {
  pruneStale()
  runOrExit('build', process.execPath, [tsc, '-b'])
}

/** Installs if due, and builds what changed. */
export function prepare() {
  ensureInstalled()
  build()
}

/**
 * Runs a built program in this process, as if Node had been started with it.
 * @param {string} path relative to the root
 */
export async function runBuilt(path) {
  const entry = join(root, path)
  if (!existsSync(entry)) {
    process.stderr.write(`heddle: ${path} was not built; does its source exist?\n`)
    process.exit(1)
  }
  process.argv[1] = entry
  await import(pathToFileURL(entry).href)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) prepare()
