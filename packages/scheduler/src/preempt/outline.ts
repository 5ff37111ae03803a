/**
 * Writes a nest: the function that runs a strip of it, around the loops where they stand, and what calls it.
 *
 *     { let at = 0, i = 0                          what is lifted
 *       const strip = (at, left, sum, xs, i) => {  what it is given, and what is lifted
 *         whole: for (;;) {
 *           count = …, sum = number(sum), i = …    a chunk of the strip
 *           chunk: {
 *             { if (at === 0) { i = 0 } at = 0; for (; count > 0 && (i < xs.length); i++, count -= 1) sum += xs[i]
 *               if (count <= 0) { at = 1; break chunk } }
 *             at = -1; break whole
 *           } … }
 *         return [at, left, value, sum, i] }
 *       for (;;) { const result = strip(at, left, sum, xs, i); sum = result[3]; … if (at === -1) break; left = yield … } }
 *
 * `at` is 0 wherever code runs as it was written. Where a count is spent it becomes the loop's number, the function is left,
 * and entered again with it: what stands before that loop is passed over until there it is 0 again. Below 0 it says how
 * the nest has ended. There is one way out, or V8 would throw its code away when the second is taken for the first time.
 *
 * *Chunks*: V8 replaces a function's code while a loop runs in it, but knows no types of the variables then; and it keeps
 * to that code for all later calls when it has lost the other. So an outer loop goes round every so many units, and there
 * each variable that holds a number is made one for V8 to see: 32 bits, or a double. The other ways to go have never been
 * gone, so V8 leaves them out. That alone makes loops up to four times as fast.
 */

import type {
  DoWhileStatement,
  ForOfStatement,
  ForStatement,
  ReturnStatement,
  VariableDeclaration,
  WhileStatement,
} from 'acorn'
import type MagicString from 'magic-string'
import { type AnyNode, childrenOf, isLoop, type Loop } from './ast.ts'
import type { Jump } from './jumps.ts'
import type { OwnNames } from './names.ts'
import type { Nest, NestLoop } from './nest.ts'
import type { Tokens } from './tokens.ts'

/** In units. Few enough that V8 comes by soon, many enough that it does not matter. */
export const CHUNK = 1_024

/** How a nest has ended, in `at`; from `OUTSIDE` down: at a jump to a label around it. */
const DONE = -1
const RETURNED = -2
const THROWN = -3
const OUTSIDE = -4

export interface NestSettings {
  readonly text: MagicString
  readonly own: OwnNames
  readonly tokens: Tokens
  /** The statement by which the generator asks. */
  readonly ask: string
  /** The variable of the module that keeps the function; `undefined`: it is made anew each time. */
  readonly keptIn: string | undefined
}

export class NestWriter {
  isIterating = false
  private readonly nest: Nest
  private readonly settings: NestSettings
  private readonly text: MagicString
  private readonly own: OwnNames
  private readonly states: string[] = []
  private readonly indexes: string[] = []
  private readonly exits: string[] = []
  private returns = false
  constructor(nest: Nest, settings: NestSettings) {
    this.nest = nest
    this.settings = settings
    this.text = settings.text
    this.own = settings.own
  }

  write(): void {
    const { nest, text } = this
    const { root } = nest
    for (const each of nest.jumps) this.jump(each)
    this.statement(root)
    text.prependRight((nest.loops.get(root) as NestLoop).start, this.opening())
    text.appendLeft(root.end, this.closing())
  }

  // ---- the function, and its call ----

