/**
 * Which variable each name in a generator function stands for. Moving a loop into a function of its own is right only if
 * it is known of each name in it whether it is a variable of the generator, who else can see that one, who changes it, and
 * whether it has a value by then.
 *
 * `var` and parameters belong to the function, all else to the block, loop, `switch` or `catch` it stands in. What is not
 * found in the generator is somebody else's. Names of labels, properties and so on are no uses.
 */

import type { Identifier, VariableDeclaration } from 'acorn'
import {
  type AnyNode,
  assignedBy,
  childrenOf,
  type FunctionNode,
  isClosure,
  isFunction,
  targetsOf,
} from './ast.ts'

export interface Variable {
  readonly name: string
  readonly kind: 'var' | 'let' | 'const' | 'other'
  /** What it belongs to: a function, a block, a loop, … */
  readonly owner: AnyNode
  /** From here on in the text it has a value, wherever its owner's code goes straight on. */
  readonly readyAt: number
  readonly uses: Use[]
  /** Whether a function or a class names it that stands inside of the one it belongs to. */
  isCaptured: boolean
}

export interface Use {
  readonly node: Identifier
  readonly isWrite: boolean
  /** `undefined`: none of the generator's. */
  readonly variable: Variable | undefined
}

export interface Scopes {
  readonly uses: readonly Use[]
  readonly variablesOf: (owner: AnyNode) => readonly Variable[]
  /** Whether names are used in a way that cannot be followed: `arguments`, `eval`, `with`. */
  readonly isOpaque: boolean
  /** Whether some closure sees a variable of the generator's. */
  readonly hasCaptures: boolean
}

interface Scope {
  readonly owner: AnyNode
  readonly parent: Scope | undefined
  /** The function, or class, whose code this is. */
  readonly closure: AnyNode
  readonly variables: Map<string, Variable>
}

const OWNERS: ReadonlySet<string> = new Set([
  'BlockStatement',
  'StaticBlock',
  'ForStatement',
  'ForOfStatement',
  'ForInStatement',
  'SwitchStatement',
  'CatchClause',
])

export function scopesOf(generator: FunctionNode): Scopes {
  const reader = new Reader()
  reader.read(generator, undefined)
  const uses = reader.resolve()
  return {
    uses,
    variablesOf: (owner) => [...(reader.scopes.get(owner)?.variables.values() ?? [])],
    isOpaque: reader.isOpaque,
    hasCaptures: uses.some(({ variable }) => variable?.isCaptured === true),
  }
}

class Reader {
  readonly scopes = new Map<AnyNode, Scope>()
  isOpaque = false
  private readonly names: { readonly node: Identifier; readonly scope: Scope }[] = []
  private readonly bound = new Set<AnyNode>()
  private readonly written = new Set<AnyNode>()

  read(node: AnyNode, outer: Scope | undefined): void {
    if (node.type === 'Identifier' && outer !== undefined) {
      if (node.name === 'arguments' || node.name === 'eval') this.isOpaque = true
      if (!this.bound.has(node) || this.written.has(node)) this.names.push({ node, scope: outer })
      return
    }
    if (node.type === 'WithStatement') this.isOpaque = true
    if (outer !== undefined) this.declareNamed(node, outer)
    const scope = this.scopeOf(node, outer)
    if (node.type === 'VariableDeclaration') this.declareAll(node, scope)
    if (node.type === 'ForOfStatement' || node.type === 'ForInStatement') this.headOf(node.left)
    for (const each of assignedBy(node)) this.written.add(each)
    for (const child of childrenOf(node)) if (!isLabelOrKey(node, child)) this.read(child, scope)
  }

  resolve(): Use[] {
    return this.names.map(({ node, scope }) => {
      let place: Scope | undefined = scope
      while (place !== undefined && !place.variables.has(node.name)) place = place.parent
      const variable = place?.variables.get(node.name)
      const use: Use = { node, isWrite: this.written.has(node), variable }
      variable?.uses.push(use)
      if (variable !== undefined && place?.closure !== scope.closure) variable.isCaptured = true
      return use
    })
  }

  private scopeOf(node: AnyNode, outer: Scope | undefined): Scope {
    // A function's body shares its scope with the parameters.
    const isBody = outer !== undefined && isFunction(outer.owner) && outer.owner.body === node
    if (outer !== undefined && (isBody || !(isClosure(node) || OWNERS.has(node.type)))) return outer
    const closure = outer === undefined || isClosure(node) ? node : outer.closure
    const scope: Scope = { owner: node, parent: outer, closure, variables: new Map() }
    this.scopes.set(node, scope)
    const isNamedExpression = node.type === 'FunctionExpression' || node.type === 'ClassExpression'
    if (isNamedExpression && node.id != null) this.declare(scope, node.id, 'other', 0)
    if (isFunction(node))
      for (const each of node.params.flatMap(targetsOf)) this.declare(scope, each, 'var', 0)
    if (node.type === 'CatchClause' && node.param != null)
      for (const each of targetsOf(node.param)) this.declare(scope, each, 'let', node.body.start)
    return scope
  }

  /** Functions and classes, in the scope that they stand in. */
  private declareNamed(node: AnyNode, outer: Scope): void {
    if ((node.type !== 'FunctionDeclaration' && node.type !== 'ClassDeclaration') || node.id == null) return
    this.declare(outer, node.id, 'other', node.end)
    // In scripts that are not strict a function can be seen outside of its block, too.
    if (node.type === 'FunctionDeclaration') this.declare(functionScope(outer), node.id, 'other', node.end)
  }

  private declareAll({ declarations, kind, end }: VariableDeclaration, scope: Scope): void {
    const place = kind === 'var' ? functionScope(scope) : scope
    const known = kind === 'var' || kind === 'let' || kind === 'const' ? kind : 'other'
    for (const { id, init, end: readyAt } of declarations) {
      for (const each of targetsOf(id)) {
        this.declare(place, each, known, kind === 'var' ? 0 : Math.min(readyAt, end))
        // To a `var`, its declaration is an assignment like any other.
        if (kind === 'var' && init != null) this.written.add(each)
      }
    }
  }

  private headOf(left: AnyNode): void {
    if (left.type !== 'VariableDeclaration' || left.kind !== 'var') return
    for (const { id } of left.declarations) for (const each of targetsOf(id)) this.written.add(each)
  }

  private declare(scope: Scope, node: Identifier, kind: Variable['kind'], readyAt: number): void {
    this.bound.add(node)
    const { name } = node
    const { owner } = scope
    const before = scope.variables.get(name)
    // Twice `var`, or a parameter: one variable. A function among them is none that is understood here.
    const isOther = before !== undefined && (before.kind === 'other' || kind === 'other')
    const variable = {
      name,
      kind: isOther ? 'other' : kind,
      owner,
      readyAt,
      uses: [],
      isCaptured: false,
    } as const
    scope.variables.set(name, { ...variable, uses: [] })
  }
}

function functionScope(scope: Scope): Scope {
  let place = scope
  while (place.owner !== place.closure && place.parent !== undefined) place = place.parent
  return place
}

/** Whether this identifier is a name of something else than a variable. */
function isLabelOrKey(parent: AnyNode, child: AnyNode): boolean {
  switch (parent.type) {
    case 'MemberExpression':
      return child === parent.property && !parent.computed
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return child === parent.key && !parent.computed
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return child === parent.label
    case 'MetaProperty':
      return true
    default:
      return false
  }
}
