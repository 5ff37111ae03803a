// What the types of the logger allow, and what they refuse.

import { kernelReports, logger, report, startLogger } from '@heddle/otp'
import type { Op, Self, Vm } from '@heddle/scheduler'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const sure = <T extends true>(): T | undefined => undefined
declare const self: Self
declare const vm: Vm

logger.error(self, 'text')
logger.error(vm, 'text %s', ['argument'], { domain: ['shop'] })
logger.notice(self, { what: 'report' }, { reportCallback: undefined as never })
logger.debug(self, () => 'lazy')
logger.log(self, 'alert', 'text')
// @ts-expect-error there is no such level
logger.log(self, 'loud', 'text')
// @ts-expect-error whoever logs comes first
logger.error('text')
// @ts-expect-error a domain is a list
logger.error(self, 'text', { domain: 'shop' })
// @ts-expect-error a message is a text, a report, or a function
logger.error(self, 7)

// An operation in a process, a promise on the host.
sure<Equal<ReturnType<typeof logger.removeHandler<Self>>, Op<logger.LoggerResult>>>()
sure<Equal<ReturnType<typeof logger.removeHandler<Vm>>, Promise<logger.LoggerResult>>>()

export const above = logger.filter(import.meta.url, 'above', (event, limit: number) =>
  Number(event.meta.size) > limit ? event : 'ignore',
)
logger.addPrimaryFilter(self, 'above', above(3))
// @ts-expect-error it takes a number
logger.addPrimaryFilter(self, 'above', above('three'))
// @ts-expect-error a filter says what becomes of the event
logger.filter(import.meta.url, 'bad', () => true)

logger.addHandler(self, 'file', logger.file({ path: 'log' }), { level: 'error', overload: { burst: false } })
// @ts-expect-error a file has a path
logger.addHandler(self, 'file', logger.file({}))
// @ts-expect-error there is no such option
logger.addHandler(self, 'file', logger.terminal(), { colour: 'red' })
// @ts-expect-error there is no such limit
logger.addHandler(self, 'file', logger.terminal(), { overload: { dropCount: 3 } })

export const socket = logger.handlerKind(import.meta.url, 'socket', {
  open: ({ path }: { path: string }) => ({ path, count: 0 }),
  writeText: async (state, text) => ({ ...state, count: state.count + text.length }),
})
logger.addHandler(self, 'socket', socket({ path: '/run/log' }))
// @ts-expect-error it takes a path
logger.addHandler(self, 'socket', socket({}))
logger.handlerKind(import.meta.url, 'wrong', {
  open: (_: null) => ({ count: 0 }),
  // @ts-expect-error the state has a count
  writeText: () => ({ total: 1 }),
})

logger.browse(self, 'memory', { type: 'crash_report', level: 'error' })
// @ts-expect-error there is no such type
logger.browse(self, 'memory', { type: 'crash' })

startLogger(vm, { reports: kernelReports(), level: 'all', handlers: { default: null } })
// @ts-expect-error the host starts it
startLogger(self)
// @ts-expect-error a handler is what its kind made
startLogger(vm, { handlers: { file: { handler: 'file' } } })

const isTaken: boolean = report(self, 'error', ['gen_server', 'terminate'], { name: 'bank' })
sure<Equal<typeof isTaken, boolean>>()
// @ts-expect-error a label says who and what
report(self, 'error', 'terminate', {})
