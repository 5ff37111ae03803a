// Code is instrumented however it is run: by plugins of bundlers and test runners, and by loaders.

import { join } from 'node:path'
import { preemptEsbuild, preemptVite } from '@heddle/scheduler/preempt'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import {
  commandOf,
  compile,
  findStrippingNode,
  makeProject,
  type Outcome,
  runNode,
} from '../loading/project.ts'

/** A process that computes for ever, beside one that plays on with the host and then crashes on line 12. */
const definitions = `import { done, process, tag, type Pid } from '@heddle/scheduler'

export const hog = process(import.meta.url, 'hog', {
  init: (host: Pid) => host,
  *run(host: Pid, self): Generator<never> {
    self.send(host, { type: 'computing' })
    for (let x: number = 1; x > 0; ) x = (x * 48_271) % 2_147_483_647
  },
})
type Rounds = { host: Pid; rounds: number }
function* play({ host, rounds }: Rounds, self: any) {
  for (let round = 0; ; round++) { if (round === rounds) throw new Error('here')
    self.send(host, { type: 'round', round })
    yield* self.receive(tag('go'))
  }
}
export const player = process(import.meta.url, 'player', {
  init: (rounds: Rounds) => rounds,
  *run(rounds: Rounds, self) {
    yield* play(rounds, self)
    return done()
  },
})
`
const app = (options: string): string => `import { down, startVm, tag } from '@heddle/scheduler'
import { hog, player } from './definitions.ts'
const main = async () => {
  const vm = await startVm({ onReport: () => {}, ${options} })
  const busy = await vm.spawn(hog, vm.pid)
  await vm.receive(tag('computing'))
  const pid = await vm.spawn(player, { host: vm.pid, rounds: 20 })
  const monitor = vm.monitor(pid)
  for (let round = 0; round < 20; round++) {
    await vm.receive(tag('round'))
    vm.send(pid, { type: 'go' })
  }
  const { reason } = await vm.receive(down(monitor))
  console.log(/definitions\\.ts:12:/.exec(reason.stack)?.[0] ?? reason.stack)
  const end = vm.monitor(busy)
  vm.exit(busy, 'kill')
  console.log((await vm.receive(down(end))).reason)
  await vm.stop()
}
main().catch((error) => { console.error(error); process.exit(1) })
`
const worker = 'schedulers: 1, preempt: true'
const register = '@heddle/scheduler/preempt/register'

function project(name: string, options: string, files: Record<string, string> = {}): string {
  return makeProject(`preempt-${name}`, {
    'definitions.ts': definitions,
    'hog-app.ts': app(options),
    ...files,
  })
}

const done: Outcome = { status: 0, stdout: 'definitions.ts:12:\nkilled\n', stderr: '' }
/** Plain JavaScript, where lines are the compiler's. */
const doneInJavascript: Outcome = {
  status: 0,
  stdout: expect.stringMatching(/killed\n$/) as never,
  stderr: '',
}

