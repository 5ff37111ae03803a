/**
 * The syntax tree, as acorn gives it, and the few questions that are asked of it. Walking goes over a node's own
 * properties rather than by node types: what a later version of the language adds is then walked, too.
 */

import type {
  AnonymousFunctionDeclaration,
  AnyNode,
  ArrowFunctionExpression,
  DoWhileStatement,
  ForInStatement,
  ForOfStatement,
  ForStatement,
  FunctionDeclaration,
  FunctionExpression,
  Identifier,
  WhileStatement,
} from 'acorn'

export type { AnyNode }

export type FunctionNode = FunctionDeclaration | FunctionExpression | AnonymousFunctionDeclaration

export type Loop = ForStatement | WhileStatement | DoWhileStatement | ForOfStatement | ForInStatement

const LOOPS: ReadonlySet<string> = new Set([
  'ForStatement',
  'WhileStatement',
  'DoWhileStatement',
  'ForOfStatement',
  'ForInStatement',
])

const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
])

export function isLoop(node: AnyNode): node is Loop {
  return LOOPS.has(node.type)
}

export function isFunction(node: AnyNode): node is FunctionNode | ArrowFunctionExpression {
  return FUNCTIONS.has(node.type)
}

/** A function or a class: code that may run at another time, and what stands in it is not its surroundings'. */
export function isClosure(node: AnyNode): boolean {
  return isFunction(node) || node.type === 'ClassDeclaration' || node.type === 'ClassExpression'
}

/** A generator whose consumer might be the kernel. */
export function isGenerator(node: AnyNode): node is FunctionNode {
  return (
    (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression') &&
    node.generator &&
    !node.async
  )
}

export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = []
  for (const value of Object.values(node) as unknown[]) {
    if (Array.isArray(value)) {
      for (const each of value) if (isNode(each)) children.push(each)
    } else if (isNode(value)) {
      children.push(value)
    }
  }
  return children
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as AnyNode).type === 'string'
}

/** Visits a node and all below it; where `visit` returns false it goes no deeper. */
export function walk(node: AnyNode, visit: (node: AnyNode) => boolean | void): void {
  if (visit(node) === false) return
  for (const child of childrenOf(node)) walk(child, visit)
}

/** Whether one of `kinds` stands in this node, in its own code: what is in functions below it does not count. */
export function contains(node: AnyNode, test: (node: AnyNode) => boolean): boolean {
  let found = false
  walk(node, (each) => {
    found ||= test(each)
    return !found && !(each !== node && isClosure(each))
  })
  return found
}

/** The identifiers that a pattern binds or assigns. Members that it assigns to have none. */
export function targetsOf(pattern: AnyNode): Identifier[] {
  switch (pattern.type) {
    case 'Identifier':
      return [pattern]
    case 'ArrayPattern':
      return pattern.elements.flatMap((each) => (each === null ? [] : targetsOf(each)))
    case 'ObjectPattern':
      return pattern.properties.flatMap((each) =>
        targetsOf(each.type === 'RestElement' ? each.argument : each.value),
      )
    case 'AssignmentPattern':
      return targetsOf(pattern.left)
    case 'RestElement':
      return targetsOf(pattern.argument)
    default:
      return []
  }
}

export function namesOf(pattern: AnyNode): string[] {
  return targetsOf(pattern).map(({ name }) => name)
}

/** The identifiers that this node itself assigns, after they were declared. */
export function assignedBy(node: AnyNode): Identifier[] {
  switch (node.type) {
    case 'AssignmentExpression':
      return targetsOf(node.left)
    case 'UpdateExpression':
      return targetsOf(node.argument)
    case 'ForOfStatement':
    case 'ForInStatement':
      return node.left.type === 'VariableDeclaration' ? [] : targetsOf(node.left)
    default:
      return []
  }
}

/** The names that this node itself declares. */
export function declaredBy(node: AnyNode): string[] {
  switch (node.type) {
    case 'VariableDeclarator':
      return namesOf(node.id)
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return node.params.flatMap(namesOf)
    case 'CatchClause':
      return node.param == null ? [] : namesOf(node.param)
    default:
      return []
  }
}

/** The strings that a body begins with: `'use strict'` and the like. */
export function directivesOf(body: readonly AnyNode[]): string[] {
  const found: string[] = []
  for (const node of body) {
    if (node.type !== 'ExpressionStatement' || typeof node.directive !== 'string') break
    found.push(node.directive)
  }
  return found
}