  private opening(): string {
    const { nest, own, settings } = this
    const { at, left, count, value } = own
    const state = [
      `${at} = 0`,
      ...nest.lifted.map((name) => `${name} = 0`),
      ...this.states.map((name) => `${name} = 0`),
    ]
    const vars = nest.vars.length === 0 ? '' : ` var ${nest.vars.join(', ')};`
    const kept = settings.keptIn === undefined ? '' : `${settings.keptIn} ??= `
    const tries = nest.isInTry ? 'try { ' : ''
    const numbers = [...nest.numeric, ...this.indexes].map((name) => this.numberOf(name)).join('')
    return (
      `{ let ${state.join(', ')};${vars} const ${own.strip} = ${kept}(${this.parameters()}) => { ` +
      `${left} |= 0; let ${count} = 0, ${value}; ${tries}${own.whole}: for (;;) { ` +
      `${count} = ${left} > ${CHUNK} ? ${CHUNK} : ${left}; ${left} -= ${count}; ${numbers}${own.chunk}: { `
    )
  }

  private closing(): string {
    const { nest, own, settings } = this
    const { at, left, count, value, error, result } = own
    const caught = nest.isInTry ? ` } catch (${error}) { ${value} = ${error}; ${at} = ${THROWN}; }` : ''
    const changed = [...nest.changed, ...this.states]
    const back = changed.map((name, index) => ` ${name} = ${result}[${index + 3}];`).join('')
    const ends = [`if ((${at} = ${result}[0]) === ${DONE}) break;`]
    if (this.returns) ends.push(`if (${at} === ${RETURNED}) return ${result}[2];`)
    if (nest.isInTry) ends.push(`if (${at} === ${THROWN}) throw ${result}[2];`)
    for (const [index, exit] of this.exits.entries()) ends.push(`if (${at} === ${OUTSIDE - index}) ${exit};`)
    return (
      ` ${at} = ${DONE}; break ${own.whole}; } ${left} += ${count}; ${count} = 0; if (${left} <= 0) break; }${caught} ` +
      `return [${[at, `${left} + ${count}`, value, ...changed].join(', ')}]; }; ` +
      `for (;;) { const ${result} = ${own.strip}(${this.parameters(`${left} > 1 ? ${left} : 1`)}); ` +
      `${left} = ${result}[1];${back} ${ends.join(' ')} ${settings.ask}; } }`
    )
  }

  private parameters(left = this.own.left): string {
    return [this.own.at, left, ...this.nest.given, ...this.nest.lifted, ...this.states].join(', ')
  }

  /** -0 is none of 32 bits. */
  private numberOf(name: string): string {
    const isSmall = `(${name} | 0) === ${name} && 1 / ${name} !== -1 / 0`
    return `${name} = typeof ${name} === 'number' ? ${isSmall} ? ${name} | 0 : ${name} * 1 : ${this.own.same}(${name}); `
  }

  // ---- what is gone through ----

  private statement(node: AnyNode): void {
    const { nest, text } = this
    if (!nest.holders.has(node)) return
    for (const child of childrenOf(node)) this.statement(child)
    const loop = isLoop(node) ? nest.loops.get(node) : undefined
    if (loop !== undefined) this.loop(node as Loop, loop)
    else if (node.type === 'BlockStatement') this.block(node.body)
    else if (node.type === 'IfStatement') {
      const { at } = this.own
      const [first, second] = [node.consequent, node.alternate].map(
        (each) => each != null && nest.holders.has(each),
      )
      const before = first ? (second ? `${at} === 0 ? (` : `${at} !== 0 || (`) : `${at} === 0 && (`
      const after = first && second ? `) : ${at} <= ${this.lastIdIn(node.consequent)}` : ')'
      text.prependRight(node.test.start, before)
      text.appendLeft(node.test.end, after)
    }
  }

  /** What stands before the last loop in it is passed over on the way to one; so is each loop, on the way to a later one. */
  private block(body: readonly AnyNode[]): void {
    const { nest, text, own } = this
    const last = body.findLastIndex((each) => nest.holders.has(each))
    let run: AnyNode[] = []
    const endRun = (): void => {
      const [first, end] = [run[0], run.at(-1)]
      run = []
      if (first === undefined || end === undefined) return
      text.prependRight(first.start, `if (${own.at} === 0) { `)
      text.appendLeft(end.end, ' }')
    }
    for (const [index, each] of body.entries()) {
      if (each.type === 'VariableDeclaration' && each.kind !== 'var') this.lift(each, ';')
      if (index > last) continue
      if (!nest.holders.has(each)) {
        run.push(each)
        continue
      }
      endRun()
      if (index === last) continue
      text.prependRight(each.start, `if (${own.at} <= ${this.lastIdIn(each)}) { `)
      text.appendLeft(each.end, ' }')
    }
  }

