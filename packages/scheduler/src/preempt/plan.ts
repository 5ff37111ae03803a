/**
 * How each loop of a generator function is instrumented. A `yield` inside a loop costs more than itself: V8 forgets, in
 * all of the function, what it knew about the types of variables. So loops are moved out of the generator where that
 * makes no difference to what they do.
 *
 * - `nest`: a loop and all loops in it run in a plain function, a *strip* of rounds at a time (see `nest.ts`). The
 *   outermost loops for which that is possible are chosen.
 * - `inside`: any other loop asks at the top of its body.
 * - left alone: a counted loop of few rounds, whose work counts as that of the loop around it.
 */

import type { Expression, ForStatement, Program } from 'acorn'
import {
  type AnyNode,
  assignedBy,
  childrenOf,
  contains,
  declaredBy,
  type FunctionNode,
  isClosure,
  isLoop,
  type Loop,
  namesOf,
  walk,
} from './ast.ts'
import { type Nest, nestOf } from './nest.ts'
import { type Scopes, scopesOf } from './scope.ts'

export type LoopPlan =
  | {
      readonly kind: 'inside'
      readonly loop: Loop
      /** A round's work, in units: about a nanosecond each. */
      readonly units: number
    }
  | { readonly kind: 'nest'; readonly nest: Nest }

/** V8 inlines most. */
const CALL_UNITS = 4
const NODES_PER_UNIT = 16
/** A loop of so few rounds, and so many units in all, is left alone. */
const FEW_ROUNDS = 32
const FEW_UNITS = 256

export interface FunctionPlan {
  /** Inner loops before those around them. */
  readonly loops: readonly LoopPlan[]
  /** Whether functions made in one activation of the generator serve all others as well. */
  readonly isShareable: boolean
}

export function planFunction(program: Program, generator: FunctionNode): FunctionPlan {
  const scopes = scopesOf(generator)
  const planner = new Planner(scopes)
  planner.weigh(generator.body)
  planner.visit(generator.body, [], generator.body.start, false)
  const loops = planner.plans
  // What closures see of an activation would be kept with the function.
  const isSelfContained = loops.every((plan) => plan.kind !== 'nest' || plan.nest.isSelfContained)
  return { loops, isShareable: isSelfContained && !scopes.hasCaptures && isMadeOnce(program, generator) }
}

/** Whether it stands in the module itself: no function, and no round of a loop, has another one. */
function isMadeOnce(program: Program, generator: FunctionNode): boolean {
  let isOnce = true
  walk(program, (node) => {
    const isAround = node.start <= generator.start && generator.end <= node.end && node !== generator
    if (isAround && (isClosure(node) || isLoop(node) || node.type === 'BlockStatement')) isOnce = false
    return isOnce && isAround
  })
  return isOnce
}

class Planner {
  readonly plans: LoopPlan[] = []
  /** Loops that are left alone: their work counts as a part of what is around them. */
  private readonly small = new Map<Loop, number>()
  private readonly scopes: Scopes
  constructor(scopes: Scopes) {
    this.scopes = scopes
  }

  /** Finds the small loops, inner ones first. Returns whether this can be a part of one. */
  weigh(node: AnyNode): boolean {
    if (isClosure(node)) return true
    let isQuiet = node.type !== 'YieldExpression'
    for (const child of childrenOf(node)) isQuiet = this.weigh(child) && isQuiet
    if (!isLoop(node)) return isQuiet
    const units = this.unitsOf(node) * (fewRounds(node) ?? Infinity)
    if (isQuiet && units <= FEW_UNITS) this.small.set(node, units)
    return this.small.has(node)
  }

  /** `start`: where the labels of this statement begin, or it itself. */
  visit(node: AnyNode, labels: readonly string[], start: number, isInTry: boolean): void {
    if (isClosure(node) || (isLoop(node) && this.small.has(node))) return
    if (isLoop(node)) {
      const nest = nestOf(node, labels, start, {
        scopes: this.scopes,
        small: new Set(this.small.keys()),
        unitsOf: (loop) => this.unitsOf(loop),
        isInTry,
      })
      if (nest !== undefined) {
        this.plans.push({ kind: 'nest', nest })
        return
      }
    }
    const isLabel = node.type === 'LabeledStatement'
    const below = isLabel ? [...labels, node.label.name] : []
    const isCaught = isInTry || node.type === 'TryStatement'
    for (const child of childrenOf(node)) this.visit(child, below, isLabel ? start : child.start, isCaught)
    if (isLoop(node)) this.plans.push({ kind: 'inside', loop: node, units: this.unitsOf(node) })
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

/** How often a loop with plain numbers in its head goes round, if not often. */
function fewRounds(loop: Loop): number | undefined {
  if (loop.type !== 'ForStatement' || contains(loop, isClosure)) return undefined
  const head = headOf(loop)
  if (head === undefined || isChangedIn(loop, head.counter)) return undefined
  const [start, bound, step] = [head.start, head.bound, head.step].map(numberOf)
  if (start === undefined || bound === undefined || step === undefined) return undefined
  const rounds = Math.floor((bound - start) / step) + 1
  return step > 0 && rounds <= FEW_ROUNDS ? Math.max(rounds, 0) : undefined
}

function numberOf(it: Expression | 1): number | undefined {
  if (it === 1) return it
  return it.type === 'Literal' && typeof it.value === 'number' ? it.value : undefined
}

interface Head {
  readonly counter: string
  readonly start: Expression
  readonly bound: Expression
  readonly step: Expression | 1
}

/** `let i = START; i < BOUND; i += STEP`, in one of its spellings. */
function headOf({ init, test, update }: ForStatement): Head | undefined {
  if (init?.type !== 'VariableDeclaration' || init.kind !== 'let') return undefined
  if (test?.type !== 'BinaryExpression' || !/^<=?$/.test(test.operator)) return undefined
  if (test.left.type !== 'Identifier' || update == null) return undefined
  const counter = test.left.name
  const declared = init.declarations.filter(({ id }) => namesOf(id).includes(counter))
  const [declarator] = declared
  if (declared.length !== 1 || declarator?.id.type !== 'Identifier' || declarator.init == null)
    return undefined
  const step = stepOf(update, counter)
  return step === undefined ? undefined : { counter, start: declarator.init, bound: test.right, step }
}

function stepOf(update: Expression, counter: string): Expression | 1 | undefined {
  if (update.type === 'UpdateExpression') {
    const { argument, operator } = update
    return argument.type === 'Identifier' && argument.name === counter && operator === '++' ? 1 : undefined
  }
  if (update.type !== 'AssignmentExpression' || update.operator !== '+=') return undefined
  return update.left.type === 'Identifier' && update.left.name === counter ? update.right : undefined
}

/** Whether something else than its head moves the counter. */
function isChangedIn({ test, body }: ForStatement, counter: string): boolean {
  let isChanged = false
  for (const part of [test, body]) {
    if (part == null) continue
    walk(part, (node) => {
      isChanged ||=
        declaredBy(node).includes(counter) || assignedBy(node).some(({ name }) => name === counter)
    })
  }
  return isChanged
}
