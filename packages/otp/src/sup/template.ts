/**
 * What a dynamic supervisor is told of its children: one *template* for all of them. A child's argument is
 * what `startChild` gives; with `before`, the array of what stands in it and then that, as OTP appends
 * `start_child`'s arguments to the spec's.
 */

import type { Pid, Spawnable, SpawnOptions, Via } from '@heddle/scheduler'
import type { RefOf, ServerDef } from '../gen/definition.ts'
import { checkOptions } from '../gen/options.ts'
import { Fault, isObject } from './fault.ts'
import type { AutoShutdown } from './flags.ts'
import {
  addressOf,
  type ChildStart,
  COMMON_OPTIONS,
  type CommonOptions,
  checkTerms,
  type Terms,
  termsOf,
} from './spec.ts'

declare const given: unique symbol

/** Plain data; made by `template`. `E`: what `startChild` takes, `P`: the pid that it comes to. */
export interface Template<E = never, P extends Pid = Pid> extends Terms {
  readonly id: string
  readonly definition: ChildStart['definition']
  /** The first of each child's arguments, if it has several. */
  readonly before: readonly unknown[] | undefined
  readonly scheduler: SpawnOptions['scheduler']
  readonly [given]?: (extra: E) => P
}

export interface TemplateOptions extends CommonOptions {
  /** Default: the definition's name. */
  readonly id?: string
}

const TEMPLATE_OPTIONS: ReadonlySet<string> = new Set(['id', 'before', ...COMMON_OPTIONS])

type ArgumentOf<D> = D extends Spawnable<infer A> ? A : never
type PidOf<D> = D extends ServerDef<never, unknown> ? RefOf<D> : Pid
type BeforeOf<A> = A extends readonly [...infer B, unknown] ? Readonly<B> : never
type LastOf<A> = A extends readonly [...unknown[], infer E] ? E : never

/**
 * The template of a dynamic supervisor's children.
 *
 * @throws HeddleError ERR_BAD_ARGUMENT if the definition is none, or an option is unknown; all else the
 *   supervisor checks
 * @example template(room, { restart: 'temporary' })                // startChild('lobby'): argument 'lobby'
 *          template(room, { before: [limits], scheduler: 'spread' }) // argument [limits, 'lobby']
 */
export function template<D extends Spawnable<never>>(
  definition: D,
  options: TemplateOptions & { readonly before: BeforeOf<ArgumentOf<D>> },
): Template<LastOf<ArgumentOf<D>>, PidOf<D>>
export function template<D extends Spawnable<never>>(
  definition: D,
  options?: TemplateOptions,
): Template<ArgumentOf<D>, PidOf<D>>
export function template(
  definition: Spawnable<never>,
  options: TemplateOptions & { readonly before?: readonly unknown[] } = {},
): Template {
  const address = addressOf('template()', definition)
  checkOptions('template()', options, TEMPLATE_OPTIONS)
  const { id = address.name, before, scheduler } = options
  return { id, definition: address, before, scheduler, ...termsOf(address, options) }
}

/** A template, completed; or what is wrong with it. */
export function checkTemplate(it: unknown, autoShutdown: AutoShutdown): Template | Fault {
  if (!isObject(it)) return new Fault(['invalid_child_spec', it])
  const { id, definition, before, scheduler } = it as Partial<Template>
  if (typeof id !== 'string') return new Fault('missing_id')
  if (definition === undefined) return new Fault('missing_start')
  const isDefinition = typeof definition?.url === 'string' && typeof definition.name === 'string'
  if (!isDefinition || (before !== undefined && !Array.isArray(before))) {
    return new Fault(['invalid_mfa', definition])
  }
  const terms = checkTerms(it, { definition, argument: undefined }, autoShutdown)
  return terms instanceof Fault ? terms : { id, definition, before, scheduler, ...terms }
}

/** What `startChild` can say of one child. */
export interface StartChildOptions {
  /** Registers it; a restart registers it anew. A raw process cannot have a `via` name. */
  readonly name?: string | Via
  /** Where it runs, and is restarted. Default: as the template says. */
  readonly scheduler?: SpawnOptions['scheduler']
}

/** How a child of this template is started. */
export function startOf(
  template: Template,
  extra: unknown,
  options: StartChildOptions | undefined,
): ChildStart {
  const { definition, before } = template
  const name = options?.name
  const scheduler = options?.scheduler ?? template.scheduler
  return {
    definition,
    argument: before === undefined ? extra : [...before, extra],
    ...(name === undefined ? {} : { name }),
    ...(scheduler === undefined ? {} : { scheduler }),
  }
}
