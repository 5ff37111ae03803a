/**
 * How a definition gets onto a scheduler: its module is imported, which registers it as it is evaluated.
 *
 * A module may be the application itself, and importing it calls `startVm()` again, here, where there is
 * nothing to start. That call is *held*: it gets a promise that never settles. So what follows it never
 * runs on a scheduler, which is what its author means, and a `main().catch(exit)` around it sees no error.
 * Where a module awaits it at its top level, the module never finishes loading. So once a call is held, a
 * definition counts as loaded when it is registered; before, only when its module is done, for a definition
 * may use what stands below it.
 *
 * Designs that lose: to fail the held call (the `catch` around it would end the thread, and an import that
 * has failed stays failed); to hold it only while a module loads (`main()` may have awaited something first);
 * to always resolve at registration (what stands below the definition, behind an `await`, would be missing); to
 * look among the module's exports (a definition that is not exported is one all the same).
 */

import { HeddleError } from '../term/errors.ts'
import { prepareFor } from './typescript-hooks.ts'

/** This thread's registry of definitions, as far as loading needs it. */
export interface DefinitionRegistry<D> {
  lookUp(url: string, name: string): D | undefined
  /** Calls `listener` after each definition; returns how to stop that. */
  onDefinition(listener: () => void): () => void
}

export interface LoaderOptions {
  /** Evaluates a module, once per URL. */
  importModule?: (url: string) => Promise<unknown>
  /** Calls back later, unless cancelled by what it returns. Keeps no thread alive. */
  after?: (ms: number, callback: () => void) => () => void
  /** How long a module with a held `startVm` may take to register what is still missing. */
  heldMs?: number
}

interface ModuleImport {
  state: 'pending' | 'done' | 'failed'
  cause: unknown
}

interface Wait<D> {
  readonly url: string
  readonly name: string
  readonly module: ModuleImport
  readonly resolve: (definition: D) => void
  readonly reject: (error: HeddleError) => void
  cancel: (() => void) | undefined
}

const heldMsDefault = 5_000

export class ModuleLoader<D> {
  readonly #registry: DefinitionRegistry<D>
  readonly #options: Required<LoaderOptions>
  readonly #imports = new Map<string, ModuleImport>()
  readonly #waits = new Set<Wait<D>>()
  #pendingCount = 0
  #isHeld = false

  constructor(registry: DefinitionRegistry<D>, options: LoaderOptions = {}) {
    this.#registry = registry
    this.#options = {
      importModule: options.importModule ?? importModule,
      after: options.after ?? after,
      heldMs: options.heldMs ?? heldMsDefault,
    }
    registry.onDefinition(() => this.#settleWaits())
  }

  /**
   * The definition, at once where its module is already here.
   *
   * Rejects with HeddleError ERR_MODULE_LOAD, ERR_UNKNOWN_DEFINITION.
   */
  load(url: string, name: string): D | Promise<D> {
    const module = this.join(url)
    const found = this.#find(module, url, name)
    if (found !== undefined) return found
    return new Promise<D>((resolve, reject) => {
      const wait: Wait<D> = { url, name, module, resolve, reject, cancel: undefined }
      this.#waits.add(wait)
      this.#settle(wait)
    })
  }

  /** Follows a module that is being evaluated, or starts that. Its failure is told to whoever loads from it. */
  join(url: string): ModuleImport {
    const known = this.#imports.get(url)
    if (known !== undefined) return known
    const module: ModuleImport = { state: 'pending', cause: undefined }
    this.#imports.set(url, module)
    this.#pendingCount++
    const finish = (state: 'done' | 'failed', cause?: unknown): void => {
      module.state = state
      module.cause = cause
      this.#pendingCount--
      // What failed may be there the next time.
      if (state === 'failed') this.#imports.delete(url)
      this.#settleWaits()
    }
    this.#options.importModule(url).then(
      () => finish('done'),
      (cause: unknown) => finish('failed', cause),
    )
    return module
  }

  /** Is the top level of some module still running? */
  isLoading(): boolean {
    return this.#pendingCount > 0
  }

  /** What `startVm` returns on a scheduler: a promise that never settles. */
  holdStart(): Promise<never> {
    if (this.isLoading() && !this.#isHeld) {
      this.#isHeld = true
      // Not now: the caller's module is on the stack, and the rest of it should run first.
      queueMicrotask(() => this.#settleWaits())
    }
    return new Promise<never>(() => {})
  }

  #find(module: ModuleImport, url: string, name: string): D | undefined {
    const isReady = module.state === 'done' || (module.state === 'pending' && this.#isHeld)
    return isReady ? this.#registry.lookUp(url, name) : undefined
  }

  #settleWaits(): void {
    for (const wait of [...this.#waits]) this.#settle(wait)
  }

  #settle(wait: Wait<D>): void {
    const { url, name, module } = wait
    const found = this.#find(module, url, name)
    if (found !== undefined) {
      this.#end(wait)
      wait.resolve(found)
    } else if (module.state === 'failed') {
      this.#end(wait)
      wait.reject(loadFailure(url, name, module.cause))
    } else if (module.state === 'done') {
      this.#end(wait)
      wait.reject(unknownDefinition(url, name, 'definitions are made at the top level of their module'))
    } else if (this.#isHeld && wait.cancel === undefined) {
      // Its module may wait for `startVm` above the definition, and then nothing will ever come.
      wait.cancel = this.#options.after(this.#options.heldMs, () => {
        this.#end(wait)
        const why =
          'its module waits for startVm(), which never resolves on a scheduler: define it above that'
        wait.reject(unknownDefinition(url, name, why))
      })
    }
  }

  #end(wait: Wait<D>): void {
    this.#waits.delete(wait)
    wait.cancel?.()
  }
}

function loadFailure(url: string, name: string, cause: unknown): HeddleError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new HeddleError('ERR_MODULE_LOAD', `cannot load definition '${name}' from ${url}: ${why}`, { cause })
}

function unknownDefinition(url: string, name: string, why: string): HeddleError {
  return new HeddleError('ERR_UNKNOWN_DEFINITION', `${url} does not define '${name}': ${why}`)
}

async function importModule(url: string): Promise<unknown> {
  const preparing = prepareFor(url)
  if (preparing !== undefined) await preparing
  return import(/* @vite-ignore */ /* webpackIgnore: true */ url)
}

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms)
  timer.unref()
  return () => clearTimeout(timer)
}
