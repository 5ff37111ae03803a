// Counts what vitest's JSON report tells. Run by itself, it prints them as one line: `N passed, N failed`.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './prepare.mjs'

/**
 * A run that left no report, or a file that failed before its first test, counts as a failure.
 * @param {string} path of the report, from the root
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function readResults(path = '.cache/test-results.json') {
  const file = join(root, path)
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 }
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const emptyFailures = report.testResults.filter(
    (/** @type {{ status: string, assertionResults: { status: string }[] }} */ each) =>
      each.status === 'failed' && !each.assertionResults.some(({ status }) => status === 'failed'),
  ).length
  const failed = report.numFailedTests + emptyFailures
  return {
    passed: report.numPassedTests,
    failed: report.success || failed > 0 ? failed : 1,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

function main() {
  const { passed, failed, skipped } = readResults()
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  process.exit(failed > 0 || passed === 0 ? 1 : 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
