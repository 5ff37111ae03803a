/**
 * A behaviour of our own: a TCP server whose user writes what to do with a stream of bytes, and nothing about sockets.
 *
 *     listener     owns the listening socket; starts a process for each connection, and closes what one leaves open
 *     connection   one process for each: its own state, its own crash
 *
 * Both are special processes, so `sys` can look at a connection, suspend it, stop it. Sockets are not data, and cannot be
 * sent: a connection runs on its listener's scheduler, and takes its socket from a table of that thread, by number.
 *
 * One chunk at a time: the socket is paused until the process has handled what it read. A process that is slow, or
 * suspended, slows down its client, and does not fill the memory of this machine.
 */

import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type RefOf, type ServerDef, special, startLink } from '@heddle/otp'
import {
  ANY,
  again,
  type CallEnvelope,
  type CallMessage,
  done,
  type ExitMessage,
  type Self,
} from '@heddle/scheduler'

/** What the user of the behaviour writes. */
export interface StreamCallbacks<S> {
  /** A client has connected. */
  readonly init: (self: Self) => S
  /** Some of its bytes: any number of them, cut anywhere. */
  readonly data: (state: NoInfer<S>, bytes: Uint8Array, self: Self) => StreamNext<NoInfer<S>>
}

export interface StreamNext<S> {
  readonly state: S
  /** Written to the client. */
  readonly reply?: string
  /** Closes the connection, after the reply. */
  readonly stop?: boolean
}

/** Started with its port; 0 is any that is free: `port` tells which. */
export type TcpStream = ServerDef<number, unknown>

type Event =
  | { readonly type: 'tcp'; readonly bytes: Uint8Array }
  | { readonly type: 'tcp_closed' }
  | { readonly type: 'tcp_accepted'; readonly id: number }

/** To be called: the port that a listener listens on. */
export const port: CallMessage<unknown, number> = { $call: 'port', arg: undefined }

/** This thread's sockets, and the number of the last one. */
const sockets = new Map<number, Socket>()
let lastId = 0

/** Defines a TCP server, at the top level of a module. */
export function tcpStream<S>(url: string, name: string, callbacks: StreamCallbacks<S>): TcpStream {
  return listenerOf(url, name, connectionOf(url, name, callbacks))
}

function listenerOf(url: string, name: string, connection: ServerDef<number, unknown>): TcpStream {
  return special(url, name, {
    async init(wanted: number, self) {
      self.trapExit(true)
      const server = createServer({ pauseOnConnect: true }, (socket) => {
        // What goes wrong with a socket is followed by its end.
        socket.on('error', () => {})
        lastId += 1
        sockets.set(lastId, socket)
        tell(self, { type: 'tcp_accepted', id: lastId }, () => {
          // The listener was killed, which nothing of it has survived to clean up after.
          server.close()
          closeSocket(lastId)
        })
      })
      server.listen(wanted)
      await once(server, 'listening')
      self.put('server', server)
      return { open: new Map<number, number>() }
    },
    *run(state, self, life) {
      const message = yield* self.receive(ANY)
      if (life.isSystem(message)) return life.handleSystem(message, state)
      const server = self.get('server') as Server
      if (life.isParentExit(message)) {
        server.close()
        return done(message.reason)
      }
      const { type } = message as CallEnvelope | ExitMessage | Event
      if (type === 'tcp_accepted') {
        const { id } = message as { readonly id: number }
        const started = yield* startLink(self, connection, id, { scheduler: 'local' })
        if (started.status === 'ok') state.open.set(started.pid.$pid, id)
        else closeSocket(id)
      } else if (type === 'EXIT') {
        // A connection has ended, however: its socket does not outlive it.
        const { $pid } = (message as ExitMessage).pid
        closeSocket(state.open.get($pid))
        state.open.delete($pid)
      } else if (type === '$call') {
        self.reply((message as CallEnvelope).from, (server.address() as AddressInfo).port)
      }
      return again(state)
    },
    system: {
      terminate: (_reason, _state, self) => (self.get('server') as Server).close(),
    },
  })
}

function connectionOf<S>(
  url: string,
  name: string,
  callbacks: StreamCallbacks<S>,
): ServerDef<number, unknown> {
  return special(url, `${name}Connection`, {
    init(id: number, self) {
      self.trapExit(true)
      const socket = sockets.get(id)
      const close = () => closeSocket(id)
      socket?.on('data', (bytes) => {
        socket.pause()
        tell(self, { type: 'tcp', bytes: new Uint8Array(bytes) }, close)
      })
      socket?.on('close', () => tell(self, { type: 'tcp_closed' }, close))
      const state = callbacks.init(self)
      if (socket === undefined || socket.destroyed) tell(self, { type: 'tcp_closed' }, close)
      socket?.resume()
      return { id, state }
    },
    *run({ id, state }, self, life) {
      const message = yield* self.receive(ANY)
      if (life.isSystem(message)) return life.handleSystem(message, { id, state })
      if (life.isParentExit(message)) {
        closeSocket(id)
        return done(message.reason)
      }
      const event = message as Event
      if (event.type === 'tcp_closed') return done()
      if (event.type !== 'tcp') return again({ id, state })
      const next = callbacks.data(state, event.bytes, self)
      const socket = sockets.get(id)
      if (next.reply !== undefined) socket?.write(next.reply)
      if (next.stop === true) return done()
      socket?.resume()
      return again({ id, state: next.state })
    },
  })
}

/** From the event loop to a process; a process that is dead throws at whoever acts in its name. */
function tell(self: Self, event: Event, ifDead: () => void): void {
  try {
    self.send(self.pid, event)
  } catch {
    ifDead()
  }
}

/** Once what has been written is out. */
function closeSocket(id: number | undefined): void {
  if (id === undefined) return
  sockets.get(id)?.destroySoon()
  sockets.delete(id)
}

export type Listener = RefOf<TcpStream>
