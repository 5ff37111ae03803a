// A definition reaches a scheduler by its module's URL and its name, however the user's code is run.

import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import {
  commandOf,
  compile,
  expectedReply,
  findStrippingNode,
  makeProject,
  type Outcome,
  runNode,
} from './project.ts'

const replied: Outcome = { status: 0, stdout: expectedReply, stderr: '' }
const repliedOnce: Outcome = { ...replied, stdout: `${expectedReply}end of the host\n` }

describe('plain JavaScript', () => {
  test('a definition in a module of its own', async () => {
    const dir = makeProject('plain')
    compile(dir)
    expect(await runNode(dir, ['app.js'])).toEqual(replied)
  })

  test('a definition in the main module, above its top-level startVm()', async () => {
    const dir = makeProject('plain-one-file')
    compile(dir)
    expect(await runNode(dir, ['one-file.js'])).toEqual(repliedOnce)
  })

  test('started by node --input-type=module --eval, whose flags workers inherit', async () => {
    const dir = makeProject('plain-eval')
    compile(dir)
    expect(await runNode(dir, ['--input-type=module', '--eval', 'await import("./app.js")'])).toEqual(replied)
  })

  test('started with flags that are the whole process’s own', async () => {
    const dir = makeProject('plain-flags')
    compile(dir)
    expect(await runNode(dir, ['--expose-gc', '--max-old-space-size=200', '--title=x', 'app.js'])).toEqual(
      replied,
    )
  })

  test('a definition in the main module, whose main() starts the VM late and ends the thread if that fails', async () => {
    const dir = makeProject('plain-late-start')
    compile(dir)
    expect(await runNode(dir, ['late-start.js'])).toEqual(replied)
  })

  test('a definition in a test file, under node --test', async () => {
    const dir = makeProject('plain-test', {
      'here.test.js': `import assert from 'node:assert'
        import test, { describe } from 'node:test'
        import { isMainThread } from 'node:worker_threads'
        import { done, process, startVm, tag } from '@heddle/scheduler'
        const inTest = process(import.meta.url, 'inTest', {
          init: (from) => from,
          run: (from, self) => {
            self.send(from, { type: 'reply', isMainThread })
            return done()
          },
        })
        test('replies', async () => {
          console.log(isMainThread ? 'runs on the host' : 'runs on a scheduler')
          const vm = await startVm({ schedulers: 2 })
          await vm.spawn(inTest, vm.pid, { scheduler: 2 })
          assert.deepEqual(await vm.receive(tag('reply')), { type: 'reply', isMainThread: false })
          await vm.stop()
        })`,
    })
    const { status, stdout } = await runNode(dir, ['--test', '--test-reporter=tap', 'here.test.js'])
    expect(status).toBe(0)
    expect(stdout.match(/^# (runs.*|tests .*|pass .*)$/gm)).toEqual([
      '# runs on the host',
      '# tests 1',
      '# pass 1',
    ])
  })
})

