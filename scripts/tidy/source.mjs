// Rules on one file at a time: banned calls, module state, switched-off tests, lengths, names.

import ts from 'typescript'
import { isShipped, isTest, lineOf } from './tree.mjs'

/**
 * @typedef {import('./tree.mjs').File} File
 * @typedef {import('./tree.mjs').Finding} Finding
 * @typedef {{ names: string[], applies: (path: string) => boolean, reason: string }} Ban
 */

export const limits = { functionLines: 70, fileLines: 500, fileLinesAim: 250 }

const isLowFloor = (/** @type {string} */ path) =>
  /^packages\/scheduler\/src\/(memory|term|process|kernel)\//.test(path)

// A dotted name is banned wherever it is read; a bare one wherever it is used as a value.
/** @type {Ban[]} */
const bans = [
  {
    names: ['Date.now', 'performance.now', 'Math.random', 'process.hrtime', 'setTimeout', 'setInterval'],
    applies: isLowFloor,
    reason: 'time, randomness and wake-up come in from outside: take them as a parameter',
  },
  {
    names: ['setImmediate', 'queueMicrotask', 'process.nextTick'],
    applies: (path) => isLowFloor(path) && isShipped(path),
    reason: 'wake-up comes in from outside: take it as a parameter',
  },
  {
    names: ['Math.random'],
    applies: isTest,
    reason: 'a random test must be repeatable: use fast-check, which prints its seed',
  },
  {
    names: ['Atomics.wait', 'Atomics.waitAsync', 'Atomics.notify'],
    applies: (path) => isShipped(path) && path !== 'packages/scheduler/src/memory/park.ts',
    reason: 'sleeping and waking go through memory/park.ts, which knows who is parked',
  },
  {
    names: ['console.*'],
    applies: (path) => isShipped(path) && !/^packages\/(scheduler\/src\/vm|bench\/src)\//.test(path),
    reason: 'a library does not write to the console: report it as an event, or return it',
  },
  {
    names: ['eval', 'Function'],
    applies: isShipped,
    reason: 'code is loaded as modules; write a closure instead of source text',
  },
]

const unfinished = new RegExp(
  `\\b(${['TO', 'FIX', 'X'].map((a, i) => a + ['DO', 'ME', 'XX'][i]).join('|')})\\b`,
)
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/

/** @param {File} file @returns {Finding[]} */
export function sourceRules(file) {
  /** @type {Finding[]} */
  const found = []
  /** @param {number} line @param {string} rule @param {string} reason */
  const report = (line, rule, reason) => found.push({ path: file.path, line, rule, reason })
  textRules(file, report)
  moduleStateRule(file, report)
  const active = bans.filter((ban) => ban.applies(file.path))
  /** @param {ts.Node} node */
  const visit = (node) => {
    banRule(file, node, active, report)
    if (isTest(file.path)) testSwitchRule(file, node, report)
    else functionLengthRule(file, node, report)
    ts.forEachChild(node, visit)
  }
  visit(file.ast)
  return found
}

/** @typedef {(line: number, rule: string, reason: string) => void} Report */

/** @param {File} file @param {Report} report */
function textRules({ path, lines, text }, report) {
  const names = path.split('/')
  if (!names.every((name) => kebabCase.test(name)))
    report(1, 'file-name', 'file and folder names are kebab-case')
  const length = lineCountOf(text)
  if (length > limits.fileLines) {
    report(1, 'file-length', `${length} lines; split it by concept (limit ${limits.fileLines})`)
  }
  const isDoor = /^packages\/[^/]+\/src\/[^/]+$/.test(path)
  if (isShipped(path) && !isDoor && !/^(#!.*\n)?\s*\/[/*]/.test(text)) {
    report(1, 'header', 'a file opens with a comment: its nouns, and why this design')
  }
  for (const [index, line] of lines.entries()) {
    if (unfinished.test(line))
      report(index + 1, 'unfinished', 'finish it, or write down elsewhere that it is left')
  }
}

/** @param {string} text */
export const lineCountOf = (text) => text.replace(/\n$/, '').split('\n').length

/** @param {ts.Node} node @returns {string} what the node reads, when it is the use of a name */
function usedName(node) {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    return node.getText().replace(/\s/g, '').replace('?.', '.')
  }
  if (!ts.isIdentifier(node)) return ''
  const parent = /** @type {ts.Node & { name?: ts.Node, propertyName?: ts.Node }} */ (node.parent)
  const isName = parent.name === node && parent.kind !== ts.SyntaxKind.ShorthandPropertyAssignment
  const isOnlyName = isName || parent.propertyName === node
  const isType = ts.isTypeReferenceNode(parent) || ts.isTypeQueryNode(parent)
  return isOnlyName || isType ? '' : node.text
}

/** @param {File} file @param {ts.Node} node @param {Ban[]} active @param {Report} report */
function banRule(file, node, active, report) {
  const name = usedName(node).replace(/^globalThis\./, '')
  if (name === '' || active.length === 0) return
  const ban = active.find(({ names }) =>
    names.some((each) => each === name || (each.endsWith('.*') && name.startsWith(each.slice(0, -1)))),
  )
  // `x instanceof Function` asks a question; only making one from text is banned.
  if (name === 'Function' && !ts.isNewExpression(node.parent) && !ts.isCallExpression(node.parent)) return
  if (ban !== undefined) report(lineOf(file.ast, node), 'banned', `${name}: ${ban.reason}`)
}

const mutableKinds = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array'])

/**
 * Module-level state would be shared by all kernels of one thread, and the simulator runs many there.
 * @param {File} file @param {Report} report
 */
function moduleStateRule({ path, ast }, report) {
  const covered = /^packages\/scheduler\/src\/(memory|process|kernel)\//.test(path) && isShipped(path)
  if (!covered || /\/process\/(define|via)\.ts$/.test(path)) return
  for (const statement of ast.statements) {
    if (!ts.isVariableStatement(statement)) continue
    const isConst = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0
    for (const { initializer, type } of statement.declarationList.declarations) {
      const made = initializer !== undefined && ts.isNewExpression(initializer)
      const mutable = made && mutableKinds.has(initializer.expression.getText())
      if (isConst && (!mutable || /^(Readonly|readonly)/.test(type?.getText() ?? ''))) continue
      const reason = 'no mutable state in a module: put it in the object that owns it, or type it as Readonly'
      report(lineOf(ast, statement), 'module-state', reason)
    }
  }
}

/** @param {File} file @param {ts.Node} node @param {Report} report */
function testSwitchRule({ ast, lines }, node, report) {
  if (!ts.isPropertyAccessExpression(node)) return
  if (!/^(test|it|describe|bench|suite)\b/.test(node.getText())) return
  const line = lineOf(ast, node)
  const name = node.name.text
  if (['only', 'skip', 'todo', 'fails'].includes(name)) {
    report(
      line,
      'switched-off',
      `.${name}: every test runs; one that cannot run somewhere says .skipIf and why`,
    )
  }
  if (['skipIf', 'runIf'].includes(name)) {
    const explained = [line - 1, line].some((each) => (lines[each - 1] ?? '').includes('//'))
    if (!explained)
      report(line, 'switched-off', `.${name}: say why in a comment on this line or the one before`)
  }
}

/** @param {File} file @param {ts.Node} node @param {Report} report */
function functionLengthRule({ ast }, node, report) {
  if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return
  const first = lineOf(ast, node)
  const length = ast.getLineAndCharacterOfPosition(node.end).line + 2 - first
  if (length <= limits.functionLines) return
  report(first, 'function-length', `${length} lines; split it (limit ${limits.functionLines})`)
}
