/** Where phones are: number -> the controller that it is attached to. Who dies is not there any more. */

import { genServer, noreply, type RefOf, reply } from '@heddle/otp'
import { type Down, type Pid, samePid } from '@heddle/scheduler'

export const locations = genServer(import.meta.url, 'locations', {
  init: (_: void): ReadonlyMap<string, Pid> => new Map(),
  call: {
    attach: (where, phone: { readonly number: string; readonly pid: Pid }, self) => {
      self.monitor(phone.pid)
      return reply('ok' as const, new Map(where).set(phone.number, phone.pid))
    },
    find: (where, number: string) => reply(where.get(number), where),
  },
  info: (where, message) => {
    const { type, pid } = message as Down
    if (type !== 'DOWN') return noreply(where)
    return noreply(new Map([...where].filter(([, each]) => !samePid(each, pid))))
  },
})

export type Locations = RefOf<typeof locations>
