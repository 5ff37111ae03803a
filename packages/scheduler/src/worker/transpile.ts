/**
 * TypeScript to JavaScript, with what the user already has. Heddle depends on no transpiler: whoever writes
 * TypeScript has one, and where code runs unbundled it is the test runner's or the loader's.
 *
 * Transpilers are tried in this order: rolldown (comes with vite 8) loads in 25 ms and knows all syntax; Node's
 * own takes 60 ms and knows what can be erased; esbuild (vite 7, tsx) takes 90 ms when called synchronously;
 * typescript takes 400 ms, and from 7 on has no such function. What Node refuses, the next may take.
 *
 * They are looked for from the user's module and from the working directory, then from where vite, vitest and
 * tsx lie: a strict package manager lets a module see its own dependencies only.
 */

import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'

/** Throws where the source has syntax errors, or syntax that this transpiler does not know. */
type Transpile = (source: string, path: string) => string

/** Undefined where this version of the package has no such function. */
type Load = (get: NodeJS.Require) => Transpile | undefined

interface Rolldown {
  transformSync?: (path: string, source: string, options: object) => RolldownResult
}

interface RolldownResult {
  code: string
  map?: object | null
  errors: readonly { message: string }[]
}

interface Esbuild {
  transformSync: (source: string, options: object) => { code: string }
}

interface Typescript {
  transpileModule?: (source: string, options: object) => TypescriptResult
  flattenDiagnosticMessageText: (text: unknown, newLine: string) => string
}

interface TypescriptResult {
  outputText: string
  diagnostics: readonly { messageText: unknown }[]
}

interface Amaro {
  transformSync: (source: string, options: object) => { code: string; map?: string }
}

interface ModuleWithStrip {
  stripTypeScriptTypes?: (source: string) => string
}

// How one package leads to another that a strict package manager hides from the user's module.
const detours: readonly (readonly string[])[] = [[], ['vite'], ['vitest', 'vite'], ['tsx']]

/** As Node's own transpiler has it. */
const refusalCode = 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'

const loads: ReadonlyMap<string, Load> = new Map([
  ['rolldown', loadRolldown],
  ['node', loadNode],
  ['esbuild', loadEsbuild],
  ['typescript', loadTypescript],
  ['amaro', loadAmaro],
])

// Found ones are kept for all modules; where one was missing is kept too, for looking takes longer than using.
const loaded = new Map<string, Transpile>()
const missing = new Set<string>()

/**
 * @param path the file that `source` was read from
 * @param bases where the user's transpiler may be installed: files as which to look for it
 * @throws on syntax errors, and where there is no transpiler for this source
 */
export function transpile(
  source: string,
  path: string,
  bases: readonly string[] = [path, join(process.cwd(), 'app.js')],
): string {
  let why = 'runs no TypeScript'
  for (const name of loads.keys()) {
    try {
      const found = transpilerNamed(name, bases)
      if (found !== undefined) return found(source, path)
    } catch (error) {
      if (!isRefusal(error)) throw error
      why = `says: ${error.message}`
    }
  }
  throw new Error(
    `Node ${process.versions.node} ${why}; and none of rolldown, esbuild, typescript (up to 6) and amaro is ` +
      'installed: npm install --save-dev esbuild',
  )
}

/** The source is right, but it needs more than erasing its types. */
function isRefusal(error: unknown): error is Error {
  return (error as { code?: unknown } | null)?.code === refusalCode
}

function transpilerNamed(name: string, bases: readonly string[]): Transpile | undefined {
  const known = loaded.get(name)
  if (known !== undefined) return known
  for (const base of bases) {
    const place = `${name} from ${dirname(base)}`
    if (missing.has(place)) continue
    const found = loadTranspiler(name, base)
    if (found !== undefined) {
      loaded.set(name, found)
      return found
    }
    missing.add(place)
  }
  return undefined
}

function loadTranspiler(name: string, base: string): Transpile | undefined {
  const load = loads.get(name)
  for (const detour of detours) {
    try {
      let get = createRequire(base)
      for (const step of detour) get = createRequire(get.resolve(`${step}/package.json`))
      return load?.(get)
    } catch {
      // Not here, or not for this version of Node.
    }
  }
  return undefined
}

function loadRolldown(get: NodeJS.Require): Transpile | undefined {
  const { transformSync } = get('rolldown/utils') as Rolldown
  if (transformSync === undefined) return undefined
  return (source, path) => {
    const { code, map, errors } = transformSync(path, source, { sourcemap: true, tsconfig: true })
    if (errors.length > 0) throw new SyntaxError(errors.map(({ message }) => message).join('\n'))
    return map ? code + inlineMap(JSON.stringify(map)) : code
  }
}

function loadEsbuild(get: NodeJS.Require): Transpile {
  const { transformSync } = get('esbuild') as Esbuild
  return (source, path) => {
    const loader = /\.[mc]?tsx$/.test(path) ? 'tsx' : 'ts'
    const target = `node${process.versions.node}`
    const options = {
      loader,
      target,
      sourcefile: path,
      sourcemap: 'inline',
      jsx: 'automatic',
      logLevel: 'silent',
    }
    return transformSync(source, options).code
  }
}

function loadNode(): Transpile | undefined {
  const { stripTypeScriptTypes } = module as ModuleWithStrip
  if (stripTypeScriptTypes === undefined) return undefined
  return (source, path) => {
    if (path.endsWith('x'))
      throw Object.assign(new SyntaxError('JSX cannot be erased'), { code: refusalCode })
    return stripTypeScriptTypes(source)
  }
}

function loadTypescript(get: NodeJS.Require): Transpile | undefined {
  const { transpileModule, flattenDiagnosticMessageText } = get('typescript') as Typescript
  if (transpileModule === undefined) return undefined
  const compilerOptions = { target: 'es2022', module: 'esnext', inlineSourceMap: true, jsx: 'react-jsx' }
  return (source, path) => {
    const options = { fileName: path, compilerOptions, reportDiagnostics: true }
    const { outputText, diagnostics } = transpileModule(source, options)
    if (diagnostics.length === 0) return outputText
    const messages = diagnostics.map(({ messageText }) => flattenDiagnosticMessageText(messageText, '\n'))
    throw new SyntaxError(messages.join('\n'))
  }
}

function loadAmaro(get: NodeJS.Require): Transpile {
  const { transformSync } = get('amaro') as Amaro
  return (source, path) => {
    const { code, map } = transformSync(source, { mode: 'transform', filename: path, sourceMap: true })
    return map ? code + inlineMap(map) : code
  }
}

function inlineMap(map: string): string {
  return `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`
}
