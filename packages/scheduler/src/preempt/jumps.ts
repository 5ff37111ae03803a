/**
 * How a nest is left, and loops in it: `break`, `continue`, `return`. In a function of its own some lead elsewhere, and the
 * `for…of` that they leave does not close its iterator by itself. What is written for that stands where the jump does,
 * inside of each `try` there: so a jump that must not be seen there (what closing throws is not for that `catch`, and
 * `finally` comes before closing and may go another way) cannot be moved.
 */

import type { BreakStatement, ContinueStatement, ForOfStatement, ReturnStatement, TryStatement } from 'acorn'
import { type AnyNode, childrenOf, isClosure, isLoop, type Loop } from './ast.ts'

export interface Jump {
  readonly node: BreakStatement | ContinueStatement | ReturnStatement
  /** What it leaves, inner ones first. */
  readonly leaves: readonly ForOfStatement[]
  readonly isOutside: boolean
}

/** What a jump may leave. */
interface Frame {
  readonly node: AnyNode
  readonly labels: readonly string[]
}

/** `undefined`: one of them cannot be moved. */
export function jumpsOf(root: Loop, labels: readonly string[]): readonly Jump[] | undefined {
  const jumps: Jump[] = []
  let canMove = true
  const visit = (node: AnyNode, names: readonly string[], frames: readonly Frame[]): void => {
    if (isClosure(node)) return
    if (
      node.type === 'BreakStatement' ||
      node.type === 'ContinueStatement' ||
      node.type === 'ReturnStatement'
    ) {
      const target = targetOf(node, frames)
      const left = frames
        .slice(Math.max(target, 0) + (target >= 0 && node.type === 'ContinueStatement' ? 1 : 0))
        .map((each) => each.node)
      const leaves = left.filter((each) => each.type === 'ForOfStatement').reverse()
      const isOutside = target < 0
      canMove &&= !(
        leaves.length > 0 && left.lastIndexOf(leaves.at(-1) as AnyNode) < left.findLastIndex(isTry)
      )
      canMove &&= !(isOutside && left.some((each) => isTry(each) && each.finalizer != null))
      jumps.push({ node, leaves, isOutside })
    }
    const isLabel = node.type === 'LabeledStatement'
    const isFrame = isLoop(node) || isTry(node) || node.type === 'SwitchStatement' || names.length > 0
    const below = isFrame && !isLabel ? [...frames, { node, labels: names }] : frames
    for (const child of childrenOf(node)) visit(child, isLabel ? [...names, node.label.name] : [], below)
  }
  visit(root, labels, [])
  return canMove ? jumps : undefined
}

/** The index of what this ends, or goes on with; -1: outside. */
function targetOf(node: Jump['node'], frames: readonly Frame[]): number {
  if (node.type === 'ReturnStatement') return -1
  const name = node.label?.name
  if (name !== undefined) return frames.findLastIndex(({ labels }) => labels.includes(name))
  const isBreak = node.type === 'BreakStatement'
  return frames.findLastIndex(
    (each) => isLoop(each.node) || (isBreak && each.node.type === 'SwitchStatement'),
  )
}

function isTry(node: AnyNode): node is TryStatement {
  return node.type === 'TryStatement'
}
