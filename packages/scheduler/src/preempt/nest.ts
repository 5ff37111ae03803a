/**
 * Which loops can be moved into a plain function, which is left where a strip of rounds ends and entered again, there
 * where it was left: a *nest*, a loop with all the loops in it. V8 knows the types of variables in such a function; in a
 * generator, after a `yield`, it does not.
 *
 * The function is left before a round of any of its loops, so what lives longer than a round must live outside of it:
 * it is given the generator's variables and gives back those that it has changed. Variables of its own that live while
 * an inner loop runs are *lifted*: they become such variables, too. The rule is that nobody can tell the difference:
 *
 * - nothing in it yields, and between the loops stand blocks, `if`, labels and `try…catch` alone: no `finally`, which
 *   would run each time, no `switch`, no `for…in`, which nobody can continue;
 * - a variable that is passed has a value by then, and no closure sees it: others are left where they are, and found
 *   there, which is as right, but slower;
 * - a lifted variable is one for all rounds, so no closure sees it, and all uses stand behind its declaration;
 * - no two variables of one name meet in one place;
 * - jumps can be moved (see `jumps.ts`).
 */

import type { ForOfStatement, VariableDeclaration } from 'acorn'
import {
  type AnyNode,
  childrenOf,
  contains,
  isClosure,
  isLoop,
  type Loop,
  namesOf,
  targetsOf,
  walk,
} from './ast.ts'
import { type Jump, jumpsOf } from './jumps.ts'
import type { Scopes, Variable } from './scope.ts'

export interface NestLoop {
  /** From 1, in the order of the text. */
  readonly id: number
  /** Of the last loop in it; its own: it has none. */
  readonly lastId: number
  readonly units: number
  readonly labels: readonly string[]
  /** Where it begins, labels and all. */
  readonly start: number
}

export interface Nest {
  readonly root: Loop
  readonly loops: ReadonlyMap<Loop, NestLoop>
  /** The loops, and what stands between them. */
  readonly holders: ReadonlySet<AnyNode>
  readonly jumps: readonly Jump[]
  /** Variables of the generator that it is given. */
  readonly given: readonly string[]
  /** Those of its own that become the generator's. */
  readonly lifted: readonly string[]
  /** Those of both that it gives back. */
  readonly changed: readonly string[]
  /** Those of them that may hold numbers, for all that can be seen. */
  readonly numeric: readonly string[]
  /** What it declares by `var`. */
  readonly vars: readonly string[]
  /** Whether what it throws may be caught in the generator. */
  readonly isInTry: boolean
  /** Whether it uses nothing that one activation of the generator has, and another not, but what it is given. */
  readonly isSelfContained: boolean
}

export interface NestPlace {
  readonly scopes: Scopes
  /** Loops that are left alone, and not left. */
  readonly small: ReadonlySet<Loop>
  readonly unitsOf: (loop: Loop) => number
  readonly isInTry: boolean
}

export function nestOf(
  root: Loop,
  labels: readonly string[],
  start: number,
  place: NestPlace,
): Nest | undefined {
  if (place.scopes.isOpaque) return undefined
  if (contains(root, (node) => node.type === 'YieldExpression' || node.type === 'FunctionDeclaration'))
    return undefined
  const { loops, holders } = loopsIn(root, labels, start, place)
  if (![...holders].every((each) => isPassable(each, holders, loops))) return undefined
  const jumps = jumpsOf(root, labels)
  const names = namesIn(root, loops, holders, place.scopes)
  if (jumps === undefined || names === undefined) return undefined
  const isOwn = (node: AnyNode): boolean => !OTHERS.has(node.type)
  let isSelfContained = names.isSelfContained
  walk(root, (node) => {
    isSelfContained &&= isOwn(node)
  })
  return { root, loops, holders, jumps, isInTry: place.isInTry, ...names, isSelfContained }
}

/** `this` and the like; `import.meta` is among them and does no harm. */
const OTHERS: ReadonlySet<string> = new Set(['ThisExpression', 'Super', 'MetaProperty', 'PrivateIdentifier'])

// ---- the loops, and what is between them ----

function loopsIn(
  root: Loop,
  rootLabels: readonly string[],
  rootStart: number,
  { small, unitsOf }: NestPlace,
): { loops: Map<Loop, NestLoop>; holders: Set<AnyNode> } {
  const loops = new Map<Loop, NestLoop>()
  const holders = new Set<AnyNode>()
  let lastId = 0
  const visit = (node: AnyNode, labels: readonly string[], start: number): boolean => {
    if (isClosure(node)) return false
    let holds = false
    const id = isLoop(node) && !small.has(node) ? ++lastId : undefined
    const isLabel = node.type === 'LabeledStatement'
    for (const child of childrenOf(node)) {
      const below = isLabel ? [...labels, node.label.name] : []
      holds = visit(child, below, isLabel ? start : child.start) || holds
    }
    if (id !== undefined) loops.set(node as Loop, { id, lastId, units: unitsOf(node as Loop), labels, start })
    if (holds) holders.add(node)
    return holds || id !== undefined
  }
  visit(root, rootLabels, rootStart)
  for (const loop of loops.keys()) holders.add(loop)
  return { loops, holders }
}

/** Whether this, which has loops in it, or is one, can be gone through to where the function was left. */
function isPassable(
  node: AnyNode,
  holders: ReadonlySet<AnyNode>,
  loops: ReadonlyMap<Loop, NestLoop>,
): boolean {
  switch (node.type) {
    case 'BlockStatement':
      return node.body.every((each) => each.type !== 'ClassDeclaration' && !isUsing(each))
    case 'TryStatement':
      return node.finalizer == null && (node.handler == null || !holders.has(node.handler))
    case 'IfStatement':
    case 'LabeledStatement':
      return true
    case 'ForOfStatement':
      return loops.has(node) && !isUsing(node.left) && !hidesItsSource(node)
    case 'ForStatement':
      return loops.has(node) && (node.init == null || !isUsing(node.init))
    case 'WhileStatement':
    case 'DoWhileStatement':
      return loops.has(node)
    default:
      return false
  }
}

