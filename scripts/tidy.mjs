// `npm run tidy [-- --verbose]`: this project's own rules, held by code. Each rule stands with its reason in
// scripts/tidy/; test/tidy.test.ts shows each of them firing.

import { fileURLToPath } from 'node:url'
import { root } from './prepare.mjs'
import { cycleRule, deadFileRule, doorRule, floorRule } from './tidy/imports.mjs'
import { limits, lineCountOf, sourceRules } from './tidy/source.mjs'
import { parseTree, readSources } from './tidy/tree.mjs'

/**
 * @param {Record<string, string>} sources path from the root -> text
 * @returns {import('./tidy/tree.mjs').Finding[]} in order of path and line
 */
export function tidy(sources) {
  const tree = parseTree(sources)
  const found = [floorRule, cycleRule, doorRule, deadFileRule].flatMap((rule) => rule(tree))
  for (const file of tree.files.values()) found.push(...sourceRules(file))
  return found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line))
}

function main() {
  const sources = readSources(root)
  const found = tidy(sources)
  for (const { path, line, rule, reason } of found)
    process.stdout.write(`${path}:${line} [${rule}] ${reason}\n`)
  if (process.argv.includes('--verbose')) {
    for (const [path, text] of Object.entries(sources)) {
      const length = lineCountOf(text)
      if (length > limits.fileLinesAim) process.stdout.write(`${path}: ${length} lines, over the aim\n`)
    }
  }
  process.stdout.write(`tidy: ${Object.keys(sources).length} files, ${found.length} findings\n`)
  process.exit(found.length > 0 ? 1 : 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