describe('a loader', () => {
  test('of the schedulers: startVm({ preempt: true })', async () => {
    const dir = project('plain', worker)
    compile(dir)
    expect(await runNode(dir, ['hog-app.js'])).toEqual(doneInJavascript)
  })

  test.each([
    ['the schedulers', 'schedulers: 1'],
    ['the host, where it runs the processes', "schedulers: 'inline'"],
  ])('by --import, of %s', async (name, options) => {
    const dir = project(`register-${name.length}`, options)
    compile(dir)
    expect(await runNode(dir, ['--import', register, 'hog-app.js'])).toEqual(doneInJavascript)
  })

  test('under tsx', async () => {
    const dir = project('tsx', worker)
    expect(await runNode(dir, ['--import', 'tsx', 'hog-app.ts'])).toEqual(done)
  })

  test('behind tsx, by --import', async () => {
    const dir = project('tsx-register', 'schedulers: 1')
    expect(await runNode(dir, ['--import', 'tsx', '--import', register, 'hog-app.ts'])).toEqual(done)
  })

  const stripping = findStrippingNode()
  // Node before 22.6 runs no TypeScript by itself; a newer one is used where the version matrix has fetched it.
  test.skipIf(stripping === undefined)('under Node’s own type stripping', async () => {
    const dir = project('strip', worker)
    const flags = ['--disable-warning=ExperimentalWarning', '--enable-source-maps']
    expect(await runNode(dir, [...flags, 'hog-app.ts'], stripping)).toEqual(done)
  })

  test('under vitest, for schedulers by the option and for the tests’ own thread by the plugin', async () => {
    const plugin = `import { preemptVite } from '@heddle/scheduler/preempt'`
    const config = `${plugin}\nexport default { plugins: [preemptVite()], test: { server: { deps: { external: [/dist/] } } } }`
    const here = (options: string): string => `import { expect, test } from 'vitest'
      import { down, startVm, tag } from '@heddle/scheduler'
      import { hog, player } from './definitions'
      test('plays on', async () => {
        const vm = await startVm({ ${options} })
        const busy = await vm.spawn(hog, vm.pid)
        await vm.receive(tag('computing'))
        const pid = await vm.spawn(player, { host: vm.pid, rounds: 20 })
        for (let round = 0; round < 19; round++) {
          expect(await vm.receive(tag('round'))).toMatchObject({ round })
          vm.send(pid, { type: 'go' })
        }
        const end = vm.monitor(busy)
        vm.exit(busy, 'kill')
        expect(await vm.receive(down(end))).toMatchObject({ reason: 'killed' })
        await vm.stop()
      }, 30_000)`
    const dir = project('vitest', worker, {
      'vitest.config.js': config,
      'workers.test.ts': here(worker),
      'inline.test.ts': here("schedulers: 'inline'"),
    })
    const outcome = await runNode(dir, [commandOf('vitest'), 'run', '--root', dir])
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringContaining('2 passed') })
  })
})

describe('a plugin', () => {
  test('of esbuild', async () => {
    const dir = project('esbuild', 'schedulers: 1')
    await build({
      entryPoints: [join(dir, 'hog-app.ts')],
      outfile: join(dir, 'out/app.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      sourcemap: 'inline',
      plugins: [preemptEsbuild()],
    })
    expect(await runNode(dir, ['--enable-source-maps', 'out/app.mjs'])).toEqual(done)
  })

  test('of vite', async () => {
    const config = `import { preemptVite } from '@heddle/scheduler/preempt'
      export default { plugins: [preemptVite()], ssr: { noExternal: true }, logLevel: 'error', build: { sourcemap: true } }`
    const dir = project('vite', 'schedulers: 1', { 'vite.config.js': config })
    const built = await runNode(dir, [commandOf('vite'), 'build', '--ssr', 'hog-app.ts'])
    expect(built).toMatchObject({ status: 0, stderr: '' })
    expect(await runNode(dir, ['--enable-source-maps', 'dist/hog-app.js'])).toEqual(done)
  })

  test('leaves alone what lies in node_modules, and warns of what it cannot read', () => {
    const source = `function* a() { 'use preempt'; for (;;) b() }`
    const { transform } = preemptVite()
    const warnings: string[] = []
    const context = { warn: (text: string) => warnings.push(text) }
    expect(transform.call(context, source, '/app/node_modules/a/a.js')).toBe(null)
    expect(transform.call(context, source, '/app/a.css')).toBe(null)
    expect(transform.call(context, `${source} type A = 1`, '/app/a.ts')).toBe(null)
    expect(warnings).toEqual([expect.stringContaining('cannot instrument /app/a.ts')])
    expect(transform.call(context, source, '/app/a.js?v=1')?.code).toContain('heddle.preempt')
  })
})

test('a simulation of instrumented code runs the same way each time', async () => {
  const source = `import { simulate } from '@heddle/scheduler/sim'
    import { down, tag } from '@heddle/scheduler'
    import { hog, player } from './definitions.js'
    const run = () => simulate({ seed: 7, schedulers: 1 }, function* (self) {
      const busy = self.spawn(hog, self.pid)
      yield* self.receive(tag('computing'))
      const pid = self.spawn(player, { host: self.pid, rounds: 50 })
      for (let round = 0; round < 49; round++) {
        yield* self.receive(tag('round'))
        self.send(pid, { type: 'go' })
      }
      const end = self.monitor(busy)
      self.exit(busy, 'kill')
      return (yield* self.receive(down(end))).reason
    })
    const [first, second] = [await run(), await run()]
    console.log(first.value, first.traceHash === second.traceHash)`
  const dir = project('simulation', worker, { 'simulation.js': source })
  compile(dir)
  expect(await runNode(dir, ['--import', register, 'simulation.js'])).toEqual({
    status: 0,
    stdout: 'killed true\n',
    stderr: '',
  })
})
