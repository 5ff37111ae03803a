/**
 * How each loop of a generator function is instrumented. A `yield` inside a loop costs more than itself: V8 forgets, in
 * all of the loop, what it knew about the types of variables. So a loop that has none of its own is split in two: an
 * inner loop without `yield`, which does a *strip* of rounds, and one around it that asks.
 *
 * - `counted`: `for (let i = …; i < n; i++)` whose bound stays: the strip is a nearer bound, so a round costs nothing.
 * - `strip`: any other `for`, `while`, `do`: a round costs one subtraction of a local variable and one comparison.
 * - `elements`: `for (const x of xs)`: arrays go by index, others by their iterator, in the same inner loop.
 * - `inside`: a loop with a `yield` in it anyhow, its own or an inner loop's question: it asks at the top of its body.
 * - left alone: a counted loop of few rounds, whose work counts as that of the loop around it.
 */

import type { Expression, ForOfStatement, ForStatement } from 'acorn'
import {
  type AnyNode,
  childrenOf,
  contains,
  type FunctionNode,
  isClosure,
  isLoop,
  type Loop,
  namesOf,
  walk,
} from './ast.ts'
import { bindsOrAssigns, guardOf, isInvariantName, isPureCode, type Names } from './invariant.ts'

export interface Counted {
  readonly counter: string
  /** Of the comparison that ends the loop. */
  readonly operator: '<' | '<=' | '>' | '>='
  readonly bound: Expression
  /** What a round adds to the counter, as source text; with its sign. */
  readonly step: string
  /** Where it holds, the bound is a number that stays; `''`: always. */
  readonly boundGuard: string
  /** Whether the counter is a number from the start, for all that is known. */
  readonly isNumber: boolean
  /** Where it holds, the step is a number above 0; `''`: always. */
  readonly stepGuard: string
}

export type LoopPlan = {
  readonly loop: Loop
  /** A round's work, in units: about a nanosecond each. */
  readonly units: number
  /** Labels of the user's, outermost first. */
  readonly labels: readonly string[]
} & (
  | { readonly kind: 'inside' }
  | { readonly kind: 'strip' }
  | { readonly kind: 'elements'; readonly loop: ForOfStatement }
  | { readonly kind: 'counted'; readonly loop: ForStatement; readonly counted: Counted }
)

const CALL_UNITS = 8
const NODES_PER_UNIT = 16
/** A loop of so few rounds, and so many units in all, is left alone. */
const FEW_ROUNDS = 32
const FEW_UNITS = 256

export function planLoops(generator: FunctionNode, names: Names): readonly LoopPlan[] {
  const planner = new Planner(names)
  planner.visit(generator.body, [])
  return planner.plans
}

class Planner {
  readonly plans: LoopPlan[] = []
  /** Loops that are left alone: their work counts as a part of what is around them. */
  private readonly small = new Map<Loop, number>()
  private readonly names: Names
  constructor(names: Names) {
    this.names = names
  }

  /** Inner loops first. Returns whether there is a `yield` in it, once all is instrumented. */
  visit(node: AnyNode, labels: readonly string[]): boolean {
    if (isClosure(node)) return false
    const below = node.type === 'LabeledStatement' ? [...labels, node.label.name] : []
    let yields = node.type === 'YieldExpression'
    for (const child of childrenOf(node)) yields = this.visit(child, below) || yields
    if (!isLoop(node)) return yields
    const units = this.unitsOf(node)
    const rounds = fewRounds(node)
    if (!yields && rounds !== undefined && rounds * units <= FEW_UNITS) {
      this.small.set(node, rounds * units)
      return false
    }
    this.plans.push({ loop: node, units, labels, ...this.formOf(node, yields) } as LoopPlan)
    return true
  }

  private formOf(
    loop: Loop,
    yields: boolean,
  ): { kind: 'inside' | 'strip' | 'elements' } | { kind: 'counted'; counted: Counted } {
    if (yields || loop.type === 'ForInStatement') return { kind: 'inside' }
    if (loop.type === 'ForOfStatement') return { kind: hidesItsSource(loop) ? 'inside' : 'elements' }
    if (loop.type !== 'ForStatement') return { kind: 'strip' }
    // Each round has variables of its own, which a function may keep.
    const isKept = loop.init?.type === 'VariableDeclaration' && loop.init.kind !== 'var' && hasClosure(loop)
    if (isKept) return { kind: 'inside' }
    const counted = countedOf(loop, this.names)
    return counted === undefined ? { kind: 'strip' } : { kind: 'counted', counted }
  }

  private unitsOf(loop: Loop): number {
    let units = 1
    let nodes = 0
    const count = (node: AnyNode): void => {
      if (isClosure(node)) return
      if (node !== loop && isLoop(node)) {
        units += this.small.get(node) ?? 0
        return
      }
      nodes += 1
      if (CALLS.has(node.type)) units += CALL_UNITS
      for (const child of childrenOf(node)) count(child)
    }
    count(loop)
    return units + Math.floor(nodes / NODES_PER_UNIT)
  }
}

