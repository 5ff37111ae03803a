// Makes the small projects that the tests here run: each in a folder of its own, from the sources in app/.

import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = resolve(fileURLToPath(new URL('../..', import.meta.url)))
const appDir = fileURLToPath(new URL('./app', import.meta.url))

export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** A folder below the root, so that packages are found, with app/ in it, and what `files` names besides. */
export function makeProject(name: string, files: Record<string, string> = {}): string {
  const dir = join(root, '.cache/loading', `${name}-node${process.versions.node}`)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  cpSync(appDir, dir, { recursive: true })
  for (const [path, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    mkdirSync(join(dir, path, '..'), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  return dir
}

/** Compiles a project to plain JavaScript, and takes the TypeScript away. */
export function compile(dir: string): void {
  for (const name of readdirSync(dir)) {
    if (!name.endsWith('.ts')) continue
    const { outputText } = ts.transpileModule(readFileSync(join(dir, name), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        rewriteRelativeImportExtensions: true,
        verbatimModuleSyntax: true,
      },
    })
    writeFileSync(join(dir, name.replace(/\.ts$/, '.js')), outputText)
    rmSync(join(dir, name))
  }
}

/** Runs `node args` there. What this test runner put into the environment would not be there for a user. */
export function runNode(dir: string, args: readonly string[], node = process.execPath): Promise<Outcome> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(VITEST|NODE_|TEST$|TINYPOOL)/.test(key)),
  )
  return new Promise((done) => {
    const options = { cwd: dir, env, timeout: 30_000, killSignal: 'SIGKILL' } as const
    execFile(node, args, options, (error, stdout, stderr) => {
      done({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
    })
  })
}

/** The file that a package's command stands for: `tsx`, `vite`. */
export function commandOf(packageName: string): string {
  const dir = join(root, 'node_modules', packageName)
  const { bin } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>
  }
  return join(dir, typeof bin === 'string' ? bin : (bin[packageName] ?? ''))
}

/** A Node that strips types by itself: this one, or another that the version matrix has fetched. */
export function findStrippingNode(): string | undefined {
  if ('typescript' in process.features && process.features.typescript) return process.execPath
  return ['24', '22']
    .map((major) => join(root, '.cache/node', major, 'bin/node'))
    .find((path) => existsSync(path))
}

export const expectedReply = '{"type":"reply","text":"HELLO!","isMainThread":false}\n'
