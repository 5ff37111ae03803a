// `node scripts/type-cost.mjs`, a step of `npm run check`: what the types of @heddle/otp cost whoever uses them.
//
// A user's editor checks their definitions on every keystroke, so how much work a definition makes is part of the door.
// Counted are the types that the checker makes and the times it fills in a type parameter: both are the same on every
// machine, where seconds are not. Each kind of definition is measured apart, less what a program costs that only
// imports the package, so that the table names what has grown.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { root } from './prepare.mjs'

/** @typedef {{ types: number, instantiations: number }} Cost */

/**
 * What `count` definitions of a kind, with the messages sent to each, may cost: the figure of the day that it was set, and
 * a quarter. Raise one knowingly: with the change that makes the types dearer, and what it buys.
 * @type {Record<Kind, { count: number, budget: Cost }>}
 */
export const budgets = {
  servers: { count: 30, budget: { types: 14_500, instantiations: 60_000 } },
  machines: { count: 20, budget: { types: 12_700, instantiations: 82_500 } },
  handlers: { count: 10, budget: { types: 4_000, instantiations: 10_000 } },
  supervisors: { count: 10, budget: { types: 1_050, instantiations: 860 } },
}

const imports = `import * as otp from '@heddle/otp'
import type { Self } from '@heddle/scheduler'
declare const self: Self
void otp
`

/** @typedef {keyof typeof definitions} Kind */

/** One typical definition of each kind, and a use of all that it takes. */
export const definitions = {
  servers: (/** @type {number} */ i) => `
export const server${i} = otp.genServer(import.meta.url, 'server${i}', {
  init: (start: { id: number; names: string[] }) => ({ ...start, total${i}: 0 }),
  call: {
    get: (state) => otp.reply(state.total${i}, state),
    addAndGet: (state, by: number) => otp.reply(state.total${i} + by, { ...state, total${i}: state.total${i} + by }),
    *find(state, query: { name: string }, self) {
      yield* self.sleep(1)
      return otp.reply({ found: state.names.includes(query.name), id: state.id }, state)
    },
    load: async (state, path: string) =>
      path === '' ? otp.stop('normal', state, 'empty' as const) : otp.reply('loaded' as const, state),
  },
  cast: {
    add: (state, by: number) => otp.noreply({ ...state, total${i}: state.total${i} + by }),
    rename: (state, it: { from: string; to: string }) =>
      otp.noreply({ ...state, names: state.names.map((each) => (each === it.from ? it.to : each)) }),
  },
  info: (state, message) => (message === 'quit' ? otp.stop('normal', state) : otp.noreply(state)),
})
export async function useServer${i}(ref: otp.RefOf<typeof server${i}>) {
  self.cast(ref, server${i}.add(1))
  self.cast(ref, server${i}.rename({ from: 'a', to: 'b' }))
  const total: number = await self.call(ref, server${i}.get())
  const more: number = await self.call(ref, server${i}.addAndGet(total))
  const { found, id } = await self.call(ref, server${i}.find({ name: 'a' }))
  const loaded: 'empty' | 'loaded' = await self.call(ref, server${i}.load('b'))
  const started = await otp.startLink(self, server${i}, { id, names: [loaded] })
  return started.status === 'ok' && found ? self.call(started.pid, server${i}.addAndGet(more)) : 0
}
`,
  machines: (/** @type {number} */ i) => `
export const machine${i} = otp.genStatem(import.meta.url, 'machine${i}', {
  init: (code: string) => otp.beginIn('locked', { code, tries${i}: 0 }),
  states: {
    locked: {
      call: {
        open: (data, code: string, _self, from) =>
          code === data.code
            ? otp.nextState('open', data, [otp.replyTo(from, 'opened' as const), otp.stateTimeout(10, 'lock')])
            : otp.keepState({ ...data, tries${i}: data.tries${i} + 1 }, otp.replyTo(from, 'wrong' as const)),
      },
      cast: { change: (data, code: string) => otp.keepState({ ...data, code }) },
    },
    open: {
      enter: (data) => otp.keepState({ ...data, tries${i}: 0 }),
      call: { open: (_data, _code: string) => otp.keepStateAndData(otp.postpone()) },
      cast: { close: (data) => otp.nextState('locked', data), change: () => otp.keepStateAndData() },
      stateTimeout: (data) => otp.nextState('locked', data),
    },
    broken: { cast: { change: (data) => otp.nextState('locked', data) } },
  },
  call: {
    tries: (_state, data, _argument: void, _self, from) =>
      otp.keepState(data, otp.replyTo(from, data.tries${i})),
  },
  cast: { smash: (_state, data, _by: { force: number }) => otp.nextState('broken', data) },
})
export async function useMachine${i}(ref: otp.RefOf<typeof machine${i}>) {
  self.cast(ref, machine${i}.close())
  self.cast(ref, machine${i}.change('1234'))
  self.cast(ref, machine${i}.smash({ force: 1 }))
  const opened: 'opened' | 'wrong' = await self.call(ref, machine${i}.open('1234'))
  const tries: number = await self.call(ref, machine${i}.tries())
  const started = await otp.startLink(self, machine${i}, opened)
  return started.status === 'ok' ? tries : 0
}
`,
  handlers: (/** @type {number} */ i) => `
type Event${i} = { type: 'celsius'; value: number } | { type: 'off'; by${i}: string }
export const handler${i} = otp.eventHandler(import.meta.url, 'handler${i}', {
  init: (window: number) => (window > 0 ? otp.ok({ window, seen${i}: [] as number[] }) : otp.failInit('none')),
  handleEvent: (state, event: Event${i}) =>
    event.type === 'off' ? otp.removeHandler() : otp.ok({ ...state, seen${i}: [event.value, ...state.seen${i}] }),
  handleCall: {
    last: (state) => otp.reply(state.seen${i}[0] ?? 0, state),
    reset: (state, to: number[]) => otp.reply('done' as const, { ...state, seen${i}: to }),
  },
  handleInfo: (state, message) => (message === 'quit' ? otp.removeHandler() : otp.ok(state)),
})
export const manager${i} = otp.eventManager<Event${i}>(import.meta.url, 'manager${i}')
export async function useManager${i}(ref: otp.RefOf<typeof manager${i}>) {
  self.cast(ref, manager${i}.notify({ type: 'celsius', value: 21 }))
  await self.call(ref, manager${i}.syncNotify({ type: 'off', by${i}: 'me' }))
  await self.call(ref, manager${i}.addHandler(handler${i}, 5))
  const last = await self.call(ref, manager${i}.call(handler${i}, handler${i}.last()))
  const reset = await self.call(ref, manager${i}.call([handler${i}, 'second'], handler${i}.reset([1])))
  return last.status === 'ok' && reset.status === 'ok' ? last.reply + reset.reply.length : 0
}
`,
  supervisors: (/** @type {number} */ i) => `
const worker${i} = otp.genServer(import.meta.url, 'worker${i}', { init: (start${i}: number) => start${i} })
export const pool${i} = otp.dynamicSupervisor(import.meta.url, 'pool${i}', () => ({
  child: otp.template(worker${i}, { restart: 'transient' }),
}))
export const supervisor${i} = otp.supervisor(import.meta.url, 'supervisor${i}', (start: number) => ({
  strategy: 'rest_for_one',
  children: [
    otp.child(worker${i}, start, { name: 'worker${i}', restart: 'transient', shutdown: 1_000 }),
    otp.child(pool${i}, undefined, { id: 'pool' }),
  ],
}))
export async function useSupervisor${i}(ref: otp.RefOf<typeof supervisor${i}>) {
  const started = await self.call(ref, supervisor${i}.startChild(otp.child(worker${i}, 1, { id: 'b' })))
  const counts = await self.call(ref, supervisor${i}.countChildren())
  return started.status === 'ok' ? counts.active : 0
}
`,
}