describe('TypeScript', () => {
  const loose = {
    // What vite and tsx take and Node alone does not: no ending, the ending of the output, types imported like values,
    // syntax with a meaning.
    'loose.ts': `import { isMainThread } from 'node:worker_threads'
      import { done, process } from '@heddle/scheduler'
      import { Order } from './run'
      import { shout } from './shout.js'
      import { mark } from './marks'
      export const loose = process(import.meta.url, 'loose', {
        init: (order: Order) => order,
        *run({ from, text }, self) {
          self.send(from, { type: 'reply', text: shout(text) + mark(), isMainThread })
          return done()
        },
      })`,
    'marks/index.ts': `enum Mark { Exclamation = '!' }
      class Marks { constructor(private readonly end: Mark) {} get() { return this.end } }
      export const mark = () => new Marks(Mark.Exclamation).get()`,
    'loose-app.ts': `import { loose } from './loose'
      import { run } from './run'
      run(loose)`,
  }

  const here = `import { isMainThread } from 'node:worker_threads'
    import { done, process, startVm, tag } from '@heddle/scheduler'
    import { describe, expect, test, vi } from 'vitest'
    import { loose } from './loose'
    import { shout } from './shout'
    vi.setConfig({ testTimeout: 30_000 })
    const inTest = process(import.meta.url, 'inTest', {
      init: (order: any) => order,
      *run({ from, text }: any, self: any) {
        self.send(from, { type: 'reply', text: shout(text), isMainThread })
        return done()
      },
    })
    describe.each([[loose, 'HELLO!'], [inTest, 'HELLO']])('%#', (definition, text) => {
      test.concurrent('replies', async () => {
        const vm = await startVm({ schedulers: 2 })
        try {
          await vm.spawn(definition, { from: vm.pid, text: 'hello' }, { scheduler: 2 })
          expect(await vm.receive(tag('reply'))).toEqual({ type: 'reply', text, isMainThread: false })
        } finally {
          await vm.stop()
        }
      })
    })`

  test.each(['forks', 'threads', 'vmThreads'])('under vitest, in its pool of %s', async (pool) => {
    const config = `export default { test: { pool: '${pool}', server: { deps: { external: [/dist/] } } } }`
    const dir = makeProject(`vitest-${pool}`, { ...loose, 'here.test.ts': here, 'vitest.config.js': config })
    const outcome = await runNode(dir, [commandOf('vitest'), 'run', '--root', dir])
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringContaining('2 passed') })
  })

  test('under tsx', async () => {
    const dir = makeProject('tsx', loose)
    expect(await runNode(dir, [commandOf('tsx'), 'loose-app.ts'])).toEqual(replied)
    expect(await runNode(dir, ['--import', 'tsx', 'loose-app.ts'])).toEqual(replied)
    expect(await runNode(dir, ['--import', 'tsx', 'one-file.ts'])).toEqual(repliedOnce)
  })

  test('under tsx, with paths of a tsconfig.json', async () => {
    const dir = makeProject('tsx-paths', {
      ...loose,
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }',
      'loose.ts': loose['loose.ts'].replace('./marks', '@/marks/index'),
    })
    expect(await runNode(dir, ['--import', 'tsx', 'loose-app.ts'])).toEqual(replied)
  })

  const stripping = findStrippingNode()
  // Node before 22.6 runs no TypeScript by itself; a newer one is used where the version matrix has fetched it.
  test.skipIf(stripping === undefined)('under Node’s own type stripping', async () => {
    const dir = makeProject('strip')
    const flags = ['--disable-warning=ExperimentalWarning']
    expect(await runNode(dir, [...flags, 'app.ts'], stripping)).toEqual(replied)
    expect(await runNode(dir, [...flags, 'one-file.ts'], stripping)).toEqual(repliedOnce)
  })
})

describe('a bundle', () => {
  const bundled: BuildOptions = { bundle: true, format: 'esm', platform: 'node' }

  /** Only what was built may be left, or it could be the sources that ran. */
  function keepOnly(dir: string, kept: string): string {
    for (const name of readdirSync(dir))
      if (name !== kept && name !== 'package.json') rmSync(join(dir, name), { recursive: true })
    const built = join(dir, kept)
    for (const name of readdirSync(built).filter((each) => /\.m?js$/.test(each))) {
      expect(readFileSync(join(built, name), 'utf8')).not.toMatch(/from\s*["']@heddle/)
    }
    return built
  }

  test.each(['app', 'one-file'])('made by esbuild: %s', async (app) => {
    const dir = makeProject(`esbuild-${app}`)
    const outfile = join(dir, `out/${app}.mjs`)
    await build({ ...bundled, entryPoints: [join(dir, `${app}.ts`)], outfile, minify: true })
    const outcome = await runNode(keepOnly(dir, 'out'), [`${app}.mjs`])
    expect(outcome).toEqual(app === 'app' ? replied : repliedOnce)
  })

  test('made by vite build --ssr', async () => {
    const config = 'export default { ssr: { noExternal: true }, logLevel: "error" }'
    const dir = makeProject('vite-ssr', { 'vite.config.js': config })
    expect(await runNode(dir, [commandOf('vite'), 'build', '--ssr', 'app.ts'])).toMatchObject({
      status: 0,
      stderr: '',
    })
    expect(await runNode(keepOnly(dir, 'dist'), ['app.js'])).toEqual(replied)
  })

  test('whose definitions stand in chunks of their own', async () => {
    const dir = makeProject('esbuild-chunks', {
      'lazy.ts': `import { run } from './run.ts'
        const main = async () => run((await import('./echo.ts')).echo)
        main().catch((error) => { console.error(error); process.exit(1) })`,
    })
    await build({
      ...bundled,
      entryPoints: [join(dir, 'lazy.ts')],
      outdir: join(dir, 'out'),
      splitting: true,
    })
    expect(await runNode(keepOnly(dir, 'out'), ['lazy.js'])).toEqual(replied)
  })
})
