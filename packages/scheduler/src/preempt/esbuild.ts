/** A plugin for esbuild. Its types are esbuild's, as far as they are used: whoever has none needs none. */

import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { isIncluded, type PreemptOptions } from './included.ts'
import { instrument, mayHaveLoops } from './instrument.ts'
import { withInlineMap } from './source-map.ts'

interface EsbuildBuild {
  readonly initialOptions: { readonly tsconfigRaw?: unknown; readonly jsx?: unknown }
  readonly esbuild: {
    transform(source: string, options: never): Promise<{ readonly code: string }>
  }
  onLoad(
    options: { readonly filter: RegExp; readonly namespace: string },
    callback: (file: { readonly path: string }) => Promise<EsbuildLoaded | undefined>,
  ): void
}

interface EsbuildLoaded {
  contents: string
  loader: 'js'
  resolveDir: string
  warnings: { text: string }[]
}

export interface EsbuildPlugin {
  readonly name: string
  readonly setup: (build: EsbuildBuild) => void
}

/**
 * Instruments what esbuild loads. TypeScript and JSX are turned into JavaScript first, by esbuild itself. Of several
 * plugins that load a file only the first acts.
 *
 * @example await build({ entryPoints: ['app.ts'], bundle: true, plugins: [preemptEsbuild()] })
 */
export function preemptEsbuild(options: PreemptOptions = {}): EsbuildPlugin {
  return {
    name: 'heddle-preempt',
    setup: (build) => {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
        if (!isIncluded(path, options)) return undefined
        const source = await readFile(path, 'utf8')
        if (!mayHaveLoops(source)) return undefined
        const script = /\.[cm]?js$/.test(path) ? source : await toJavascript(build, source, path)
        return loaded(script, path)
      })
    },
  }
}

function loaded(script: string, path: string): EsbuildLoaded | undefined {
  try {
    const { code, map } = instrument(script, { filename: basename(path) })
    if (map === null) return undefined
    return { contents: withInlineMap(code, map), loader: 'js', resolveDir: dirname(path), warnings: [] }
  } catch {
    // It has an error, which esbuild tells better, or is newer than the parser: it goes on as it is.
    return undefined
  }
}

async function toJavascript(build: EsbuildBuild, source: string, path: string): Promise<string> {
  const { tsconfigRaw, jsx } = build.initialOptions
  const loader = /x$/.test(path) ? (/\.[cm]?tsx$/.test(path) ? 'tsx' : 'jsx') : 'ts'
  const options = {
    loader,
    target: 'esnext',
    sourcefile: basename(path),
    sourcemap: 'inline',
    ...(tsconfigRaw === undefined ? {} : { tsconfigRaw }),
    ...(jsx === undefined ? {} : { jsx }),
  }
  return (await build.esbuild.transform(source, options as never)).code
}
