/**
 * Writes a plan into the source. Text is only ever put between what the user wrote, on the user's own lines, so that
 * every line keeps its number and every expression its place in the source map. `n` is what is left of the strip, a
 * local variable of the generator function; inner loops count in a variable of their own, whose type V8 knows.
 *
 *     counted   for (INIT; TEST;) { const s = i, e = …; for (; i < e; UPDATE) BODY; … n = yield P }
 *     strip     for (INIT;;) { let m = n + 2; for (; --m > 0 && (TEST); UPDATE) BODY; n = m - 2; if (m > 0) break; n = yield P }
 *     elements  { const q = XS, p = pull(q), c = p ?? q; try { …strip over c… } catch … finally … }
 *     inside    for (…) { if ((n -= 1) <= 0) n = yield P; BODY }
 *
 * An inner loop counts rounds, not units: however short the strip, it does one. That the strip has ended, not the loop,
 * is told by what is left of the count: nothing. A loop that does not go round at all still uses up a round.
 */

import type { BreakStatement, ContinueStatement, DoWhileStatement, ForStatement, Program } from 'acorn'
import type MagicString from 'magic-string'
import { FIRST_STRIP } from '../process/preempt.ts'
import { type AnyNode, childrenOf, directivesOf, type FunctionNode, isClosure, isLoop } from './ast.ts'
import type { Counted, LoopPlan } from './plan.ts'

/** Names that the source does not use. */
export interface OwnNames {
  /** What is left of the strip. */
  readonly n: string
  /** The question. */
  readonly preempt: string
  readonly pull: string
  /** Of inner loops: their count, start, end, index, source, puller, elements, error. */
  readonly m: string
  readonly s: string
  readonly e: string
  readonly i: string
  readonly q: string
  readonly p: string
  readonly c: string
  readonly x: string
  /** Labels of the whole and of the inner loop. */
  readonly whole: string
  readonly inner: string
}

export function ownNames(source: string): OwnNames {
  let prefix = '$heddle'
  while (source.includes(prefix)) prefix += '_'
  const name = (end: string): string => prefix + end
  return {
    n: name('Left'),
    preempt: name('Preempt'),
    pull: name('Pull'),
    m: name('Count'),
    s: name('Start'),
    e: name('End'),
    i: name('Index'),
    q: name('Source'),
    p: name('Puller'),
    c: name('Elements'),
    x: name('Error'),
    whole: name('Whole'),
    inner: name('Inner'),
  }
}

/** Where the semicolons of the source are. */
export type Semicolons = readonly number[]

export class Rewriter {
  needsPull = false
  private readonly text: MagicString
  private readonly own: OwnNames
  private readonly semicolons: Semicolons
  private readonly ask: string
  constructor(text: MagicString, own: OwnNames, semicolons: Semicolons) {
    this.text = text
    this.own = own
    this.semicolons = semicolons
    // Whoever else drives the generator answers nothing, and it must get on all the same.
    this.ask = `${own.n} = (yield ${own.preempt}) || ${FIRST_STRIP}`
  }

  /** All loops of one function, inner ones first. */
  function({ body }: FunctionNode, plans: readonly LoopPlan[]): void {
    for (const plan of plans) this.loop(plan)
    this.prologue(body.body, body.start + 1, `let ${this.own.n} = ${FIRST_STRIP};`)
  }

  module(program: Program): void {
    const { own, text } = this
    const start = program.body[0]?.start ?? 0
    this.prologue(program.body, start, `const ${own.preempt} = Symbol.for('heddle.preempt');`)
    if (this.needsPull) text.append(pullText(own.pull))
  }

  private prologue(body: readonly AnyNode[], start: number, statement: string): void {
    const last = body[directivesOf(body).length - 1]
    if (last === undefined) this.text.prependRight(start, ` ${statement} `)
    else this.text.appendLeft(last.end, `; ${statement}`)
  }

