// A dirty function reaches a thread of the pool as a process reaches a scheduler, however the user's code is run.

import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, build } from 'esbuild'
import { expect, test } from 'vitest'
import {
  commandOf,
  compile,
  expectedReply,
  findStrippingNode,
  makeProject,
  type Outcome,
  runNode,
} from './project.ts'

const repliedOnce: Outcome = { status: 0, stdout: `${expectedReply}end of the host\n`, stderr: '' }

test('plain JavaScript, in the main module above its top-level startVm()', async () => {
  const dir = makeProject('dirty-plain')
  compile(dir)
  expect(await runNode(dir, ['dirty.js'])).toEqual(repliedOnce)
})

test('with flags that threads inherit, or must not be told', async () => {
  const dir = makeProject('dirty-flags')
  compile(dir)
  const flags = ['--expose-gc', '--max-old-space-size=200', '--title=x']
  expect(await runNode(dir, [...flags, 'dirty.js'])).toEqual(repliedOnce)
  const asText = ['--input-type=module', '--eval', 'await import("./dirty.js")']
  expect(await runNode(dir, asText)).toEqual(repliedOnce)
})

// What vite and tsx take and Node alone does not.
const loose = {
  'loose.ts': `import { isMainThread } from 'node:worker_threads'
    import { dirtyFunction } from '@heddle/scheduler'
    import { Order } from './run'
    import { shout } from './shout.js'
    import { mark } from './marks'
    export const loose = dirtyFunction(import.meta.url, 'loose', ({ text }: Pick<Order, 'text'>) => {
      return { type: 'reply', text: shout(text) + mark(), isMainThread }
    })`,
  'marks/index.ts': `enum Mark { Exclamation = '!' }
    class Marks { constructor(private readonly end: Mark) {} get() { return this.end } }
    export const mark = () => new Marks(Mark.Exclamation).get()`,
  'loose-app.ts': `import { startVm } from '@heddle/scheduler'
    import { loose } from './loose'
    startVm({ schedulers: 1 }).then(async (vm) => {
      console.log(JSON.stringify(await vm.dirty(loose, { text: 'hello' })))
      await vm.stop()
      console.log('end of the host')
    })`,
}

test('under vitest: in a module, and in the test file', async () => {
  const here = `import { isMainThread } from 'node:worker_threads'
    import { dirtyFunction, startVm } from '@heddle/scheduler'
    import { expect, test } from 'vitest'
    import { loose } from './loose'
    import { shout } from './shout'
    const inTest = dirtyFunction(import.meta.url, 'inTest', ({ text }: any) => {
      return { type: 'reply', text: shout(text) + '!', isMainThread }
    })
    test.each([[loose], [inTest]])('%#', async (definition) => {
      const vm = await startVm({ schedulers: 1 })
      const reply = await vm.dirty(definition, { text: 'hello' })
      await vm.stop()
      expect(reply).toEqual({ type: 'reply', text: 'HELLO!', isMainThread: false })
    }, 30_000)`
  const config = 'export default { test: { server: { deps: { external: [/dist/] } } } }'
  const dir = makeProject('dirty-vitest', { ...loose, 'here.test.ts': here, 'vitest.config.js': config })
  const outcome = await runNode(dir, [commandOf('vitest'), 'run', '--root', dir])
  expect(outcome).toMatchObject({ status: 0, stdout: expect.stringContaining('2 passed') })
})

test('under tsx', async () => {
  const dir = makeProject('dirty-tsx', loose)
  expect(await runNode(dir, [commandOf('tsx'), 'loose-app.ts'])).toEqual(repliedOnce)
  expect(await runNode(dir, ['--import', 'tsx', 'dirty.ts'])).toEqual(repliedOnce)
})

const stripping = findStrippingNode()
// Node before 22.6 runs no TypeScript by itself; a newer one is used where the version matrix has fetched it.
test.skipIf(stripping === undefined)('under Node’s own type stripping', async () => {
  const dir = makeProject('dirty-strip')
  const flags = ['--disable-warning=ExperimentalWarning']
  expect(await runNode(dir, [...flags, 'dirty.ts'], stripping)).toEqual(repliedOnce)
})

/** Only what was built may be left, or it could be the sources that ran. */
function keepOnly(dir: string, kept: string): string {
  for (const name of readdirSync(dir))
    if (name !== kept && name !== 'package.json') rmSync(join(dir, name), { recursive: true })
  return join(dir, kept)
}

test('in a bundle, where piscina is installed beside it', async () => {
  const dir = makeProject('dirty-esbuild')
  const bundled: BuildOptions = { bundle: true, format: 'esm', platform: 'node', minify: true }
  await build({ ...bundled, entryPoints: [join(dir, 'dirty.ts')], outfile: join(dir, 'out/dirty.mjs') })
  expect(await runNode(keepOnly(dir, 'out'), ['dirty.mjs'])).toEqual(repliedOnce)
})

test('in a bundle made by vite build --ssr', async () => {
  const config =
    'export default { ssr: { noExternal: true }, build: { target: "node20" }, logLevel: "error" }'
  const dir = makeProject('dirty-vite', { 'vite.config.js': config })
  const built = await runNode(dir, [commandOf('vite'), 'build', '--ssr', 'dirty.ts'])
  expect(built).toMatchObject({ status: 0, stderr: '' })
  expect(await runNode(keepOnly(dir, 'dist'), ['dirty.js'])).toEqual(repliedOnce)
})
