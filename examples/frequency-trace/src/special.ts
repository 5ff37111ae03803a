/**
 * The allocator once more, as a *special process*: a loop written by hand, but one that keeps the rules of the tower. It is
 * started as a server is, ends when its parent does, and answers `sys`. It takes the messages that the `genServer` takes, so
 * its clients cannot tell the two apart.
 */

import { special } from '@heddle/otp'
import { ANY, again, type CallEnvelope, type Down, done, type Self } from '@heddle/scheduler'
import { allocate, type Band, clientDown, deallocate, openBand } from '../../frequency/dist/band.js'

type Request =
  | { readonly $call: 'allocate'; readonly arg: undefined }
  | { readonly $call: 'deallocate'; readonly arg: number }

export const specialFrequency = special(import.meta.url, 'frequency', {
  init(frequencies: readonly number[], self) {
    // So that the parent's end is a message, and this process can say how it ends.
    self.trapExit(true)
    return openBand(frequencies)
  },
  *run(band, self, life) {
    const message = yield* self.receive(ANY)
    // It takes over: for as long as the process is suspended it does not come back.
    if (life.isSystem(message)) return life.handleSystem(message, band)
    if (life.isParentExit(message)) return done(message.reason)
    // A process that keeps its events to itself cannot be traced.
    life.note(['in', message])
    const it = message as CallEnvelope | Down
    if (it.type === 'DOWN') return again(clientDown(band, it.ref))
    if (it.type !== '$call') return again(band)
    const [answer, next] = serve(band, it, self)
    self.reply(it.from, answer)
    life.note(['out', answer, it.from])
    return again(next)
  },
  system: {
    // What is shown: pids of clients and numbers of monitors are no help to whoever looks.
    formatStatus: ({ free, held }) => ({ free, held: held.map(({ frequency }) => frequency) }),
  },
})

function serve(band: Band, { request, from }: CallEnvelope, self: Self): [unknown, Band] {
  const it = request as Request
  return it.$call === 'allocate' ? allocate(band, from.pid, self) : deallocate(band, from.pid, it.arg, self)
}
