/**
 * Writes plans into the source. Text is put between what the user wrote, on the user's own lines, so that every line keeps
 * its number and every expression its place in the source map. `left` is what is left of the strip, a local variable of
 * the generator function.
 *
 *     inside    for (…) { if ((left -= 1) <= 0) left = yield P; BODY }
 *     nest      see `outline.ts`
 */

import type { Program } from 'acorn'
import type MagicString from 'magic-string'
import { FIRST_STRIP } from '../process/preempt.ts'
import { type AnyNode, directivesOf, type FunctionNode } from './ast.ts'
import type { OwnNames } from './names.ts'
import type { Nest } from './nest.ts'
import { NestWriter } from './outline.ts'
import type { FunctionPlan, LoopPlan } from './plan.ts'
import { iteratingText, sameText } from './runtime.ts'
import type { Tokens } from './tokens.ts'

export class Rewriter {
  private readonly text: MagicString
  private readonly own: OwnNames
  private readonly tokens: Tokens
  private readonly ask: string
  private readonly kept: string[] = []
  private hasNests = false
  private isIterating = false
  constructor(text: MagicString, own: OwnNames, tokens: Tokens) {
    this.text = text
    this.own = own
    this.tokens = tokens
    // Whoever else drives the generator answers nothing, and it must get on all the same.
    this.ask = `${own.left} = (yield ${own.preempt}) || ${FIRST_STRIP}`
  }

  /** All loops of one function. */
  function({ body }: FunctionNode, { loops, isShareable }: FunctionPlan): void {
    for (const plan of loops) {
      if (plan.kind === 'nest') this.nest(plan.nest, isShareable)
      else this.inside(plan)
    }
    this.prologue(body.body, body.start + 1, `let ${this.own.left} = ${FIRST_STRIP};`)
  }

  module(program: Program): void {
    const { own, text } = this
    const { open, close, fail } = own
    const start = program.body[0]?.start ?? 0
    const lines = [`const ${own.preempt} = Symbol.for('heddle.preempt');`]
    if (this.kept.length > 0) lines.push(`let ${this.kept.join(', ')};`)
    if (this.isIterating)
      lines.push(`const { open: ${open}, close: ${close}, fail: ${fail} } = ${own.iterating}(globalThis);`)
    this.prologue(program.body, start, lines.join(' '))
    if (this.hasNests) text.append(sameText(own))
    if (this.isIterating) text.append(iteratingText(own))
  }

  private prologue(body: readonly AnyNode[], start: number, statement: string): void {
    const last = body[directivesOf(body).length - 1]
    if (last === undefined) this.text.prependRight(start, ` ${statement} `)
    else this.text.appendLeft(last.end, `; ${statement}`)
  }

  private inside({ loop: { body }, units }: LoopPlan & { readonly kind: 'inside' }): void {
    const check = `if ((${this.own.left} -= ${units}) <= 0) ${this.ask}; `
    if (body.type === 'BlockStatement') {
      this.text.prependRight(body.start + 1, ` ${check}`)
    } else {
      this.text.prependRight(body.start, `{ ${check}`)
      this.text.appendLeft(body.end, ' }')
    }
  }

  /** One function that serves all activations V8 compiles for just what it uses. */
  private nest(nest: Nest, isShareable: boolean): void {
    const { text, own, tokens, ask } = this
    const keptIn = isShareable ? `${own.strip}${this.kept.length + 1}` : undefined
    if (keptIn !== undefined) this.kept.push(keptIn)
    const writer = new NestWriter(nest, { text, own, tokens, ask, keptIn })
    writer.write()
    this.hasNests = true
    this.isIterating ||= writer.isIterating
  }
}