const CALLS: ReadonlySet<string> = new Set([
  'CallExpression',
  'NewExpression',
  'TaggedTemplateExpression',
  'SpreadElement',
])

function hasClosure(node: AnyNode): boolean {
  return contains(node, isClosure)
}

/** `for (const x of x)`, where the second is another's, or an error that must stay one. */
function hidesItsSource({ left, right }: ForOfStatement): boolean {
  if (left.type !== 'VariableDeclaration') return false
  // `using` ends what it names with each round.
  if (left.kind !== 'const' && left.kind !== 'let' && left.kind !== 'var') return true
  const bound = new Set(left.declarations.flatMap(({ id }) => namesOf(id)))
  let hides = false
  walk(right, (node) => {
    hides ||= node.type === 'Identifier' && bound.has(node.name)
  })
  return hides
}

/** How often a loop with plain numbers in its head goes round, if not often. */
function fewRounds(loop: Loop): number | undefined {
  if (loop.type !== 'ForStatement' || hasClosure(loop)) return undefined
  const head = headOf(loop)
  if (head === undefined || !isNumber(head.start) || !isNumber(head.bound) || !isNumber(head.step))
    return undefined
  if (!isInvariantCounter(head.counter, loop)) return undefined
  const rounds = Math.floor((head.bound.value - head.start.value) / head.step.value) + 1
  return head.sign > 0 && head.step.value > 0 && rounds <= FEW_ROUNDS ? Math.max(rounds, 0) : undefined
}

interface NumberLiteral {
  readonly type: 'Literal'
  readonly value: number
}

function isNumber(it: AnyNode | NumberLiteral): it is NumberLiteral {
  return it.type === 'Literal' && typeof it.value === 'number'
}

interface Head {
  readonly counter: string
  readonly start: Expression
  readonly operator: Counted['operator']
  readonly bound: Expression
  readonly step: Expression | NumberLiteral
  /** Of `+=` or `-=`. */
  readonly sign: 1 | -1
}

/** `let i = START; i < BOUND; i += STEP`, in one of its spellings. */
function headOf({ init, test, update }: ForStatement): Head | undefined {
  if (init?.type !== 'VariableDeclaration' || init.kind !== 'let') return undefined
  if (test?.type !== 'BinaryExpression' || !/^[<>]=?$/.test(test.operator)) return undefined
  if (test.left.type !== 'Identifier' || update == null) return undefined
  const counter = test.left.name
  const declared = init.declarations.filter(({ id }) => namesOf(id).includes(counter))
  const [declarator] = declared
  if (declared.length !== 1 || declarator?.id.type !== 'Identifier' || declarator.init == null)
    return undefined
  const step = stepOf(update, counter)
  if (step === undefined) return undefined
  const operator = test.operator as Counted['operator']
  if (operator.startsWith('<') !== step.sign > 0) return undefined
  return { counter, start: declarator.init, operator, bound: test.right, ...step }
}

const ONE: NumberLiteral = { type: 'Literal', value: 1 }

function stepOf(update: Expression, counter: string): Pick<Head, 'step' | 'sign'> | undefined {
  if (update.type === 'UpdateExpression') {
    const { argument, operator } = update
    if (argument.type !== 'Identifier' || argument.name !== counter) return undefined
    return { step: ONE, sign: operator === '++' ? 1 : -1 }
  }
  if (update.type !== 'AssignmentExpression' || !/^[-+]=$/.test(update.operator)) return undefined
  if (update.left.type !== 'Identifier' || update.left.name !== counter) return undefined
  return { step: update.right, sign: update.operator === '+=' ? 1 : -1 }
}

/** Only its head moves the counter. */
function isInvariantCounter(counter: string, { test, body }: ForStatement): boolean {
  return test != null && !bindsOrAssigns(test, counter) && !bindsOrAssigns(body, counter)
}

function countedOf(loop: ForStatement, names: Names): Counted | undefined {
  const head = headOf(loop)
  if (head === undefined || !isInvariantCounter(head.counter, loop)) return undefined
  const { counter, start, operator, bound, step, sign } = head
  const isPure = isPureCode(loop.body, counter)
  const boundGuard = guardOf(bound, loop, names, isPure)
  if (boundGuard === undefined) return undefined
  let size: string
  let stepGuard = ''
  if (isNumber(step)) {
    if (!(step.value > 0)) return undefined
    size = String(step.value)
  } else {
    if (step.type !== 'Identifier' || !isInvariantName(step.name, loop, names)) return undefined
    size = step.name
    stepGuard = `typeof ${size} === 'number' && ${size} > 0`
  }
  return {
    counter,
    operator,
    bound,
    step: sign > 0 ? size : `-${size}`,
    boundGuard,
    isNumber: isNumber(start),
    stepGuard,
  }
}