  private loop(plan: LoopPlan): void {
    switch (plan.kind) {
      case 'inside':
        this.inside(plan)
        break
      case 'strip':
        this.strip(plan)
        break
      case 'elements':
        this.elements(plan)
        break
      case 'counted':
        this.counted(plan)
    }
  }

  private inside({ loop: { body }, units }: LoopPlan): void {
    const check = `if ((${this.own.n} -= ${units}) <= 0) ${this.ask}; `
    if (body.type === 'BlockStatement') {
      this.text.prependRight(body.start + 1, ` ${check}`)
    } else {
      this.text.prependRight(body.start, `{ ${check}`)
      this.text.appendLeft(body.end, ' }')
    }
  }

  private strip(plan: LoopPlan): void {
    const { loop } = plan
    const { text, own } = this
    const { m } = own
    const { begin, settle } = this.count(plan.units)
    const goesOn = `--${m} > 0`
    if (loop.type === 'DoWhileStatement') {
      this.doWhile(plan, loop)
      return
    }
    const label = this.jumps(plan, settle, false)
    if (loop.type === 'ForStatement') {
      const { test } = loop
      const and = test == null ? '' : ' && ('
      text.appendLeft(this.firstSemicolon(loop), `;) { ${begin} ${label}for (; ${goesOn}${and}`)
      if (test != null) text.appendLeft(test.end, ')')
    } else if (loop.type === 'WhileStatement') {
      text.prependRight(loop.start, `for (;;) { ${begin} ${label}`)
      text.prependRight(loop.test.start, `${goesOn} && (`)
      text.appendLeft(loop.test.end, ')')
    }
    text.appendLeft(loop.end, `; ${settle}; if (${m} > 0) break; ${this.ask} }`)
  }

  /** It goes round before it counts: so its count begins above 0, or one that ends at once would look like a strip. */
  private doWhile(plan: LoopPlan, { start, end, test }: DoWhileStatement): void {
    const { text, own } = this
    const { n, m } = own
    const { units } = plan
    const settle = units === 1 ? `${n} = ${m} - 1` : `${n} = (${m} - 1) * ${units}`
    const rounds = units === 1 ? `${n} | 0` : `${n} / ${units} | 0`
    const label = this.jumps(plan, settle, false)
    text.prependRight(start, `for (;;) { let ${m} = Math.max(${rounds}, 0) + 1; ${label}`)
    text.prependRight(test.start, '(')
    text.appendLeft(test.end, `) && --${m} > 0`)
    text.appendLeft(end, `; ${settle}; if (${m} > 0) break; ${this.ask} }`)
  }

  /** How the count of an inner loop is made from what is left, and goes back there. */
  private count(units: number): { readonly begin: string; readonly settle: string } {
    const { n, m } = this.own
    if (units === 1) return { begin: `let ${m} = (${n} | 0) + 2;`, settle: `${n} = ${m} - 2` }
    return { begin: `let ${m} = (${n} / ${units} | 0) + 2;`, settle: `${n} = (${m} - 2) * ${units}` }
  }

  private counted(plan: LoopPlan & { readonly kind: 'counted' }): void {
    const { text, own } = this
    const { n, s, e } = own
    const { loop, counted, units } = plan
    const { counter: i, operator } = counted
    const spent = this.spentIn(counted, units)
    const label = this.jumps(plan, `${n} -= ${spent}`, true)
    const head = `const ${s} = ${i}, ${e} = ${this.endOf(counted, units)};`
    text.appendLeft(this.secondSemicolon(loop), `) { ${head} ${label}for (; ${i} ${operator} ${e};`)
    text.appendLeft(loop.end, `; if ((${n} -= ${spent} + ${units}) <= 0) ${this.ask} }`)
  }

