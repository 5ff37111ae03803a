// What a process holds outside of the VM is closed when it has ended, however that came.

import { connect } from 'node:net'
import { onEnd, process, type Report, type Self, startVm, tag, type Vm } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import { listening } from '#fixtures/sched-cleanup'

const onPort = tag<{ type: 'listening'; port: number }>('listening')

/** Whether somebody listens there. */
function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

async function closed(port: number): Promise<true> {
  while (await isOpen(port));
  return true
}

describe.each([
  ['in one thread', 'inline'],
  ['on a scheduler', 1],
] as const)('a server that a process has opened, %s', (_, schedulers) => {
  const withServer = async (end: (vm: Vm, pid: Awaited<ReturnType<Vm['spawn']>>) => unknown) => {
    await using vm = await startVm({ schedulers, onReport: () => {} })
    const pid = await vm.spawn(listening, vm.pid)
    const { port } = await vm.receive(onPort)
    expect(await isOpen(port)).toBe(true)
    await end(vm, pid)
    expect(await closed(port)).toBe(true)
  }

  test.each(['exit', 'crash'])('is closed by its %s', (how) => withServer((vm, pid) => vm.send(pid, how)))
  test('is closed when it is killed', () => withServer((vm, pid) => vm.exit(pid, 'kill')))
  test('is closed when the VM stops', () => withServer((vm) => vm.stop()))
})

const log: string[] = []
const tidy = process(import.meta.url, 'tidy', {
  init: (_: void, self) => {
    onEnd(self, (reason) => log.push(`first: ${String(reason)}`))
    onEnd(self, () => {
      throw new Error('cannot be closed')
    })
    const takeBack = onEnd(self, () => log.push('taken back'))
    onEnd(self, () => log.push('last'))
    takeBack()
    return 0
  },
  handle: (_state, _message, self) => self.exit('enough'),
})

test('cleanups run latest first, one that throws is reported, one that was taken back does not run', async () => {
  const reports: Report[] = []
  await using vm = await startVm({ schedulers: 'inline', onReport: (report) => reports.push(report) })
  const pid = await vm.spawn(tidy, undefined)
  vm.send(pid, 'go')
  await vm.whenDown(pid)
  await vm.settled()
  expect(log).toEqual(['last', 'first: enough'])
  expect(reports).toEqual([
    expect.objectContaining({
      type: 'crash',
      reason: expect.objectContaining({ message: 'cannot be closed' }),
    }),
  ])
})

test('onEnd takes a self and a function', () => {
  const refused = expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' })
  expect(() => onEnd({} as Self, () => {})).toThrow(refused)
})
