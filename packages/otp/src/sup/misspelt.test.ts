// A definition with a callback that there is not, a misspelt one most likely, is refused where it is made, whatever the
// behaviour, and says which names there are.

import { done, process } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { eventHandler } from '../behaviour/event/handler.ts'
import { genFsm } from '../behaviour/fsm/gen-fsm.ts'
import { genServer } from '../behaviour/gen-server.ts'
import { genStatem } from '../behaviour/statem/gen-statem.ts'
import { special } from '../gen/special.ts'
import { handlerKind } from '../report/kind.ts'
import { supervisorBridge } from './bridge.ts'

const url = import.meta.url
const f = () => 0

test.each([
  ['genServer', () => genServer(url, 'x', { init: f, calls: {} } as never), 'calls', 'call, cast'],
  ['genStatem', () => genStatem(url, 'x', { init: f, cats: {} } as never), 'cats', 'call, cast'],
  [
    'a state',
    () => genStatem(url, 'x', { init: f, states: { on: { casts: {} } } } as never),
    'casts',
    'enter',
  ],
  [
    'genFsm',
    () => genFsm(url, 'x', { init: f, states: {}, handleEvents: f } as never),
    'handleEvents',
    'vsn',
  ],
  [
    "a gen_fsm's state",
    () => genFsm(url, 'x', { init: f, states: { on: { events: f } } } as never),
    'events',
    'event, sync',
  ],
  ['eventHandler', () => eventHandler(url, 'x', { init: f, event: f } as never), 'event', 'handleEvent'],
  [
    'supervisorBridge',
    () => supervisorBridge(url, 'x', { init: f, terminate: f, stop: f } as never),
    'stop',
    'terminate',
  ],
  ['special', () => special(url, 'x', { init: f, run: f, terminate: f } as never), 'terminate', 'system'],
  [
    "special's system",
    () => special(url, 'x', { init: f, run: f, system: { end: f } } as never),
    'end',
    'getState',
  ],
  [
    'handlerKind',
    () => handlerKind(url, 'x', { open: f, writeText: f, write: f } as never),
    'write',
    'writeText',
  ],
  [
    'process',
    () => process(url, 'x', { init: f, run: () => done(), terminate: f } as never),
    'terminate',
    'run',
  ],
])('%s', (_, define, unknown, known) => {
  expect(define).toThrow(expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' }))
  expect(define).toThrow(`there is no callback '${unknown}'; there are `)
  expect(define).toThrow(known)
})
