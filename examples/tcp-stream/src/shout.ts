/** A service on it: it shouts back each line. `quit` closes, `crash` crashes: this connection, and no other. */

import { tcpStream } from './tcp-stream.ts'

const NEWLINE = 10

export const shout = tcpStream(import.meta.url, 'shout', {
  // Bytes of a line that has not ended: a chunk may end in the middle of a character.
  init: (): Uint8Array => new Uint8Array(),
  data: (before, bytes) => {
    let rest: Uint8Array = Buffer.concat([before, bytes])
    let reply = ''
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      const line = Buffer.from(rest.subarray(0, end)).toString()
      if (line === 'quit') return { state: rest, reply: `${reply}bye\n`, stop: true }
      if (line === 'crash') throw new Error('as asked')
      reply += `${line.toUpperCase()}\n`
      rest = rest.slice(end + 1)
    }
    return { state: rest, reply }
  },
})
