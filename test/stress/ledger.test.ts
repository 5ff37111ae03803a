// The checker of the stress test, checked itself: how many EXITs of one peer may come, and which are too many.

import type { ExitReason, Self } from '@heddle/scheduler'
import { describe, expect, test } from 'vitest'
import {
  type Numbered,
  newLedger,
  noteLink,
  noteUnlink,
  receiveExit,
  receiveNumbered,
} from '#fixtures/stress-ledger'
import { payloadOf } from '#fixtures/stress-random'

const ME = 1
const PEER = 2
const DOWN = ['scheduler_down', 1]
const END: ExitReason = 'killed'

/** A ledger, and what it complains of. */
function keep() {
  const complaints: string[] = []
  const self = {
    pid: { $pid: ME },
    scheduler: 1,
    send: (_to: unknown, { what }: { what: string }) => complaints.push(what),
    whereis: () => undefined,
  } as unknown as Self
  const env = { host: { $pid: 9 }, schedulerCount: 1, isKilling: true, actor: {} as never }
  const ledger = newLedger(env, self, true)
  let n = 0
  const note = (is: 'linking' | 'linked'): void => {
    n += 1
    const message: Numbered = {
      type: 'numbered',
      from: PEER,
      n,
      name: '',
      note: { is },
      payload: 'none',
      value: payloadOf('none', n),
    }
    receiveNumbered(self, ledger, message)
  }
  return {
    complaints,
    link: () => noteLink(ledger, PEER),
    unlink: () => noteUnlink(ledger, PEER),
    peerLinks: () => {
      note('linking')
      note('linked')
    },
    exit: (reason: ExitReason) => receiveExit(self, ledger, { type: 'EXIT', pid: { $pid: PEER }, reason }),
  }
}

describe('as many EXITs may come as there were links', () => {
  test.each<[string, ExitReason[]]>([
    ['its end, and a link to the dead', [END, 'noproc']],
    ['two links to the dead', ['noproc', 'noproc']],
    ['the scheduler that was to answer the second has died', ['noproc', DOWN]],
    ['its scheduler has died, and the one that was to answer', [DOWN, DOWN]],
  ])('%s', (_, reasons) => {
    const { complaints, link, exit } = keep()
    for (const _reason of reasons) link()
    for (const reason of reasons) exit(reason)
    expect(complaints).toEqual([])
    exit('noproc')
    expect(complaints).toEqual(['an EXIT without a link, or after unlink'])
  })

  test('the other end linked and ended with noproc; this end linked the dead', () => {
    const { complaints, link, peerLinks, exit } = keep()
    link()
    peerLinks()
    exit('noproc')
    exit('noproc')
    expect(complaints).toEqual([])
    exit(DOWN)
    expect(complaints).toHaveLength(1)
  })
})

describe('too many are', () => {
  test('two ends of one process', () => {
    const { complaints, link, exit } = keep()
    link()
    link()
    exit(END)
    exit('shutdown')
    expect(complaints).toEqual(['a second EXIT of one death'])
  })

  test.each<[string, ExitReason]>([
    ['its end', END],
    ['noproc', 'noproc'],
    ['scheduler_down', DOWN],
  ])('%s after unlink', (_, reason) => {
    const { complaints, link, unlink, peerLinks, exit } = keep()
    link()
    peerLinks()
    unlink()
    exit(reason)
    expect(complaints).toEqual(['an EXIT without a link, or after unlink'])
  })
})