  /** A declaration becomes an assignment. */
  private lift({ start, declarations }: VariableDeclaration, end: string): void {
    const { text } = this
    const [first, last] = [declarations[0], declarations.at(-1)]
    if (first === undefined || last === undefined) return
    this.replace(start, first.start, `${end}(`)
    for (const { id, init } of declarations) if (init == null) text.appendLeft(id.end, ' = void 0')
    text.appendLeft(last.end, `)${end}`)
  }

  private lastIdIn(node: AnyNode): number {
    let id = 0
    for (const [loop, { lastId }] of this.nest.loops)
      if (node.start <= loop.start && loop.end <= node.end) id = Math.max(id, lastId)
    return id
  }

  // ---- loops ----

  private loop(loop: Loop, info: NestLoop): void {
    switch (loop.type) {
      case 'ForStatement':
        this.for(loop, info)
        break
      case 'WhileStatement':
        this.while(loop, info)
        break
      case 'DoWhileStatement':
        this.doWhile(loop, info)
        break
      case 'ForOfStatement':
        this.forOf(loop, info)
    }
  }

  private for(loop: ForStatement, info: NestLoop): void {
    const { text, own, settings } = this
    const { init, test, update, start } = loop
    const first = settings.tokens.semicolonFrom(init?.end ?? start) + 1
    const second = settings.tokens.semicolonFrom(test?.end ?? first) + 1
    const head = `${this.arrive(info)}for (;`
    if (init == null) {
      this.replace(info.start, first, `{ ${head}`)
    } else {
      this.replace(info.start, init.start, `{ if (${own.at} === 0) { `)
      if (init.type === 'VariableDeclaration' && init.kind !== 'var') this.lift(init, '')
      this.replace(init.end, first, `; } ${head}`)
    }
    if (test == null) {
      text.appendLeft(second - 1, ` ${this.goesOn(info)}`)
    } else {
      text.prependRight(test.start, `${this.goesOn(info)} && (`)
      text.appendLeft(test.end, ')')
    }
    if (update == null) text.appendLeft(second, ` ${this.spend(info)}`)
    else text.appendLeft(update.end, `, ${this.spend(info)}`)
    text.appendLeft(loop.end, this.depart(info))
  }

  private while(loop: WhileStatement, info: NestLoop): void {
    const { text, settings } = this
    const opening = settings.tokens.openingFrom(loop.start)
    const closing = settings.tokens.closingBefore(loop.body.start)
    this.replace(info.start, opening + 1, `{ ${this.arrive(info)}for (; ${this.goesOn(info)} && (`)
    this.replace(closing, closing + 1, `); ${this.spend(info)})`)
    text.appendLeft(loop.end, this.depart(info))
  }

  /** It goes round before it looks: so it is left behind its test, not before. */
  private doWhile({ start, end, test }: DoWhileStatement, info: NestLoop): void {
    const { text } = this
    this.replace(info.start, start, `{ ${this.arrive(info)}`)
    text.prependRight(test.start, '(')
    text.appendLeft(test.end, `) && (${this.spend(info)}) > 0`)
    text.appendLeft(end, this.depart(info))
  }

