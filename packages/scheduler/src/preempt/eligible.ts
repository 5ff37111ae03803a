/**
 * Which generator functions may be instrumented: those that nobody but a kernel, or another of them, ever iterates. An
 * instrumented generator yields questions, which a `for…of` or a spread in ordinary code would take for its values.
 *
 * The rule, all of it visible in the module itself:
 *
 * 1. *Callbacks*: generator functions that are properties, at any depth, of an object literal that is passed to a
 *    function of Heddle's along with `import.meta.url`; and the main function of `simulate`. Nobody else can reach them.
 *    A literal whose callbacks use `this` may reach its own: unless each use is `yield* this.name(…)`, none counts.
 * 2. *Helpers*: a generator function with a name that is declared once in the module, is never assigned nor exported, and
 *    of which every use is `yield* name(…)` in a function that is instrumented.
 * 3. *Marked*: those that begin with `'use preempt'`, or all of a module that does. Their author says so.
 *
 * One that begins with `'no preempt'` is left alone, whatever else is true of it.
 */

import type { CallExpression, Expression, Identifier, ObjectExpression, Program } from 'acorn'
import { fullAncestor } from 'acorn-walk'
import { type AnyNode, declaredBy, directivesOf, type FunctionNode, isFunction, isGenerator } from './ast.ts'

const USE = 'use preempt'
const NO = 'no preempt'

interface Use {
  readonly name: string
  /** From the module down to the identifier itself. */
  readonly path: readonly AnyNode[]
}

interface Module {
  readonly program: Program
  readonly generators: FunctionNode[]
  readonly calls: CallExpression[]
  readonly uses: Use[]
  readonly declarationCounts: ReadonlyMap<string, number>
  readonly exported: ReadonlySet<string>
  /** By local name. */
  readonly imports: ReadonlyMap<string, { readonly source: string; readonly name: string }>
  /** Constants that hold `import.meta.url`. */
  readonly urls: ReadonlySet<string>
}

/** @returns generator functions, in the order in which they stand in the module */
export function eligibleFunctions(program: Program): readonly FunctionNode[] {
  const module = readModule(program)
  const chosen = new Set<FunctionNode>()
  const isWhole = directivesOf(program.body).includes(USE)
  for (const each of module.generators) if (isWhole || isMarked(each, USE)) chosen.add(each)
  for (const call of module.calls) for (const each of callbacksOf(module, call)) chosen.add(each)
  for (const each of chosen) if (isMarked(each, NO)) chosen.delete(each)
  addHelpers(module, chosen)
  return module.generators.filter((each) => chosen.has(each))
}

function isMarked({ body }: FunctionNode, directive: string): boolean {
  return directivesOf(body.body).includes(directive)
}

// ---- what is in the module ----

function readModule(program: Program): Module {
  const generators: FunctionNode[] = []
  const calls: CallExpression[] = []
  const uses: Use[] = []
  const declarationCounts = new Map<string, number>()
  const urls = new Set<string>()
  const count = (name: string): void => {
    declarationCounts.set(name, (declarationCounts.get(name) ?? 0) + 1)
  }
  fullAncestor(program, (node, _state, ancestors, type) => {
    const it = node as AnyNode
    for (const name of declaredBy(it)) count(name)
    const id = ownNameOf(it)
    if (id !== undefined) count(id)
    if (isGenerator(it)) generators.push(it)
    if (it.type === 'CallExpression') calls.push(it)
    // Places where a name is bound are no uses; where it is assigned anew (also a pattern), it is one.
    if (it.type === 'Identifier' && (type !== 'VariablePattern' || !isDeclared(ancestors as AnyNode[], it)))
      uses.push({ name: it.name, path: [...(ancestors as AnyNode[])] })
    if (it.type === 'VariableDeclaration' && it.kind === 'const')
      for (const { id, init } of it.declarations)
        if (id.type === 'Identifier' && init != null && isMetaUrl(init)) urls.add(id.name)
  })
  generators.sort((a, b) => a.start - b.start)
  const { imports, exported } = readDoors(program)
  for (const name of imports.keys()) count(name)
  return { program, generators, calls, uses, declarationCounts, exported, imports, urls }
}

function ownNameOf(node: AnyNode): string | undefined {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ClassDeclaration':
    case 'ClassExpression':
      return node.id?.name
    default:
      return undefined
  }
}

/** Whether this identifier, which stands in a pattern, is bound there for the first time. */
function isDeclared(path: readonly AnyNode[], identifier: Identifier): boolean {
  for (let index = path.length - 2; index >= 0; index--) {
    const node = path[index] as AnyNode
    if (declaredBy(node).includes(identifier.name) || ownNameOf(node) === identifier.name) return true
    if (node.type === 'AssignmentExpression' || node.type === 'BlockStatement') return false
  }
  return false
}

function readDoors(program: Program): Pick<Module, 'imports' | 'exported'> {
  const imports = new Map<string, { source: string; name: string }>()
  const exported = new Set<string>()
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') {
      const source = String(node.source.value)
      for (const each of node.specifiers) {
        const name = each.type === 'ImportSpecifier' ? nameOfKey(each.imported) : '*'
        imports.set(each.local.name, { source, name: name ?? '*' })
      }
    } else if (node.type === 'ExportNamedDeclaration') {
      for (const { local } of node.specifiers) exported.add(nameOfKey(local) ?? '')
      const { declaration } = node
      if (declaration?.type === 'VariableDeclaration')
        for (const each of declaration.declarations) for (const name of declaredBy(each)) exported.add(name)
      else if (declaration != null) exported.add(declaration.id.name)
    } else if (node.type === 'ExportDefaultDeclaration') {
      const name = ownNameOf(node.declaration as AnyNode)
      if (name !== undefined) exported.add(name)
    }
  }
  return { imports, exported }
}

