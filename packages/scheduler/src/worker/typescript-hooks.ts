/**
 * Lets a bare worker load what the host loaded through a tool. Under vitest, vite turns TypeScript into
 * JavaScript on the host's thread, but a worker is plain Node: 20 knows no TypeScript at all, 22 and 24 know
 * erasable syntax and exact file names only. So *module hooks* stand behind whatever else is there: they act
 * where resolving or loading would fail, and leave to Node, tsx and other loaders what these can do.
 *
 * Hooks are installed with the first module that may need them, so that plain JavaScript pays nothing. Where
 * Node has `registerHooks` (22.15) they run on this thread and cost next to nothing; before, `register` starts
 * a second thread, which loads this very file.
 *
 * tsx before Node 22.14 does nothing in workers: its loader cannot tell them from the thread its hooks run on.
 * Its API can be called there, and then a tsconfig.json's `paths` hold as they do for the host.
 */

import { readFileSync, statSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as threads from 'node:worker_threads'
import { installPreempt, wantsPreempt } from './preempting.ts'
import { transpile } from './transpile.ts'

interface Resolved {
  url: string
  format?: string | null
  shortCircuit?: boolean
}

interface Loaded {
  format: string | null | undefined
  source?: string | ArrayBuffer | NodeJS.TypedArray | null
  shortCircuit?: boolean
}

interface Context {
  readonly parentURL?: string
}

type Next<T> = (name: string, context: Context) => T

interface ModuleWithHooks {
  registerHooks?: (hooks: { resolve: typeof resolveSync; load: typeof loadSync }) => void
}

const isTypescript = /\.[mc]?tsx?$/
const isRelative = /^(\.{1,2}(\/|$)|\/|file:)/
// TypeScript that does not erase. Where this errs, the file goes to a transpiler without need.
const hasMeaning =
  /\b(enum|namespace|module)\s+[\w$]+\s*\{|\bimport\s+\w+\s*=|\bconstructor\s*\([^)]*\b(public|private|protected|readonly)\b|^\s*@\w/m
// Vite's order, then a folder's index.
const endings = ['.mjs', '.js', '.mts', '.ts', '.jsx', '.tsx', '/index.js', '/index.ts', '/index.tsx']

let preparing: Promise<void> | undefined
let isPrepared = false

/** Makes ready to import `url`. Undefined: nothing to wait for. */
export function prepareFor(url: string): Promise<void> | undefined {
  if (isPrepared || !(wantsPreempt() || mayNeedHooks(url))) return undefined
  preparing ??= prepare(url).then(() => {
    isPrepared = true
  })
  return preparing
}

async function prepare(url: string): Promise<void> {
  await install(url)
  if (wantsPreempt()) await installPreempt()
}

// A test file in JavaScript needs hooks too: it imports its test runner.
function mayNeedHooks(url: string): boolean {
  return isUnderVitest() || isUnderNodeTest() || isTypescript.test(pathnameOf(url))
}

function isUnderVitest(): boolean {
  return process.env.VITEST !== undefined
}

function isUnderNodeTest(): boolean {
  return process.env.NODE_TEST_CONTEXT !== undefined
}

async function install(url: string): Promise<void> {
  const { registerHooks } = module as ModuleWithHooks
  if (registerHooks !== undefined) return registerHooks({ resolve: resolveSync, load: loadSync })
  if (!('isInternalThread' in threads)) await registerTsx(url)
  // In a bundle there is no such file, nor need for one: what is bundled is JavaScript.
  if (!import.meta.url.endsWith('/worker/typescript-hooks.js')) return
  module.register(import.meta.url)
  process.setSourceMapsEnabled(true)
}

interface TsxApi {
  readonly register: () => void
}

interface TsxManifest {
  readonly exports: { readonly './esm/api': { readonly import: { readonly default: string } } }
}

/** Where the host runs under tsx, as flags that it was started with tell. */
async function registerTsx(url: string): Promise<void> {
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)]
  const flag = flags.find((each) => /(^|[/=])tsx($|\/)/.test(each))
  if (flag === undefined) return
  try {
    const get = createRequire(flag.startsWith('file:') ? flag : url)
    const path = (get('tsx/package.json') as TsxManifest).exports['./esm/api'].import.default
    const api = new URL(path, pathToFileURL(get.resolve('tsx/package.json'))).href
    const { register } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ api)) as TsxApi
    register()
  } catch {
    // Out of reach from here, or another version of it: the hooks of this file do all but `paths`.
  }
}

