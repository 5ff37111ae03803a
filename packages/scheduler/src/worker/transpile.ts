/**
 * TypeScript to JavaScript, with what the user already has. Heddle depends on no transpiler: whoever writes
 * TypeScript has one, and where code runs unbundled it is the test runner's or the loader's.
 *
 * Transpilers are tried in this order: rolldown (comes with vite 8) loads in 25 ms and knows all syntax; Node's
 * own takes 60 ms and knows what can be erased; esbuild (vite 7, tsx) takes 90 ms when called synchronously;
 * typescript takes 400 ms, and from 7 on has no such function. What one refuses, the next may take.
 *
 * They are looked for from the user's module, then from where vite, vitest and tsx lie: a strict package
 * manager lets a module see its own dependencies only.
 */

import module, { createRequire } from 'node:module'
import process from 'node:process'

/** Throws where the source has syntax errors, or syntax that this transpiler does not know. */
type Transpile = (source: string, path: string) => string

/** Undefined where this version of the package has no such function. */
type Load = (require: NodeJS.Require) => Transpile | undefined

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
  transpileModule?: (source: string, options: object) => { outputText: string }
}

interface Amaro {
  transformSync: (source: string, options: object) => { code: string; map?: string }
}

interface ModuleWithStrip {
  stripTypeScriptTypes?: (source: string) => string
}

// How one package leads to another that a strict package manager hides from the user's module.
const detours: readonly (readonly string[])[] = [[], ['vite'], ['vitest', 'vite'], ['tsx']]

const loads: ReadonlyMap<string, Load> = new Map([
  ['rolldown', loadRolldown],
  ['node', loadNode],
  ['esbuild', loadEsbuild],
  ['typescript', loadTypescript],
  ['amaro', loadAmaro],
])

const loaded = new Map<string, Transpile | undefined>()

/** @throws what the first transpiler found has thrown, if none takes the source */
export function transpile(source: string, path: string): string {
  const errors: unknown[] = []
  for (const name of loads.keys()) {
    const found = transpilerNamed(name, path)
    if (found === undefined) continue
    try {
      return found(source, path)
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length > 0) throw errors[0]
  throw new Error(
    `Node ${process.versions.node} runs no TypeScript, and none of rolldown, esbuild, typescript (up to 6) and ` +
      'amaro is installed: npm install --save-dev esbuild',
  )
}

function transpilerNamed(name: string, path: string): Transpile | undefined {
  if (!loaded.has(name)) loaded.set(name, loadTranspiler(name, path))
  return loaded.get(name)
}

function loadTranspiler(name: string, path: string): Transpile | undefined {
  const load = loads.get(name)
  for (const detour of load === undefined ? [] : detours) {
    try {
      let require = createRequire(path)
      for (const step of detour) require = createRequire(require.resolve(`${step}/package.json`))
      return load?.(require)
    } catch {
      // Not here, or not for this version of Node.
    }
  }
  return undefined
}

function loadRolldown(require: NodeJS.Require): Transpile | undefined {
  const { transformSync } = require('rolldown/utils') as Rolldown
  if (transformSync === undefined) return undefined
  return (source, path) => {
    const { code, map, errors } = transformSync(path, source, { sourcemap: true, tsconfig: true })
    if (errors.length > 0) throw new SyntaxError(errors.map(({ message }) => message).join('\n'))
    return map ? code + inlineMap(JSON.stringify(map)) : code
  }
}

function loadEsbuild(require: NodeJS.Require): Transpile {
  const { transformSync } = require('esbuild') as Esbuild
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
    if (path.endsWith('x')) throw new SyntaxError(`JSX is not TypeScript that can be erased: ${path}`)
    return stripTypeScriptTypes(source)
  }
}

function loadTypescript(require: NodeJS.Require): Transpile | undefined {
  const { transpileModule } = require('typescript') as Typescript
  if (transpileModule === undefined) return undefined
  const compilerOptions = { target: 'es2022', module: 'esnext', inlineSourceMap: true, jsx: 'react-jsx' }
  return (source, path) => transpileModule(source, { fileName: path, compilerOptions }).outputText
}

function loadAmaro(require: NodeJS.Require): Transpile {
  const { transformSync } = require('amaro') as Amaro
  return (source, path) => {
    const { code, map } = transformSync(source, { mode: 'transform', filename: path, sourceMap: true })
    return map ? code + inlineMap(map) : code
  }
}

function inlineMap(map: string): string {
  return `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`
}