function nameOfKey(node: AnyNode): string | undefined {
  if (node.type === 'Identifier') return node.name
  return node.type === 'Literal' ? String(node.value) : undefined
}

function isMetaUrl(node: AnyNode): boolean {
  return (
    node.type === 'MemberExpression' &&
    node.object.type === 'MetaProperty' &&
    !node.computed &&
    nameOfKey(node.property) === 'url'
  )
}

// ---- callbacks ----

function callbacksOf(module: Module, call: CallExpression): FunctionNode[] {
  const callee = importedCallee(module, call.callee)
  if (callee === undefined || !/^@heddle\//.test(callee.source)) return []
  const [first, ...others] = call.arguments
  if (first === undefined) return []
  if (callee.name === 'simulate' && others[0] !== undefined && isGenerator(others[0])) return [others[0]]
  const isUrl =
    isMetaUrl(first) ||
    (first.type === 'Identifier' &&
      module.urls.has(first.name) &&
      module.declarationCounts.get(first.name) === 1)
  if (!isUrl) return []
  return others.flatMap((each) =>
    each.type === 'ObjectExpression' && reachesItselfByYieldStarOnly(each) ? generatorsIn(each) : [],
  )
}

function importedCallee(module: Module, callee: AnyNode): { source: string; name: string } | undefined {
  if (callee.type === 'Identifier' && module.declarationCounts.get(callee.name) === 1)
    return module.imports.get(callee.name)
  // `import * as heddle`
  if (callee.type !== 'MemberExpression' || callee.computed || callee.object.type !== 'Identifier')
    return undefined
  const space = module.imports.get(callee.object.name)
  const name = nameOfKey(callee.property)
  return space?.name === '*' && name !== undefined ? { source: space.source, name } : undefined
}

function generatorsIn(literal: ObjectExpression): FunctionNode[] {
  return literal.properties.flatMap((property) => {
    // A getter's value is made by its caller's caller: who knows.
    if (property.type !== 'Property' || property.kind !== 'init') return []
    const value = property.value as Expression
    if (isGenerator(value)) return [value]
    return value.type === 'ObjectExpression' ? generatorsIn(value) : []
  })
}

/** `this` in a literal's methods is the literal, by which its generators could be had and iterated. */
function reachesItselfByYieldStarOnly(literal: ObjectExpression): boolean {
  let isSound = true
  fullAncestor(literal, (node, _state, ancestors) => {
    if (node.type !== 'ThisExpression') return
    const path = ancestors as AnyNode[]
    const [yielded, call, member] = path.slice(-4)
    const user = path.findLast(isFunction)
    const isDelegated =
      user !== undefined &&
      isGenerator(user) &&
      yielded?.type === 'YieldExpression' &&
      yielded.delegate &&
      call?.type === 'CallExpression' &&
      member?.type === 'MemberExpression' &&
      call.callee === member &&
      !member.computed
    if (!isDelegated) isSound = false
  })
  return isSound
}

// ---- helpers ----

/** Until nothing changes: whoever has lost a user that counts does not count either. */
function addHelpers(module: Module, chosen: Set<FunctionNode>): void {
  const helpers = new Map<string, FunctionNode>()
  for (const each of module.generators) {
    const name = helperName(module, each)
    if (name === undefined || chosen.has(each) || isMarked(each, NO)) continue
    if (module.exported.has(name) || module.declarationCounts.get(name) !== 1) continue
    helpers.set(name, each)
    chosen.add(each)
  }
  for (let isStable = false; !isStable; ) {
    isStable = true
    for (const [name, helper] of helpers) {
      const uses = module.uses.filter((use) => use.name === name)
      if (uses.length > 0 && uses.every((use) => isDelegation(use, chosen))) continue
      helpers.delete(name)
      chosen.delete(helper)
      isStable = false
    }
  }
}

/** The name by which alone this function can be had: a declaration's, or that of the constant that holds it. */
function helperName(module: Module, generator: FunctionNode): string | undefined {
  if (generator.type === 'FunctionDeclaration') return generator.id?.name
  return constantOf(module.program, generator)
}

function constantOf(program: Program, generator: FunctionNode): string | undefined {
  let name: string | undefined
  fullAncestor(program, (node, _state, ancestors) => {
    if (node !== generator) return
    const [declaration, declarator] = (ancestors as AnyNode[]).slice(-3)
    if (
      declaration?.type === 'VariableDeclaration' &&
      declaration.kind === 'const' &&
      declarator?.type === 'VariableDeclarator' &&
      declarator.id.type === 'Identifier' &&
      generator.id == null
    )
      name = declarator.id.name
  })
  return name
}

/** `yield* name(…)`, in a function that is instrumented. */
function isDelegation({ path }: Use, chosen: ReadonlySet<FunctionNode>): boolean {
  const [yielded, call, identifier] = path.slice(-3)
  if (yielded?.type !== 'YieldExpression' || !yielded.delegate) return false
  if (call?.type !== 'CallExpression' || call.callee !== identifier || yielded.argument !== call) return false
  const user = path.findLast(
    (node) => node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression',
  )
  return user !== undefined && chosen.has(user as FunctionNode)
}
