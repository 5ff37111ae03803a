// Whoever ends takes down those below, and no others; a dead phone's frequency is free; one restart too many ends it all.

import { type RefOf, startServer, stopServer } from '@heddle/otp'
import { down, startVm, type Vm } from '@heddle/scheduler'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { baseStation } from '../../examples/base-station/dist/base-station.js'
import { frequency } from '../../examples/base-station/dist/frequency.js'
import { counters, overload } from '../../examples/base-station/dist/overload.js'
import { phones } from '../../examples/base-station/dist/phones.js'

const NAMES = ['overload', 'frequency', 'phones'] as const
let vm: Vm
let station: RefOf<typeof baseStation>

beforeEach(async () => {
  vm = await startVm({ schedulers: 'inline', clock: 'manual', onReport: () => {} })
  station = await startServer(vm, baseStation, [1, 2, 3])
})
afterEach(() => vm.stop())

const pidOf = (name: string) => {
  const pid = vm.whereis(name)
  if (pid === undefined) throw new Error(`nobody is ${name}`)
  return pid
}
const freeCount = () => vm.call('frequency', frequency.freeCount())
const startPhone = (number: string) => vm.call('phones', phones.startChild(number))

async function phonePid(number: string) {
  const started = await startPhone(number)
  if (started.status !== 'ok' || started.pid === undefined) throw new Error('not started')
  return started.pid
}

async function kill(name: string): Promise<void> {
  vm.exit(pidOf(name), 'kill')
  await vm.settled()
}

test.each([
  ['overload', ['overload', 'frequency', 'phones'], 3],
  ['frequency', ['frequency', 'phones'], 3],
  // Its phones are linked to it, and end with it.
  ['phones', ['phones'], 3],
])('when %s is killed, %j start anew', async (name, renewed, free) => {
  await startPhone('100')
  await startPhone('101')
  expect(await freeCount()).toBe(1)
  const before = NAMES.map((each) => pidOf(each).$pid)
  await kill(name)
  expect(NAMES.filter((each, at) => pidOf(each).$pid !== before[at])).toEqual(renewed)
  expect((await vm.call('phones', phones.countChildren())).active).toBe(0)
  expect(await freeCount()).toBe(free)
})

test('a phone that crashes comes back; one that is switched off does not; neither keeps a frequency', async () => {
  const one = await phonePid('100')
  const two = await phonePid('101')
  vm.exit(one, 'kill')
  await stopServer(vm, two)
  await vm.settled()
  expect((await vm.call('phones', phones.countChildren())).active).toBe(1)
  expect(await freeCount()).toBe(2)
})

test('who gets none is refused, and the overload manager counts', async () => {
  const started = []
  for (const number of ['100', '101', '102', '103']) started.push((await startPhone(number)).status)
  expect(started).toEqual(['ok', 'ok', 'ok', 'error'])
  expect(await vm.call('overload', overload.call(counters, counters.get()))).toEqual({
    status: 'ok',
    reply: { no_frequency: 1, frequency_denied: 1 },
  })
})

test('three restarts in ten seconds are allowed, a fourth is not', async () => {
  const watch = vm.monitor(station)
  for (let time = 0; time < 3; time++) await kill('frequency')
  expect(vm.whereis('frequency')).toBeDefined()
  await vm.advance(10_001)
  for (let time = 0; time < 4; time++) await kill('frequency')
  expect((await vm.receive(down(watch))).reason).toBe('shutdown')
  expect(NAMES.map((each) => vm.whereis(each))).toEqual([undefined, undefined, undefined])
})

test('it stops in reverse order', async () => {
  const pids = NAMES.map((name) => pidOf(name))
  for (const pid of pids) vm.monitor(pid)
  await stopServer(vm, station)
  const ended: number[] = []
  for (const _ of pids) ended.push(((await vm.receive()) as { pid: { $pid: number } }).pid.$pid)
  expect(ended).toEqual(pids.map(({ $pid }) => $pid).reverse())
})