function isUsing(node: AnyNode): boolean {
  return node.type === 'VariableDeclaration' && !/^(?:var|let|const)$/.test(node.kind)
}

/** `for (const x of x)`, where the second is another's, or an error that must stay one. */
function hidesItsSource({ left, right }: ForOfStatement): boolean {
  if (left.type !== 'VariableDeclaration') return false
  const bound = new Set(left.declarations.flatMap(({ id }) => namesOf(id)))
  let hides = false
  walk(right, (node) => {
    hides ||= node.type === 'Identifier' && bound.has(node.name)
  })
  return hides
}

// ---- variables ----

function namesIn(
  root: Loop,
  loops: ReadonlyMap<Loop, NestLoop>,
  holders: ReadonlySet<AnyNode>,
  { uses, variablesOf }: Scopes,
): Pick<Nest, 'given' | 'lifted' | 'changed' | 'numeric' | 'vars' | 'isSelfContained'> | undefined {
  const lifted = new Set([...holders].filter((each) => isLifting(each, loops)).flatMap(variablesOf))
  const given = new Set<Variable>()
  const changed = new Set<Variable>(lifted)
  const left = new Set<string>()
  const vars = varsIn(root)
  let isSelfContained = true
  for (const variable of lifted) if (!canBeLifted(variable)) return undefined
  for (const { node, isWrite, variable } of uses) {
    if (!isIn(node, root)) continue
    if (isWrite && variable?.kind === 'const') return undefined
    if (variable === undefined) left.add(node.name)
    else if (lifted.has(variable) || isIn(variable.owner, root)) continue
    else if (canBeGiven(variable, root)) {
      given.add(variable)
      if (isWrite) changed.add(variable)
    } else if (vars.has(variable.name)) {
      return undefined
    } else {
      left.add(node.name)
      isSelfContained = false
    }
  }
  if (!areApart([...lifted], [...given], left)) return undefined
  const names = (variables: Iterable<Variable>): string[] => [
    ...new Set([...variables].map(({ name }) => name)),
  ]
  const objects = namesOfObjects(root)
  return {
    given: names(given),
    lifted: names(lifted),
    changed: names(changed),
    numeric: names(changed).filter((name) => !objects.has(name)),
    vars: [...vars],
    isSelfContained,
  }
}

/** Whether the variables that this has live on while the function is left. Those of a loop's body do only if it has loops. */
function isLifting(node: AnyNode, loops: ReadonlyMap<Loop, NestLoop>): boolean {
  if (node.type === 'ForStatement' || node.type === 'BlockStatement') return true
  if (node.type !== 'ForOfStatement') return false
  const loop = loops.get(node)
  return loop !== undefined && loop.id < loop.lastId
}

function canBeLifted({ kind, isCaptured, uses, readyAt }: Variable): boolean {
  if ((kind !== 'let' && kind !== 'const') || isCaptured) return false
  return uses.every(({ node, isWrite }) => node.start >= readyAt && !(isWrite && kind === 'const'))
}

function canBeGiven({ kind, isCaptured, owner, readyAt }: Variable, root: Loop): boolean {
  return kind !== 'other' && !isCaptured && readyAt <= root.start && owner.type !== 'SwitchStatement'
}

function areApart(
  lifted: readonly Variable[],
  given: readonly Variable[],
  left: ReadonlySet<string>,
): boolean {
  if ([...lifted, ...given].some(({ name }) => left.has(name))) return false
  const isShared = (a: Variable, b: Variable): boolean => a !== b && a.name === b.name
  if (given.some((a) => [...given, ...lifted].some((b) => isShared(a, b)))) return false
  return !lifted.some((a) => lifted.some((b) => isShared(a, b) && isIn(a.owner, b.owner)))
}

function isIn(node: AnyNode, place: AnyNode): boolean {
  return place.start <= node.start && node.end <= place.end
}

function varsIn(root: Loop): Set<string> {
  const names = new Set<string>()
  const visit = (node: AnyNode): void => {
    if (isClosure(node)) return
    if (node.type === 'VariableDeclaration' && node.kind === 'var')
      for (const name of (node as VariableDeclaration).declarations.flatMap(({ id }) => namesOf(id)))
        names.add(name)
    for (const child of childrenOf(node)) visit(child)
  }
  visit(root)
  return names
}

/** Names that are only ever given what is no number. */
function namesOfObjects(root: Loop): Set<string> {
  const objects = new Set<string>()
  const others = new Set<string>()
  walk(root, (node) => {
    if (node.type === 'VariableDeclarator' && node.init != null) {
      const isObject = node.id.type === 'Identifier' && OBJECTS.has(node.init.type)
      for (const name of namesOf(node.id)) (isObject ? objects : others).add(name)
    } else if (node.type === 'AssignmentExpression') {
      const isObject =
        node.operator === '=' && node.left.type === 'Identifier' && OBJECTS.has(node.right.type)
      for (const { name } of targetsOf(node.left)) (isObject ? objects : others).add(name)
    } else if (node.type === 'UpdateExpression') {
      for (const { name } of targetsOf(node.argument)) others.add(name)
    }
  })
  for (const name of others) objects.delete(name)
  return objects
}

const OBJECTS: ReadonlySet<string> = new Set([
  'ArrayExpression',
  'ArrowFunctionExpression',
  'ClassExpression',
  'FunctionExpression',
  'NewExpression',
  'ObjectExpression',
  'TemplateLiteral',
])