/** The hooks as `module.register` takes them. */
export async function resolve(
  name: string,
  context: Context,
  next: Next<Promise<Resolved>>,
): Promise<Resolved> {
  const stub = stubFor(name)
  if (stub !== undefined) return stub
  try {
    return await next(name, context)
  } catch (error) {
    return next(otherName(name, context, error), context)
  }
}

export async function load(url: string, context: Context, next: Next<Promise<Loaded>>): Promise<Loaded> {
  if (!isTypescriptFile(url)) return next(url, context)
  return asJavascript(url, await next(url, context).catch(unknownToNode))
}

/** The same, as `module.registerHooks` takes them. */
function resolveSync(name: string, context: Context, next: Next<Resolved>): Resolved {
  const stub = stubFor(name)
  if (stub !== undefined) return stub
  try {
    return next(name, context)
  } catch (error) {
    return next(otherName(name, context, error), context)
  }
}

function loadSync(url: string, context: Context, next: Next<Loaded>): Loaded {
  if (!isTypescriptFile(url)) return next(url, context)
  let loaded: Loaded
  try {
    loaded = next(url, context)
  } catch (error) {
    loaded = unknownToNode(error)
  }
  return asJavascript(url, loaded)
}

function stubFor(name: string): Resolved | undefined {
  const isStubbed = (name === 'vitest' && isUnderVitest()) || (name === 'node:test' && isUnderNodeTest())
  if (!isStubbed) return undefined
  return { url: new URL('./test-runner-stub.js', import.meta.url).href, format: 'module', shortCircuit: true }
}

/** Throws `error` again, if there is no file that vite or tsx would take for `name`. */
function otherName(name: string, { parentURL }: Context, error: unknown): string {
  const code = codeOf(error)
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_UNSUPPORTED_DIR_IMPORT'
  if (!isMissing || !isRelative.test(name) || !parentURL?.startsWith('file:')) throw error
  const url = new URL(name, parentURL)
  const { pathname } = url
  const byEnding = /\.[mc]?jsx?$/.test(pathname)
    ? [pathname.replace(/js(x?)$/, 'ts$1'), pathname.replace(/js$/, 'tsx')]
    : []
  const stem = pathname.replace(/\/$/, '')
  for (const each of [...byEnding, ...endings.map((ending) => stem + ending)]) {
    url.pathname = each
    if (statSync(url, { throwIfNoEntry: false })?.isFile()) return url.href
  }
  throw error
}

/** What Node or another loader makes of a TypeScript file, if anything. */
function unknownToNode(error: unknown): Loaded {
  const code = codeOf(error)
  if (code !== 'ERR_UNKNOWN_FILE_EXTENSION' && code !== 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING')
    throw error
  return { format: undefined }
}

function asJavascript(url: string, loaded: Loaded): Loaded {
  const { format } = loaded
  if (format && format !== 'module-typescript') return loaded
  const path = fileURLToPath(url)
  const text = readFileSync(path, 'utf8')
  if (format && isForNode(text)) return loaded
  process.setSourceMapsEnabled(true)
  return { format: 'module', source: transpile(text, path), shortCircuit: true }
}

/**
 * Should Node, which offers to strip the types, do so? Where it does so for the host, both then see the same
 * code. Vite is not Node, though: it also drops an `import { SomeType }` that does not say `type`.
 */
function isForNode(text: string): boolean {
  if (isUnderVitest()) return false
  const { typescript } = process.features as { typescript?: 'strip' | 'transform' | false }
  return typescript === 'transform' || !hasMeaning.test(text)
}

function isTypescriptFile(url: string): boolean {
  return url.startsWith('file:') && isTypescript.test(pathnameOf(url))
}

function pathnameOf(url: string): string {
  return url.replace(/[?#].*$/, '')
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}
