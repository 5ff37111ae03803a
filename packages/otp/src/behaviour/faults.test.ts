// What a callback does that it must not is told even where there is no logger: a line on standard error, or whatever
// `startVm` was told to do with reports; for every behaviour whose processes end by it.

import { type Report, startVm } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import type { ServerDef } from '../gen/definition.ts'
import { startServer } from '../gen/start.ts'
import * as fsm from './fsm/fsm.ts'
import { genFsm } from './fsm/gen-fsm.ts'
import { genServer } from './gen-server.ts'
import { genStatem } from './statem/gen-statem.ts'
import { beginIn, keepState } from './statem/next.ts'

const url = import.meta.url
const stack = expect.stringContaining('Error')

const server = genServer(url, 'server', {
  init: (_: void) => 0,
  cast: { go: () => 'nonsense' as never },
})
const returning = genStatem(url, 'returning', {
  init: (_: void) => beginIn('on', 0),
  states: { on: { cast: { go: () => 'nonsense' as never } } },
})
const acting = genStatem(url, 'acting', {
  init: (_: void) => beginIn('on', 0),
  states: { on: { cast: { go: (data) => keepState(data, 'nonsense' as never) } } },
})
const old = genFsm(url, 'old', {
  init: (_: void) => fsm.next('on', 0),
  states: { on: { event: () => 'nonsense' as never } },
})

test.each([
  ["a server's bad return", server, { $cast: 'go', arg: 0 }, ['bad_return_value', 'nonsense']],
  [
    "a machine's bad return",
    returning,
    { $cast: 'go', arg: 0 },
    [['bad_return_from_state_function', 'nonsense'], stack],
  ],
  [
    "a machine's bad action",
    acting,
    { $cast: 'go', arg: 0 },
    [['bad_action_from_state_function', 'nonsense'], stack],
  ],
  ["a gen_fsm's bad return", old, { $cast: 'event', arg: 0 }, ['bad_return_value', 'nonsense']],
])('%s is a crash, and reported as one', async (_, definition, message, reason) => {
  const reports: Report[] = []
  await using vm = await startVm({ schedulers: 'inline', onReport: (report) => reports.push(report) })
  const ref = await startServer(vm, definition as ServerDef<void, unknown>, undefined)
  vm.cast(ref as never, message as never)
  expect((await vm.whenDown(ref)).reason).toEqual(reason)
  expect(reports).toEqual([expect.objectContaining({ type: 'crash', pid: ref, reason })])
})
