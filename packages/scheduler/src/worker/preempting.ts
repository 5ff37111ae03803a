/**
 * Whether modules that this thread loads are instrumented, and the hooks that do so. Hooks that come later stand in
 * front of those that came before, and these must see JavaScript: so on a scheduler they are installed right behind
 * the hooks for TypeScript, with the first definition that is loaded.
 *
 * The options are a property of `globalThis`, since `--import @heddle/scheduler/preempt/register` sets them before this
 * thread knows which copy of the package drives it.
 */

import module from 'node:module'
import process from 'node:process'
import type { PreemptOptions } from '../preempt/included.ts'
import { HeddleError } from '../term/errors.ts'

interface Hooks {
  readonly initialize: (options: PreemptOptions) => void
  readonly loadSync: unknown
}

interface ModuleWithHooks {
  registerHooks?: (hooks: { load: unknown }) => void
}

const key = Symbol.for('heddle.preemptOptions')
const shared = globalThis as { [key]?: PreemptOptions }
let installing: Promise<void> | undefined

/** What this thread loads from now on shall be instrumented; see `installPreempt`. */
export function wantPreempt(options: PreemptOptions): void {
  shared[key] ??= options
}

export function wantsPreempt(): boolean {
  return shared[key] !== undefined
}

/** Installs the hooks, once. */
export function installPreempt(): Promise<void> {
  installing ??= install(shared[key] ?? {})
  return installing
}

async function install(options: PreemptOptions): Promise<void> {
  // In a bundle there is no such file: there a plugin instruments.
  if (!isPublished()) return
  const url = new URL('./preempt-hooks.js', import.meta.url).href
  const { registerHooks } = module as ModuleWithHooks
  if (registerHooks === undefined) {
    module.register(url, { data: options })
  } else {
    const hooks = (await import(/* @vite-ignore */ /* webpackIgnore: true */ url)) as Hooks
    hooks.initialize(options)
    registerHooks({ load: hooks.loadSync })
  }
  process.setSourceMapsEnabled(true)
}

function isPublished(): boolean {
  return import.meta.url.endsWith('/worker/preempting.js')
}

/**
 * Whether what parses and writes the code is installed: it is optional.
 * Rejects with HeddleError ERR_BAD_ARGUMENT.
 */
export async function checkInstrumenter(): Promise<void> {
  if (!isPublished()) return
  const url = new URL('./preempt-hooks.js', import.meta.url).href
  try {
    await import(/* @vite-ignore */ /* webpackIgnore: true */ url)
  } catch (cause) {
    throw new HeddleError(
      'ERR_BAD_ARGUMENT',
      'startVm({ preempt }) needs acorn, acorn-walk and magic-string: npm install --save-dev acorn acorn-walk magic-string',
      { cause },
    )
  }
}
