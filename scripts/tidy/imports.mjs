// Rules on who may import whom: floors, circles, doors, dead files.

import { posix } from 'node:path'
import { isShipped } from './tree.mjs'

/**
 * @typedef {import('./tree.mjs').Tree} Tree
 * @typedef {import('./tree.mjs').Finding} Finding
 */

// A folder's floor, package by package. A lower floor never imports a higher one; the package's doors, which are
// the files directly in src/, stand above all.
/** @type {Record<string, Record<string, number>>} */
const floors = {
  scheduler: { memory: 0, term: 1, process: 2, kernel: 3, preempt: 3, worker: 4, vm: 5, sim: 5 },
  otp: { door: 0, report: 1, timer: 2, gen: 3, behaviour: 4, alarm: 5, sup: 5, app: 6, release: 7 },
}

// What test/ may reach behind the scheduler's door: floors that have no public face of their own, and the simulator's
// sabotage, which must not have one.
const openToTests = /^packages\/scheduler\/src\/(memory|term|process|kernel|sim)\//

/** @param {string} path @returns {{ package: string, folder: string | undefined } | undefined} */
function placeOf(path) {
  const match = /^packages\/([^/]+)\/src\/(?:([^/]+)\/)?/.exec(path)
  return match === null ? undefined : { package: match[1], folder: match[2] }
}

/** @param {Tree} tree @returns {Finding[]} */
export function floorRule(tree) {
  /** @type {Finding[]} */
  const found = []
  for (const { path, imports } of tree.files.values()) {
    const here = placeOf(path)
    const table = here && floors[here.package]
    if (here?.folder === undefined || table === undefined) continue
    const floor = table[here.folder]
    if (floor === undefined) {
      const reason = `folder ${here.folder}/ has no floor; give it one in scripts/tidy/imports.mjs`
      found.push({ path, line: 1, rule: 'floor', reason })
      continue
    }
    for (const { target, line, specifier } of imports) {
      const there = target === undefined ? undefined : placeOf(target)
      if (there?.package !== here.package) continue
      const above = there.folder === undefined ? Number.POSITIVE_INFINITY : table[there.folder]
      if (above === undefined || above <= floor) continue
      const reason = `${here.folder}/ (floor ${floor}) imports ${specifier}, which stands above it`
      found.push({ path, line, rule: 'floor', reason })
    }
  }
  return found
}

/**
 * Circles between files. Types are erased, and a worker is started by URL, not imported: neither closes one.
 * @param {Tree} tree @returns {Finding[]}
 */
export function cycleRule(tree) {
  /** @type {Finding[]} */
  const found = []
  /** @type {Map<string, 'open' | 'closed'>} */
  const seen = new Map()
  /** @type {string[]} */
  const trail = []
  /** @param {string} path */
  const visit = (path) => {
    seen.set(path, 'open')
    trail.push(path)
    for (const { target, kind, line } of tree.files.get(path)?.imports ?? []) {
      if (target === undefined || kind !== 'value') continue
      if (seen.get(target) === 'open') {
        const circle = [...trail.slice(trail.indexOf(target)), target].map((each) => posix.basename(each))
        found.push({ path, line, rule: 'cycle', reason: `imports run in a circle: ${circle.join(' -> ')}` })
      } else if (!seen.has(target)) visit(target)
    }
    trail.pop()
    seen.set(path, 'closed')
  }
  for (const path of tree.files.keys()) if (!seen.has(path)) visit(path)
  return found
}

/** @param {Tree} tree @returns {Finding[]} */
export function doorRule(tree) {
  /** @type {Finding[]} */
  const found = []
  for (const { path, imports } of tree.files.values()) {
    const here = placeOf(path)
    for (const { specifier, target, line } of imports) {
      const reason = doorTrouble(tree, path, here?.package, specifier, target)
      if (reason !== undefined) found.push({ path, line, rule: 'door', reason })
    }
  }
  return found
}

/**
 * @param {Tree} tree @param {string} path @param {string | undefined} own the importing file's package
 * @param {string} specifier @param {string | undefined} target
 */
function doorTrouble(tree, path, own, specifier, target) {
  if (specifier.startsWith('@heddle/')) {
    if (!tree.doors.has(specifier)) return `${specifier} is no door; import the package by its name`
    if (own === 'otp' && isShipped(path) && specifier !== '@heddle/scheduler')
      return 'otp imports @heddle/scheduler only'
    if (own === 'scheduler') return 'the scheduler imports no other package of this house'
    return undefined
  }
  if (specifier.startsWith('.')) {
    const reached = /^packages\/([^/]+)\//.exec(posix.join(posix.dirname(path), specifier))
    if (reached === null || reached[1] === own) return undefined
    const built = specifier.includes('/dist/')
    if (path.startsWith('test/') && built && target !== undefined && openToTests.test(target))
      return undefined
    return `reaches past the door of @heddle/${reached[1]}; import the package by its name`
  }
  if (own === 'otp' && isShipped(path) && !specifier.startsWith('node:')) {
    return `otp imports @heddle/scheduler only, not ${specifier}`
  }
  return undefined
}

/**
 * A source file that no door, no worker and no test leads to.
 * @param {Tree} tree @returns {Finding[]}
 */
export function deadFileRule(tree) {
  const doors = new Set(tree.doors.values())
  const alive = new Set()
  /** @param {string} path */
  const visit = (path) => {
    if (alive.has(path)) return
    alive.add(path)
    for (const { target } of tree.files.get(path)?.imports ?? []) if (target !== undefined) visit(target)
  }
  for (const path of tree.files.keys()) {
    if (!isShipped(path) || doors.has(path) || path.endsWith('/worker/entry.ts')) visit(path)
  }
  return [...tree.files.keys()]
    .filter((path) => !alive.has(path))
    .map((path) => ({
      path,
      line: 1,
      rule: 'dead-file',
      reason: 'nothing leads here: no door, worker or test',
    }))
}
