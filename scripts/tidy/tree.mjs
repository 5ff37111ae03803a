// What the rules look at: a tree of parsed files, keyed by path from the root, and what each file imports.
//
// The tree is a plain value, so that a test can hand the rules a small one written in place, and see each fire.

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import ts from 'typescript'

/**
 * @typedef {{ specifier: string, line: number, kind: ImportKind, target: string | undefined }} Import
 *   target: the file of this tree that the specifier names, if any
 * @typedef {'value' | 'type' | 'url'} ImportKind
 *   type: erased. url: a file that is started, as a worker, not imported
 * @typedef {{ path: string, text: string, lines: string[], ast: ts.SourceFile, imports: Import[] }} File
 * @typedef {{ path: string, line: number, rule: string, reason: string }} Finding
 * @typedef {{ files: Map<string, File>, doors: Map<string, string> }} Tree
 *   doors: what may be imported by name ('@heddle/otp') -> its source file
 */

const codeRoots = ['packages', 'bench', 'test', 'examples', 'scripts']
const skipped = new Set(['node_modules', 'dist', 'coverage'])
const isCode = /\.(ts|mjs)$/

/** Reads every source file below the code folders of `root`. @param {string} root */
export function readSources(root) {
  /** @type {Record<string, string>} */
  const sources = {}
  /** @param {string} dir */
  const walk = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name)
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name) && !entry.name.startsWith('.')) walk(path)
      } else if (
        (isCode.test(entry.name) && !entry.name.endsWith('.d.ts')) ||
        entry.name === 'package.json'
      ) {
        sources[relative(root, path).split(sep).join('/')] = readFileSync(path, 'utf8')
      }
    }
  }
  const present = new Set(readdirSync(root))
  for (const dir of codeRoots) if (present.has(dir)) walk(join(root, dir))
  return sources
}

/** @param {Record<string, string>} sources path -> text; package.json files tell the doors @returns {Tree} */
export function parseTree(sources) {
  /** @type {Tree} */
  const tree = { files: new Map(), doors: new Map() }
  for (const [path, text] of Object.entries(sources)) {
    if (path.endsWith('package.json')) readDoors(tree, posix.dirname(path), JSON.parse(text))
    else tree.files.set(path, parseFile(path, text))
  }
  for (const file of tree.files.values()) {
    for (const item of file.imports) item.target = targetOf(tree, file.path, item.specifier)
  }
  return tree
}

/**
 * @param {Tree} tree @param {string} dir
 * @param {{ name: string, exports?: Record<string, string | { default: string }> }} manifest
 */
function readDoors(tree, dir, manifest) {
  for (const [key, entry] of Object.entries(manifest.exports ?? {})) {
    const path = typeof entry === 'string' ? entry : entry.default
    tree.doors.set(posix.join(manifest.name, key), posix.join(dir, toSource(path)))
  }
}

/** @param {string} path @param {string} text @returns {File} */
function parseFile(path, text) {
  const ast = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true)
  return { path, text, lines: text.split('\n'), ast, imports: importsOf(ast) }
}

/** The built file's source: dist/memory/ring.js -> src/memory/ring.ts. @param {string} path */
function toSource(path) {
  return path.replace(/(^|\/)dist\//, '$1src/').replace(/\.(d\.ts|js)$/, '.ts')
}

/** @param {Tree} tree @param {string} from @param {string} specifier */
function targetOf(tree, from, specifier) {
  if (!specifier.startsWith('.')) return tree.doors.get(specifier)
  const path = posix.join(posix.dirname(from), specifier)
  return [path, path.replace(/\.js$/, '.ts'), toSource(path)].find((each) => tree.files.has(each))
}

/** @param {ts.SourceFile} ast @returns {Import[]} */
function importsOf(ast) {
  /** @type {Import[]} */
  const found = []
  /** @param {ts.Expression | undefined} node @param {ImportKind} kind */
  const add = (node, kind) => {
    if (node === undefined || !ts.isStringLiteralLike(node)) return
    found.push({ specifier: node.text, line: lineOf(ast, node), kind, target: undefined })
  }
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) {
      const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      add(node.moduleSpecifier, isType ? 'type' : 'value')
    } else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly ? 'type' : 'value')
    else if (ts.isImportTypeNode(node)) {
      add(
        ts.isLiteralTypeNode(node.argument) ? /** @type {any} */ (node.argument.literal) : undefined,
        'type',
      )
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], 'value')
    } else if (ts.isNewExpression(node) && isFileUrl(node)) add(node.arguments?.[0], 'url')
    ts.forEachChild(node, visit)
  }
  visit(ast)
  return found
}

/** `new URL('./entry.js', import.meta.url)`: how a worker's file is named. @param {ts.NewExpression} node */
function isFileUrl(node) {
  return node.expression.getText() === 'URL' && node.arguments?.[1]?.getText() === 'import.meta.url'
}

/** @param {ts.SourceFile} ast @param {ts.Node} node line of the node's first token, from 1 */
export function lineOf(ast, node) {
  return ast.getLineAndCharacterOfPosition(node.getStart(ast)).line + 1
}

/** @param {string} path */
export const isTest = (path) => path.endsWith('.test.ts') || path.startsWith('test/')

/** Code that is shipped: a package's source, not its tests. @param {string} path */
export const isShipped = (path) => /^packages\/[^/]+\/src\//.test(path) && !isTest(path)
