// A call from the host that fails names, in its stack, the code that awaited it.

import { expect, test } from 'vitest'
import { process } from '../process/define.ts'
import { defineCall } from '../process/request.ts'
import { again } from '../process/turn.ts'
import { startVm } from './boot.ts'

const mute = process(import.meta.url, 'mute', { init: (_: void) => 0, handle: (state) => again(state) })
const ask = defineCall('ask')

test('the stack of a call that got no answer leads to its caller', async () => {
  await using vm = await startVm({ schedulers: 'inline' })
  const pid = await vm.spawn(mute, undefined)
  async function aCallerOfMine(): Promise<unknown> {
    return await vm.call(pid, ask(), { timeoutMs: 0 })
  }
  const error = await aCallerOfMine().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ reason: ['timeout', expect.anything()] })
  expect((error as Error).stack).toMatch(/^Exit: exit: \["timeout".*\n.*aCallerOfMine/)
})
