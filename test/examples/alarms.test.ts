// An alarm is set when the last frequency goes and cleared when one comes back; loggers are swapped without losing a
// line; one that fails is removed, alone.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alarmHandler, startServer } from '@heddle/otp'
import { startVm, type Vm } from '@heddle/scheduler'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Frequency, frequency } from '../../examples/alarms/dist/frequency.js'
import { counters, fileLogger, terminalLogger } from '../../examples/alarms/dist/handlers.js'

const { NAME, manager } = alarmHandler
let vm: Vm
let server: Frequency
let folder: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'heddle-alarms-'))
  vm = await startVm({ schedulers: 'inline', onReport: () => {} })
  await startServer(vm, manager, undefined, { name: NAME })
  await alarmHandler.addAlarmHandler(vm, counters)
  server = await startServer(vm, frequency, [1, 2])
})
afterEach(async () => {
  await vm.stop()
  rmSync(folder, { recursive: true })
})

const allocate = () => vm.call(server, frequency.allocate())
const deallocate = (given: number) => vm.call(server, frequency.deallocate(given))
const counted = async () => {
  const answer = await vm.call(NAME, manager.call(counters, counters.get()))
  return answer.status === 'ok' ? answer.reply : answer
}
const linesOf = (name: string) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n')

test('the alarm stands exactly while there is no frequency', async () => {
  const stands: unknown[] = []
  const look = async () => {
    await vm.settled()
    const answer = await alarmHandler.getAlarms(vm)
    stands.push(answer.status === 'ok' ? answer.reply.map(({ id }) => id) : answer)
  }
  for (const step of [
    allocate,
    allocate,
    allocate,
    () => deallocate(1),
    () => deallocate(1),
    () => deallocate(2),
  ]) {
    await step()
    await look()
  }
  expect(stands).toEqual([[], ['no_frequency'], ['no_frequency'], [], [], []])
  expect(await counted()).toEqual({ set_alarm: 1, clear_alarm: 1 })
})

test('loggers are swapped, terminal to file to file, and no line is lost or told twice', async () => {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
  try {
    await alarmHandler.addAlarmHandler(vm, terminalLogger)
    await allocate()
    await allocate()
    await vm.call(NAME, manager.swapHandler(terminalLogger, 'swap', [fileLogger, 'a'], join(folder, 'a')))
    await deallocate(2)
    await allocate()
    await vm.call(NAME, manager.swapHandler([fileLogger, 'a'], 'swap', [fileLogger, 'b'], join(folder, 'b')))
    await deallocate(2)
    await vm.settled()
    expect(printed.mock.calls).toEqual([['1 set no_frequency: all 2 are in use']])
    expect(linesOf('a')).toEqual(['2 clear no_frequency', '3 set no_frequency: all 2 are in use'])
    expect(linesOf('b')).toEqual(['4 clear no_frequency'])
    expect(await counted()).toEqual({ set_alarm: 2, clear_alarm: 2 })
  } finally {
    printed.mockRestore()
  }
})

test('a logger that cannot write is removed; the others go on', async () => {
  await alarmHandler.addAlarmHandler(vm, [fileLogger, 'bad'], join(folder, 'no such folder', 'log'))
  await alarmHandler.addAlarmHandler(vm, [fileLogger, 'good'], join(folder, 'log'))
  await allocate()
  await allocate()
  await deallocate(1)
  await vm.settled()
  expect(await vm.call(NAME, manager.whichHandlers())).toEqual([
    ['fileLogger', 'good'],
    'counters',
    'alarm_handler',
  ])
  expect(linesOf('log')).toHaveLength(2)
  expect(await counted()).toEqual({ set_alarm: 1, clear_alarm: 1 })
})
