// The two tables of the register agree with each other and with who is alive, whatever phones do.

import { messages, type Pid, startVm, type Vm } from '@heddle/scheduler'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type News, phone } from '../../examples/location-register/dist/phone.js'
import { numberOf, phoneOf, REGISTER, register } from '../../examples/location-register/dist/register.js'

const on = messages<News>()
const NUMBERS = ['1', '2', '3']

type Step = { readonly who: number; readonly number: string; readonly what: 'move' | 'switch_off' | 'kill' }
const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(3),
  number: fc.constantFrom(...NUMBERS),
  what: fc.constantFrom('move', 'move', 'switch_off', 'kill'),
})

async function switchOn(vm: Vm, number: string): Promise<Pid> {
  const pid = await vm.spawn(phone, { number, host: vm.pid })
  expect(await vm.receive(on('on'))).toEqual({ type: 'on', number })
  return pid
}

async function end(vm: Vm, pid: Pid): Promise<void> {
  const ended = vm.whenDown(pid)
  vm.exit(pid, 'kill')
  await ended
}

describe.each([
  ['in one thread', 'inline' as const, 40],
  ['on two schedulers', 2, 10],
])('a location register %s', (_, schedulers, numRuns) => {
  let vm: Vm
  let hlr: Pid
  beforeAll(async () => {
    vm = await startVm({ schedulers, clock: 'manual' })
    hlr = await vm.spawn(register, undefined, { name: REGISTER })
  })
  afterAll(() => vm.stop())

  test('finds phones by number, and numbers by phone', async () => {
    const [ann, bob] = [await switchOn(vm, '1'), await switchOn(vm, '2')]
    expect(await vm.call(REGISTER, phoneOf('1'))).toEqual(ann)
    expect(await vm.call(REGISTER, numberOf(bob))).toBe('2')
    vm.send(ann, { type: 'dial', number: '2' })
    expect(await vm.receive(on('rang'))).toEqual({ type: 'rang', number: '2', by: '1' })
    vm.send(bob, { type: 'dial', number: '3' })
    expect(await vm.receive(on('no_such_number'))).toEqual({ type: 'no_such_number', number: '3' })
    for (const pid of [ann, bob]) await end(vm, pid)
    await vm.settled()
    expect(await vm.call(REGISTER, phoneOf('1'))).toBe('invalid')
    expect(await vm.call(REGISTER, numberOf(bob))).toBe('invalid')
  })

  test('holds exactly who is on, after any moves and deaths', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const phones = new Map<number, Pid>()
        /** The model: number -> who. */
        const model = new Map<string, number>()
        const leave = (who: number) => {
          for (const [number, owner] of model) if (owner === who) model.delete(number)
        }
        for (const { who, number, what } of steps) {
          const pid = phones.get(who)
          leave(who)
          if (what === 'move') {
            if (pid === undefined) phones.set(who, await switchOn(vm, number))
            else {
              vm.send(pid, { type: 'move', number })
              await vm.receive(on('on'))
            }
            model.set(number, who)
          } else if (pid !== undefined) {
            const ended = vm.whenDown(pid)
            if (what === 'kill') vm.exit(pid, 'kill')
            else vm.send(pid, { type: 'switch_off' })
            await ended
            phones.delete(who)
          }
          await vm.settled()
          for (const each of NUMBERS) {
            const owner = phones.get(model.get(each) ?? -1)
            expect(await vm.call(REGISTER, phoneOf(each))).toEqual(owner ?? 'invalid')
            if (owner !== undefined) expect(await vm.call(REGISTER, numberOf(owner))).toBe(each)
          }
        }
        for (const pid of phones.values()) await end(vm, pid)
        await vm.settled()
        // Nothing is watched any more: no monitor is left behind.
        expect((await vm.processInfo(hlr))?.monitors).toEqual([])
      }),
      { numRuns },
    )
  })
})