  /** How many units the counter's way stands for; none where it is no number, and the loop ran through. */
  private spentIn(counted: Counted, units: number): string {
    const { counter, step } = counted
    const { s } = this.own
    const way = `(${counter} - ${s})`
    const rounds = step === '1' ? way : `${way} / ${step.startsWith('-') ? `(${step})` : step}`
    const spent = units === 1 ? `(${rounds} | 0)` : `(${rounds} * ${units} | 0)`
    const guard = guardFor(counted, s)
    return guard === '' ? spent : `(${guard} ? ${spent} : 0)`
  }

  /** Where the inner loop ends: so many rounds away, or at the bound; and after one round where the bound may move. */
  private endOf(counted: Counted, units: number): string {
    const { counter: i, operator, bound, step, boundGuard } = counted
    const { n } = this.own
    const limit = text(this.text.original, bound)
    const isInclusive = operator.endsWith('=')
    const rounds = units === 1 ? n : `(${n} / ${units} | 0)`
    const count = isInclusive ? rounds : `(${rounds} + 1)`
    const far = step === '1' ? `${i} + ${count}` : `${i} + ${count} * ${step}`
    const nearer = `Math.${operator.startsWith('<') ? 'min' : 'max'}(${limit}, ${far})`
    const one = isInclusive ? i : `${i} + ${step}`
    const guarded = boundGuard === '' ? nearer : `${boundGuard} ? ${nearer} : ${one}`
    const guard = guardFor(counted, i)
    return guard === '' ? guarded : `${guard} ? ${guarded} : ${limit}`
  }

  private elements(plan: LoopPlan & { readonly kind: 'elements' }): void {
    this.needsPull = true
    const { text: magic, own } = this
    const { m, i, q, p, c, x } = own
    const { left, right, body, start, end } = plan.loop
    const { begin, settle } = this.count(plan.units)
    const label = this.jumps(plan, settle, false)
    const target = text(magic.original, left)
    const take = `${target} = ${p} === null ? ${c}[${i}++] : ${p}.value`
    const each = left.type === 'VariableDeclaration' ? `${take};` : `(${take});`
    const more = `--${m} > 0 && ${i} < ${c}.length`
    // Lines keep their numbers.
    const before = linesIn(
      magic.original.slice(start, left.start) + magic.original.slice(left.end, right.start),
    )
    const behind = linesIn(magic.original.slice(right.end, body.start))
    magic.update(start, right.start, `${before}{ const ${q} = (`)
    magic.remove(right.end, body.start)
    magic.appendLeft(
      right.end,
      `), ${p} = ${own.pull}(${q}), ${c} = ${p} ?? ${q}; try { for (let ${i} = 0;;) { ${begin} ${label}for (; ${more};) { ${each} ${behind}`,
    )
    const goOn = `; } ${settle}; if (${m} > 0) break; ${this.ask} }`
    const ends = `catch (${x}) { if (${p} !== null) ${p}.fail(); throw ${x} } finally { if (${p} !== null) ${p}.close() }`
    magic.appendLeft(end, `${goOn} } ${ends} }`)
  }

  /**
   * Ways out of a body that is now two loops deep. `settle` keeps the account. `leavesBoth`: an unlabelled `break`
   * must leave both loops by name. Returns the inner loop's label, where it needs one.
   */
  private jumps(plan: LoopPlan, settle: string, leavesBoth: boolean): string {
    const { text: magic, own } = this
    let isInnerNamed = false
    let isWholeNamed = false
    for (const { node, target } of jumpsOut(plan.loop.body, plan.labels)) {
      const name = node.label?.name
      if (node.type === 'ContinueStatement' && target === 'loop') {
        if (name === undefined) continue
        isInnerNamed = true
        magic.update(node.start, node.end, `continue ${own.inner};`)
      } else if (name !== undefined) {
        magic.prependRight(node.start, `{ ${settle}; `)
        magic.appendLeft(node.end, ' }')
      } else if (leavesBoth) {
        isWholeNamed = true
        magic.update(node.start, node.end, `{ ${settle}; break ${own.whole}; }`)
      }
    }
    if (isWholeNamed) magic.prependRight(plan.loop.start, `${own.whole}: `)
    return isInnerNamed ? `${own.inner}: ` : ''
  }

