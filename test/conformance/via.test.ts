// Names in registries of the user's own, as the host finds them; the cases run in `registry.test.ts`.

import { startServer } from '@heddle/otp'
import { startVm, type Vm } from '@heddle/scheduler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { room } from '#fixtures/conf-via'
import { counter } from '#fixtures/otp-servers'

describe('from the host', () => {
  let vm: Vm
  beforeAll(async () => {
    vm = await startVm({ schedulers: 2, onReport: () => {} })
  })
  afterAll(() => vm.stop({ timeoutMs: 0 }))

  test('a server registers itself also on a scheduler that has not met the registry', async () => {
    const ref = await startServer(vm, counter, 7, { name: room('host'), scheduler: 2 })
    expect(vm.whereis('room:host')).toEqual(ref)
    expect(await vm.call(ref, counter.get())).toBe(7)
    const again = startServer(vm, counter, 8, { name: room('host'), scheduler: 1 })
    await expect(again).rejects.toMatchObject({ reason: ['already_started', ref] })
  })

  test('a registry whose module cannot be had ends the server, and says so', async () => {
    const nowhere = { via: { url: 'file:///nowhere.mjs', name: 'room' }, name: 'x' }
    const starting = startServer(vm, counter, 7, { name: nowhere })
    await expect(starting).rejects.toMatchObject({ reason: { fields: { code: 'ERR_MODULE_LOAD' } } })
  })
})
