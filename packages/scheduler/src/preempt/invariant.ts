/**
 * What a loop cannot change while it runs. A counted loop whose bound stays can be run a strip at a time by an inner
 * loop with one comparison, as fast as it was; whether the bound stays is seen here, from the text alone, and guarded at
 * run time where types matter (`i < n` converts `n`, and `n` might be a bigint).
 *
 * Names are compared, not bindings: where two variables of one name make that unsure, the answer is no.
 */

import type { Expression, Identifier, Program } from 'acorn'
import {
  type AnyNode,
  assignedBy,
  childrenOf,
  declaredBy,
  type FunctionNode,
  isClosure,
  isFunction,
  type Loop,
  walk,
} from './ast.ts'

/** What the names in a generator function stand for. */
export interface Names {
  /** Bound in the function itself: nobody else can assign them. */
  readonly local: ReadonlySet<string>
  /** Of those, the ones that functions inside it assign: at any time. */
  readonly assignedInside: ReadonlySet<string>
  /** Bound around it, once in the module and by `const`. */
  readonly constants: ReadonlySet<string>
}

export function namesIn(program: Program, generator: FunctionNode): Names {
  const local = new Set(declaredBy(generator))
  const assignedInside = new Set<string>()
  const visit = (node: AnyNode, isInside: boolean): void => {
    if (node.type === 'VariableDeclarator' && !isInside) for (const name of declaredBy(node)) local.add(name)
    if (isInside) for (const name of assignedBy(node)) assignedInside.add(name)
    for (const child of childrenOf(node)) visit(child, isInside || isClosure(child))
  }
  visit(generator.body, false)
  const outer = new Map<string, 'const' | 'other'>()
  walk(program, (node) => {
    if (node === generator) return false
    const isAround = node.start <= generator.start && generator.end <= node.end
    for (const [name, kind] of boundBy(node, isAround)) outer.set(name, outer.has(name) ? 'other' : kind)
    // What other functions call their variables is their own business.
    return !isClosure(node) || isAround
  })
  const constants = [...outer].filter(([name, kind]) => kind === 'const' && !local.has(name))
  for (const name of outer.keys()) local.delete(name)
  return { local, assignedInside, constants: new Set(constants.map(([name]) => name)) }
}

/** What this node binds where the generator may see it. `isAround`: it holds the generator. */
function boundBy(node: AnyNode, isAround: boolean): [name: string, kind: 'const' | 'other'][] {
  const others = (names: readonly string[]): [string, 'other'][] => names.map((name) => [name, 'other'])
  if (node.type === 'VariableDeclaration') {
    const kind = node.kind === 'const' ? 'const' : 'other'
    return node.declarations.flatMap(declaredBy).map((name) => [name, kind])
  }
  if (node.type === 'ImportDeclaration') return others(node.specifiers.map(({ local }) => local.name))
  const isNamed = isClosure(node) && 'id' in node && node.id?.type === 'Identifier'
  const own = isNamed ? [(node.id as Identifier).name] : []
  const inner = node.type !== 'VariableDeclarator' && (isAround || !isClosure(node)) ? declaredBy(node) : []
  return others([...own, ...inner])
}

/** Whether nothing in this loop, or called from it, gives this variable another value. */
export function isInvariantName(name: string, loop: Loop, names: Names): boolean {
  if (names.constants.has(name)) return true
  if (!names.local.has(name) || names.assignedInside.has(name)) return false
  // The head of a `for` is through when the first round begins.
  const parts = loop.type === 'ForStatement' ? [loop.test, loop.update, loop.body] : [loop]
  return parts.every((part) => part == null || !bindsOrAssigns(part, name))
}

export function bindsOrAssigns(code: AnyNode, name: string): boolean {
  let found = false
  walk(code, (node) => {
    const isBound = declaredBy(node).includes(name)
    found ||= isBound || assignedBy(node).includes(name)
    return !found
  })
  return found
}

/**
 * The condition, as source text, under which this expression is a number that stays as it is through the loop;
 * `''`: it always is; `undefined`: nobody knows. `isPure`: the loop's body calls nothing, so that no array gets shorter.
 */
export function guardOf(it: Expression, loop: Loop, names: Names, isPure: boolean): string | undefined {
  switch (it.type) {
    case 'Literal':
      return typeof it.value === 'number' ? '' : undefined
    case 'Identifier':
      return isInvariantName(it.name, loop, names) ? `typeof ${it.name} === 'number'` : undefined
    case 'MemberExpression': {
      const { object, property } = it
      const isLength = !it.computed && property.type === 'Identifier' && property.name === 'length'
      if (!isLength || !isPure || object.type !== 'Identifier' || !isInvariantName(object.name, loop, names))
        return undefined
      return `(Array.isArray(${object.name}) || ArrayBuffer.isView(${object.name}))`
    }
    case 'UnaryExpression':
      return it.operator === '-' ? guardOf(it.argument, loop, names, isPure) : undefined
    case 'ParenthesizedExpression':
      return guardOf(it.expression, loop, names, isPure)
    case 'BinaryExpression': {
      if (!/^[-+*/%]$/.test(it.operator) || it.left.type === 'PrivateIdentifier') return undefined
      const left = guardOf(it.left, loop, names, isPure)
      const right = guardOf(it.right, loop, names, isPure)
      if (left === undefined || right === undefined) return undefined
      return [left, right].filter((each) => each !== '').join(' && ')
    }
    default:
      return undefined
  }
}

/**
 * Whether this code calls nothing and writes to nothing but variables and numbered elements, so that no array that it
 * knows gets shorter. What getters and conversions do is not seen.
 */
export function isPureCode(code: AnyNode, counter: string): boolean {
  let isPure = true
  walk(code, (node) => {
    if (isFunction(node) || IMPURE.has(node.type)) isPure = false
    if (node.type === 'UnaryExpression' && node.operator === 'delete') isPure = false
    if (node.type === 'AssignmentExpression') isPure &&= isPureTarget(node.left, counter)
    if (node.type === 'UpdateExpression') isPure &&= isPureTarget(node.argument, counter)
    return isPure
  })
  return isPure
}

const IMPURE: ReadonlySet<string> = new Set([
  'CallExpression',
  'NewExpression',
  'ImportExpression',
  'TaggedTemplateExpression',
  'TemplateLiteral',
  'YieldExpression',
  'AwaitExpression',
  'SpreadElement',
  'ArrayPattern',
  'ObjectPattern',
  'ForOfStatement',
  'ForInStatement',
  'ClassDeclaration',
  'ClassExpression',
])

function isPureTarget(target: AnyNode, counter: string): boolean {
  if (target.type === 'Identifier') return true
  return target.type === 'MemberExpression' && target.computed && isNumeric(target.property, counter)
}

/** Surely a number, so not `'length'`. */
function isNumeric(it: AnyNode, counter: string): boolean {
  switch (it.type) {
    case 'Identifier':
      return it.name === counter
    case 'Literal':
      return typeof it.value === 'number'
    case 'BinaryExpression':
      if (/^([-*/%&|^]|<<|>>>?)$/.test(it.operator)) return true
      return it.operator === '+' && isNumeric(it.left, counter) && isNumeric(it.right, counter)
    default:
      return false
  }
}