  /** The place behind the first semicolon of a `for`. */
  private firstSemicolon({ init, start }: ForStatement): number {
    return this.semicolonAfter(init?.end ?? start)
  }

  private secondSemicolon(loop: ForStatement): number {
    return this.semicolonAfter(loop.test?.end ?? this.firstSemicolon(loop))
  }

  private semicolonAfter(place: number): number {
    let low = 0
    let high = this.semicolons.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.semicolons[middle] as number) < place) low = middle + 1
      else high = middle
    }
    return (this.semicolons[low] as number) + 1
  }
}

/** Where it holds, counter and step are numbers; `''`: always. */
function guardFor({ isNumber, stepGuard }: Counted, counter: string): string {
  const guards = isNumber ? [] : [`typeof ${counter} === 'number'`]
  if (stepGuard !== '') guards.push(stepGuard)
  return guards.join(' && ')
}

function text(source: string, { start, end }: AnyNode): string {
  return source.slice(start, end)
}

function linesIn(source: string): string {
  return source.replace(/[^\n]+/g, '')
}

interface Jump {
  readonly node: BreakStatement | ContinueStatement
  /** `loop`: the one whose body this is. */
  readonly target: 'loop' | 'outside'
}

function jumpsOut(body: AnyNode, labels: readonly string[]): Jump[] {
  const found: Jump[] = []
  const visit = (node: AnyNode, inner: readonly string[], isInLoop: boolean, isInSwitch: boolean): void => {
    if (isClosure(node)) return
    if (node.type === 'BreakStatement' || node.type === 'ContinueStatement') {
      const name = node.label?.name
      if (name === undefined) {
        const isInner = isInLoop || (isInSwitch && node.type === 'BreakStatement')
        if (!isInner) found.push({ node, target: 'loop' })
      } else if (!inner.includes(name)) {
        found.push({ node, target: labels.includes(name) ? 'loop' : 'outside' })
      }
      return
    }
    const names = node.type === 'LabeledStatement' ? [...inner, node.label.name] : inner
    for (const child of childrenOf(node)) {
      visit(child, names, isInLoop || isLoop(node), isInSwitch || node.type === 'SwitchStatement')
    }
  }
  visit(body, [], false, false)
  return found
}

/**
 * How `for…of` gets at what is no plain array. `null`: it is one, or a typed one, and goes by its index, as its own
 * iterator would. Reading `length` takes the next element; the rest is what the language says of closing iterators.
 */
function pullText(name: string): string {
  return `
function ${name}(source) {
  const isArray = Array.isArray(source)
  if (isArray || ArrayBuffer.isView(source)) {
    const plain = isArray ? Array.prototype : Object.getPrototypeOf(Int8Array.prototype)
    if (source[Symbol.iterator] === plain[Symbol.iterator]) return null
  }
  const iterator = source[Symbol.iterator]()
  if (Object(iterator) !== iterator) throw new TypeError('Result of the Symbol.iterator method is not an object')
  const next = iterator.next
  let isOpen = false
  return {
    value: undefined,
    get length() {
      isOpen = false
      const result = next.call(iterator)
      if (Object(result) !== result) throw new TypeError('Iterator result ' + String(result) + ' is not an object')
      if (result.done) return -1
      this.value = result.value
      isOpen = true
      return Infinity
    },
    close() {
      if (!isOpen) return
      isOpen = false
      const end = iterator.return
      if (end === undefined || end === null) return
      const result = end.call(iterator)
      if (Object(result) !== result) throw new TypeError('Iterator result ' + String(result) + ' is not an object')
    },
    fail() {
      try {
        this.close()
      } catch {}
    },
  }
}
`
}
