/**
 * The home location register: which process is the phone with this number, and which number has this phone. Two tables,
 * one for each question, kept by one process: nobody else can leave them half changed.
 *
 * It monitors who attaches. A phone that dies, however it does, is off the register; nobody has to tidy up after it.
 */

import {
  again,
  type CallEnvelope,
  type CallMessage,
  type Down,
  type MonitorRef,
  type Pid,
  process,
  type Self,
} from '@heddle/scheduler'

/** The name that the register has; so its clients need not be told its pid. */
export const REGISTER = 'hlr'

interface Entry {
  readonly number: string
  readonly phone: Pid
  readonly monitor: MonitorRef
}

/** The state stays in its process, which may change it in place. A pid's number is its key. */
interface Tables {
  readonly byNumber: Map<string, Entry>
  readonly byPhone: Map<number, Entry>
}

type Request =
  | { readonly $call: 'attach'; readonly arg: string }
  | { readonly $call: 'detach'; readonly arg: undefined }
  | { readonly $call: 'phoneOf'; readonly arg: string }
  | { readonly $call: 'numberOf'; readonly arg: Pid }

/** Each function makes a message; its type says what the call comes to. */
export const attach = (number: string): CallMessage<'hlr', 'ok'> => ({ $call: 'attach', arg: number })
export const detach = (): CallMessage<'hlr', 'ok' | 'not_attached'> => ({ $call: 'detach', arg: undefined })
export const phoneOf = (number: string): CallMessage<'hlr', Pid | 'invalid'> => ({
  $call: 'phoneOf',
  arg: number,
})
export const numberOf = (phone: Pid): CallMessage<'hlr', string | 'invalid'> => ({
  $call: 'numberOf',
  arg: phone,
})

/** A callback process: no loop, no receive; it is called with each message, oldest first. */
export const register = process(import.meta.url, 'register', {
  init: (_: void): Tables => ({ byNumber: new Map(), byPhone: new Map() }),
  handle(tables, message, self) {
    const it = message as CallEnvelope | Down | { readonly type?: undefined }
    if (it.type === '$call') {
      self.reply(it.from, answer(tables, it.request as Request, it.from.pid, self))
    }
    if (it.type === 'DOWN') forget(tables, tables.byPhone.get(it.pid.$pid), self)
    return again(tables)
  },
})

function answer(tables: Tables, request: Request, caller: Pid, self: Self): unknown {
  const { byNumber, byPhone } = tables
  switch (request.$call) {
    case 'attach': {
      // One phone has one number and one number one phone: whoever attaches last has it.
      forget(tables, byPhone.get(caller.$pid), self)
      forget(tables, byNumber.get(request.arg), self)
      const entry: Entry = { number: request.arg, phone: caller, monitor: self.monitor(caller) }
      byNumber.set(entry.number, entry)
      byPhone.set(caller.$pid, entry)
      return 'ok'
    }
    case 'detach': {
      const entry = byPhone.get(caller.$pid)
      forget(tables, entry, self)
      return entry === undefined ? 'not_attached' : 'ok'
    }
    case 'phoneOf':
      return byNumber.get(request.arg)?.phone ?? 'invalid'
    case 'numberOf':
      return byPhone.get(request.arg.$pid)?.number ?? 'invalid'
  }
}

/** Takes an entry out of both tables. */
function forget(tables: Tables, entry: Entry | undefined, self: Self): void {
  if (entry === undefined) return
  // Else the news of a phone's death could take out what it, or its number, is registered as by then.
  self.demonitor(entry.monitor, { flush: true })
  tables.byNumber.delete(entry.number)
  tables.byPhone.delete(entry.phone.$pid)
}