/** A program of `count` definitions of one kind. @param {Kind} kind @param {number} count */
const programOf = (kind, count) =>
  imports + Array.from({ length: count }, (_, i) => definitions[kind](i)).join('')

/** A compiler that reads each library once, however many programs it is asked about. */
export function newMeter() {
  const path = join(root, 'type-cost.generated.ts')
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile)
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
  Object.assign(options, { noEmit: true, composite: false, incremental: false, declaration: false })
  Object.assign(options, { declarationMap: false, noUnusedLocals: false })
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  /** @type {Map<string, ts.SourceFile | undefined>} */
  const read = new Map()
  let text = ''
  /** @type {ts.Program | undefined} */
  let before
  host.fileExists = (name) => name === path || fileExists(name)
  host.getSourceFile = (name, language, ...rest) => {
    if (name === path) return ts.createSourceFile(name, text, language)
    if (!read.has(name)) read.set(name, getSourceFile(name, language, ...rest))
    return read.get(name)
  }
  /** @param {string} source @returns {Cost & { errors: string }} */
  return (source) => {
    text = source
    const program = ts.createProgram([path], options, host, before)
    before = program
    const found = [
      ...program.getGlobalDiagnostics(),
      ...program.getSyntacticDiagnostics(program.getSourceFile(path)),
      ...program.getSemanticDiagnostics(program.getSourceFile(path)),
    ]
    return {
      types: program.getTypeCount(),
      instantiations: program.getInstantiationCount(),
      errors: ts.formatDiagnostics(found.slice(0, 5), host),
    }
  }
}

/** What each kind costs, less the imports; or the errors of a program that a user should be able to write. */
export function measure(meter = newMeter()) {
  const base = meter(imports)
  const kinds = /** @type {Kind[]} */ (Object.keys(budgets))
  return kinds.map((kind) => {
    const { count } = budgets[kind]
    const { types, instantiations, errors } = meter(programOf(kind, count))
    const cost = { types: types - base.types, instantiations: instantiations - base.instantiations }
    return { kind, cost, errors: base.errors || errors }
  })
}

/**
 * @param {{ kind: Kind, cost: Cost, errors: string }[]} measured
 * @returns {{ lines: string[], failed: boolean }} what to print
 */
export function judge(measured) {
  const lines = measured.flatMap(({ kind, cost, errors }) => {
    const { count, budget } = budgets[kind]
    if (errors !== '')
      return [`FAILED  ${count} ${kind}: what a user would write does not compile\n${errors}`]
    return /** @type {const} */ (['types', 'instantiations']).map((what) => {
      const over = cost[what] - budget[what]
      const line = `${count} ${kind}: ${cost[what]} ${what} of ${budget[what]}`
      if (over <= 0) return `ok      ${line}`
      return `FAILED  ${line}: ${over} too many; make the types cheaper, or raise the budget in scripts/type-cost.mjs`
    })
  })
  return { lines, failed: lines.some((line) => line.startsWith('FAILED')) }
}

function main() {
  if (!existsSync(join(root, 'packages/otp/dist/index.d.ts'))) {
    process.stdout.write('FAILED  @heddle/otp is not built: npm run build\n')
    process.exit(1)
  }
  const { lines, failed } = judge(measure())
  process.stdout.write(`${lines.join('\n')}\n`)
  process.exit(failed ? 1 : 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