  private forOf(loop: ForOfStatement, info: NestLoop): void {
    const { text, own } = this
    const { left, right, body, end } = loop
    const { at, each, step, error } = own
    const [source, iterator, index] = [
      `${own.source}${info.id}`,
      this.iteratorOf(loop),
      `${own.index}${info.id}`,
    ]
    this.states.push(source, iterator, index)
    this.indexes.push(index)
    this.isIterating = true
    const isLeaf = info.id === info.lastId
    const isDeclared = left.type === 'VariableDeclaration'
    const target = text.original.slice(isDeclared ? (left.declarations[0]?.start ?? 0) : left.start, left.end)
    const isLifted = isDeclared && left.kind !== 'var' && !isLeaf
    const assign = isDeclared && !isLifted ? `${left.kind} ${target} = ${each};` : `(${target} = ${each});`
    const byIndex = `if (${index} >= ${source}.length) break; ${each} = ${source}[${index}++];`
    const byStep = `const ${step} = ${iterator}.next(); if (${step}.done) break; ${each} = ${step}.value;`
    const take = `let ${each}; if (${iterator} === null) { ${byIndex} } else { ${byStep} } ${assign}`
    const head = `for (; ${this.goesOn(info)}; ${this.spend(info)}) { ${isLeaf ? take : `if (${at} === 0) { ${take} }`} `
    this.replace(info.start, right.start, `{ if (${at} === 0) { ${source} = (`)
    this.replace(
      right.end,
      body.start,
      `); ${index} = 0; ${iterator} = ${own.open}(${source}); } try { ${this.arrive(info)}${head}`,
    )
    text.appendLeft(
      end,
      ` } } catch (${error}) { ${own.fail}(${iterator}); throw ${error}; }${this.depart(info)}`,
    )
  }

  private iteratorOf(loop: ForOfStatement): string {
    return `${this.own.iterator}${this.nest.loops.get(loop)?.id}`
  }

  /** Before a loop: the way to where the nest was left ends here, or in a loop of this one's. */
  private arrive({ id, lastId, labels }: NestLoop): string {
    const { at } = this.own
    return `${id === lastId ? '' : `if (${at} === ${id}) `}${at} = 0; ${labels.map((each) => `${each}: `).join('')}`
  }

  private goesOn({ id, lastId }: NestLoop): string {
    const { at, count } = this.own
    return id === lastId ? `${count} > 0` : `${at} !== 0 || ${count} > 0`
  }

  private spend({ units }: NestLoop): string {
    // Without `| 0` V8 looks for an overflow.
    return `${this.own.count} = ${this.own.count} - ${units} | 0`
  }

  private depart({ id }: NestLoop): string {
    const { at, count, chunk } = this.own
    return `; if (${count} <= 0) { ${at} = ${id}; break ${chunk}; } }`
  }

  // ---- ways out ----

  private jump({ node, leaves, isOutside }: Jump): void {
    const { text, own } = this
    const closes = leaves.map((each) => `${own.close}(${this.iteratorOf(each)}); `).join('')
    if (node.type === 'ReturnStatement') {
      this.return(node, closes)
    } else if (isOutside) {
      const exit = `${node.type === 'BreakStatement' ? 'break' : 'continue'} ${node.label?.name}`
      if (!this.exits.includes(exit)) this.exits.push(exit)
      const at = OUTSIDE - this.exits.indexOf(exit)
      this.replace(node.start, node.end, `{ ${closes}${own.at} = ${at}; break ${own.whole}; }`)
    } else if (closes !== '') {
      text.prependRight(node.start, `{ ${closes}`)
      text.appendLeft(node.end, ' }')
    }
  }

  private return({ start, end, argument }: ReturnStatement, closes: string): void {
    const { text, own } = this
    this.returns = true
    const leave = `; ${closes}${own.at} = ${RETURNED}; break ${own.whole}; }`
    if (argument == null) {
      this.replace(start, end, `{ ${own.value} = void 0${leave}`)
      return
    }
    this.replace(start, start + 'return'.length, `{ ${own.value} =`)
    text.prependRight(argument.start, '(')
    text.appendLeft(argument.end, ')')
    text.appendLeft(end, leave)
  }

  /** Lines keep their numbers. */
  private replace(start: number, end: number, by: string): void {
    if (start === end) this.text.prependRight(start, by)
    else this.text.update(start, end, by + this.text.original.slice(start, end).replace(/[^\n]+/g, ''))
  }
}
