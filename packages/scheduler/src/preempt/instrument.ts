/** Instrumenting one module: which functions, which loops, what is written. */

import { type Options as ParseOptions, type Program, parse } from 'acorn'
import MagicString from 'magic-string'
import { HeddleError } from '../term/errors.ts'
import { eligibleFunctions } from './eligible.ts'
import { ownNames } from './names.ts'
import { planFunction } from './plan.ts'
import { Rewriter } from './rewrite.ts'
import { chainMaps, type SourceMapV3, splitInlineMap } from './source-map.ts'
import { Tokens } from './tokens.ts'

export interface InstrumentOptions {
  /** For the source map, and for errors. */
  readonly filename: string
  /** The map that leads from `source` to what that was made from. Default: the one at its end, if there is one. */
  readonly inputMap?: SourceMapV3
}

export interface Instrumented {
  readonly code: string
  /** `null`: nothing was to be done, and `code` is what was given. */
  readonly map: SourceMapV3 | null
  /** How many loops give way now. */
  readonly loopCount: number
}

/** Whether it is worth while to parse this. */
export function mayHaveLoops(source: string): boolean {
  const isDefining = source.includes('@heddle/')
  return (isDefining || source.includes('use preempt')) && /\*/.test(source) && /\b(for|while)\b/.test(source)
}

/**
 * Instruments the loops of a module's generator functions so that a process that computes gives way to others. Only
 * functions that nobody but a scheduler iterates are touched; see docs/preemption.md for which these are.
 *
 * @param source JavaScript, an ES module or a script; types must be stripped before
 * @throws HeddleError ERR_BAD_ARGUMENT: it cannot be parsed
 * @example const { code, map } = instrument(source, { filename: 'sum.js' })
 */
export function instrument(source: string, options: InstrumentOptions): Instrumented {
  if (!mayHaveLoops(source)) return { code: source, map: null, loopCount: 0 }
  const split = splitInlineMap(source)
  const tokens = new Tokens()
  const program = parseModule(split.source, options.filename, tokens)
  const text = new MagicString(split.source, { filename: options.filename })
  const rewriter = new Rewriter(text, ownNames(split.source), tokens)
  let loopCount = 0
  for (const generator of eligibleFunctions(program)) {
    const plan = planFunction(program, generator)
    if (plan.loops.length === 0) continue
    rewriter.function(generator, plan)
    for (const each of plan.loops) loopCount += each.kind === 'nest' ? each.nest.loops.size : 1
  }
  if (loopCount === 0) return { code: source, map: null, loopCount }
  rewriter.module(program)
  const own = text.generateMap({ source: options.filename, includeContent: true, hires: true })
  const map = JSON.parse(own.toString()) as SourceMapV3
  const inputMap = options.inputMap ?? split.map
  return { code: text.toString(), map: inputMap === undefined ? map : chainMaps(map, inputMap), loopCount }
}

function parseModule(source: string, filename: string, tokens: Tokens): Program {
  const options: ParseOptions = {
    ecmaVersion: 'latest',
    sourceType: 'module',
    allowHashBang: true,
    onToken: (token) => tokens.add(token),
  }
  try {
    return parse(source, options)
  } catch (error) {
    tokens.clear()
    try {
      return parse(source, { ...options, sourceType: 'script', allowReturnOutsideFunction: true })
    } catch {
      const why = error instanceof Error ? error.message : String(error)
      throw new HeddleError('ERR_BAD_ARGUMENT', `cannot instrument ${filename}: ${why}`, { cause: error })
    }
  }
}
