// The allocator can be looked into and changed while it serves: as a genServer, and as a special process.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RefOf, startServer, sys } from '@heddle/otp'
import { startVm, type Vm } from '@heddle/scheduler'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { FREQUENCY } from '../../examples/frequency/dist/allocator.js'
import type { Band } from '../../examples/frequency/dist/band.js'
import { frequency } from '../../examples/frequency/dist/by-gen-server.js'
import { phone } from '../../examples/frequency/dist/phone.js'
import { denied, deniedClients, widen } from '../../examples/frequency-trace/dist/looking.js'
import { specialFrequency } from '../../examples/frequency-trace/dist/special.js'

const definitions = [
  ['a genServer', frequency],
  ['a special process', specialFrequency],
] as const
const vms = [
  ['in one thread', 'inline' as const],
  ['on two schedulers', 2],
] as const
const cases = vms.flatMap(([where, schedulers]) =>
  definitions.map(([kind, definition]) => [kind, where, schedulers, definition] as const),
)

describe.each(cases)('%s %s', (_kind, _where, schedulers, definition) => {
  let vm: Vm
  let [ann, bob]: RefOf<typeof phone>[] = []
  beforeAll(async () => {
    vm = await startVm({ schedulers, clock: 'manual' })
  })
  afterAll(() => vm.stop())

  /** A fresh allocator with one frequency, and two phones. */
  async function open(): Promise<() => Promise<void>> {
    const server = await startServer(vm, definition as typeof specialFrequency, [10], { name: FREQUENCY })
    const phones = await Promise.all([1, 2].map(() => startServer(vm, phone, 'by genServer' as const)))
    ;[ann, bob] = phones
    return async () => {
      const ended = [server, ...phones].map((pid) => vm.whenDown(pid))
      for (const pid of phones) vm.exit(pid, 'kill')
      await sys.terminate(vm, server, 'normal')
      expect((await ended[0])?.reason).toBe('normal')
      await Promise.all(ended)
    }
  }

  test('logs what goes in and out, and counts it', async () => {
    const close = await open()
    await sys.log(vm, FREQUENCY, true)
    await sys.statistics(vm, FREQUENCY, true)
    await vm.call(ann!, phone.allocate())
    await vm.call(bob!, phone.allocate())
    const events = await sys.log(vm, FREQUENCY, 'get')
    expect(events.map(([what, detail]) => (what === 'in' ? what : [what, detail]))).toEqual([
      'in',
      ['out', 10],
      'in',
      ['out', 'no_frequency'],
    ])
    expect(await sys.statistics(vm, FREQUENCY, 'get')).toMatchObject({ messagesIn: 2 })
    await sys.noDebug(vm, FREQUENCY)
    expect(await sys.log(vm, FREQUENCY, 'get')).toEqual([])
    expect(await sys.statistics(vm, FREQUENCY, 'get')).toBe('no_statistics')
    await close()
  })

  test('has who was denied remembered by an installed function, until that is removed', async () => {
    const close = await open()
    const seen = async () => deniedClients(await sys.getStatus(vm, FREQUENCY))
    await sys.install(vm, FREQUENCY, { function: denied, state: [] })
    for (const who of [ann!, bob!, bob!]) await vm.call(who, phone.allocate())
    expect(await seen()).toEqual([bob, bob])
    await sys.remove(vm, FREQUENCY, denied)
    await vm.call(bob!, phone.allocate())
    expect(await seen()).toEqual([])
    await close()
  })

  test('writes its events to a file', async () => {
    const close = await open()
    const folder = mkdtempSync(join(tmpdir(), 'heddle-trace-'))
    const path = join(folder, 'events.log')
    expect(await sys.logToFile(vm, FREQUENCY, path)).toEqual({ status: 'ok' })
    await vm.call(ann!, phone.allocate())
    await sys.logToFile(vm, FREQUENCY, false)
    await vm.call(bob!, phone.allocate())
    const lines = readFileSync(path, 'utf8').trim().split('\n')
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).toContain(`*DBG* ${FREQUENCY} `)
    rmSync(folder, { recursive: true })
    await close()
  })

  // Elsewhere it is another thread's standard output.
  test.skipIf(schedulers !== 'inline')('writes its events to standard output', async () => {
    const close = await open()
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    await sys.trace(vm, FREQUENCY, true)
    await vm.call(ann!, phone.allocate())
    await sys.trace(vm, FREQUENCY, false)
    await vm.call(ann!, phone.deallocate(10))
    const lines = written.mock.calls.map(([text]) => String(text)).filter((text) => text.startsWith('*DBG*'))
    written.mockRestore()
    expect(lines).toHaveLength(2)
    await close()
  })

  test('shows its state, takes another, and answers in order what came while it was suspended', async () => {
    const close = await open()
    await vm.call(ann!, phone.allocate())
    await sys.suspend(vm, FREQUENCY)
    const asked = [vm.call(ann!, phone.deallocate(10))]
    await vm.settled()
    const answers = vm.call(bob!, phone.allocate())
    await vm.settled()
    const band = await sys.getState<Band>(vm, FREQUENCY)
    expect([band.free, band.held.map(({ frequency }) => frequency)]).toEqual([[], [10]])
    expect((await sys.getStatus(vm, FREQUENCY)).mode).toBe('suspended')
    expect((await sys.replaceState(vm, FREQUENCY, widen, [11])).free).toEqual([11])
    await sys.resume(vm, FREQUENCY)
    // 10 was given back first, so it is the next to be given.
    expect([await asked[0], await answers]).toEqual(['ok', 10])
    await close()
  })

  test('takes back the frequency of a phone that died while it was suspended', async () => {
    const close = await open()
    await vm.call(ann!, phone.allocate())
    await sys.suspend(vm, FREQUENCY)
    const ended = vm.whenDown(ann!)
    vm.exit(ann!, 'kill')
    await ended
    await vm.settled()
    expect((await sys.getState<Band>(vm, FREQUENCY)).free).toEqual([])
    await sys.resume(vm, FREQUENCY)
    await vm.settled()
    expect((await sys.getState<Band>(vm, FREQUENCY)).free).toEqual([10])
    await close()
  })
})

test.each(vms)('a special process ends with its parent, %s', async (_, schedulers) => {
  const vm = await startVm({ schedulers })
  const server = await startServer(vm, specialFrequency, [10], { name: FREQUENCY })
  const ended = vm.whenDown(server)
  // The host started it; its EXIT is what a supervisor's would be.
  vm.exit(server, 'shutdown')
  expect((await ended).reason).toBe('shutdown')
  await vm.stop()
})
