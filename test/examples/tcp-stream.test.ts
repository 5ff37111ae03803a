// Over real sockets: lines are put together from single bytes; a crash is one connection's own; none outlives its listener.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { startServer, stopServer, sys } from '@heddle/otp'
import { startVm, type Vm } from '@heddle/scheduler'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { shout } from '../../examples/tcp-stream/dist/shout.js'
import { type Listener, port } from '../../examples/tcp-stream/dist/tcp-stream.js'

let vm: Vm
let listener: Listener
const clients: Socket[] = []

beforeAll(async () => {
  vm = await startVm({ schedulers: 1, onReport: () => {} })
})
afterAll(() => vm.stop())
beforeEach(async () => {
  listener = await startServer(vm, shout, 0)
})
afterEach(async () => {
  for (const each of clients.splice(0)) each.destroy()
  if (await vm.isAlive(listener)) await stopServer(vm, listener)
})

async function open(): Promise<Socket> {
  const client = connect(await vm.call(listener, port), '127.0.0.1')
  client.setNoDelay(true)
  clients.push(client)
  client.on('error', () => {})
  await once(client, 'connect')
  return client
}

async function ask(client: Socket, line: string): Promise<string> {
  client.write(`${line}\n`)
  return String((await once(client, 'data'))[0])
}

/** The connections' processes: all but the host and the listener. */
const connections = () => vm.processes().filter(({ $pid }) => $pid !== vm.pid.$pid && $pid !== listener.$pid)

test('lines that come byte by byte, characters cut in two, are put together', async () => {
  const client = await open()
  for (const byte of Buffer.from('grüße\nzwei\nquit\n')) {
    client.write(Uint8Array.of(byte))
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await text(client)).toBe('GRÜSSE\nZWEI\nbye\n')
})

test('a connection that crashes is closed; the others and new ones go on', async () => {
  const [one, two] = [await open(), await open()]
  expect([await ask(one, 'a'), await ask(two, 'b')]).toEqual(['A\n', 'B\n'])
  one.write('crash\n')
  expect(await text(one)).toBe('')
  expect([await ask(two, 'c'), await ask(await open(), 'd')]).toEqual(['C\n', 'D\n'])
})

test('one that is killed is closed, too', async () => {
  const client = await open()
  await ask(client, 'a')
  for (const each of connections()) vm.exit(each, 'kill')
  expect(await text(client)).toBe('')
})

test('a connection can be suspended and looked at; what it is sent waits', async () => {
  const client = await open()
  await ask(client, 'a')
  client.write('half')
  const [process] = connections()
  if (process === undefined) throw new Error('no connection')
  await sys.suspend(vm, process)
  const answer = ask(client, ' and half')
  expect(await sys.getState(vm, process)).toMatchObject({ state: expect.any(Uint8Array) })
  await sys.resume(vm, process)
  expect(await answer).toBe('HALF AND HALF\n')
})

test('stopped, the listener takes its connections and its port with it', async () => {
  const client = await open()
  await ask(client, 'a')
  const at = await vm.call(listener, port)
  await stopServer(vm, listener)
  expect(await text(client)).toBe('')
  const late = connect(at, '127.0.0.1')
  expect((await once(late, 'error'))[0].code).toBe('ECONNREFUSED')
})
