import { describe, expect, test } from 'vitest'
import { exitEffect } from './signals.ts'

const LINK = true
const SENT = false
const OWN = true
const OTHER = false

describe('an exit signal', () => {
  test.each([
    // traps, reason, over a link, own, effect
    [false, 'normal', SENT, OTHER, { do: 'ignore' }],
    [false, 'normal', LINK, OTHER, { do: 'ignore' }],
    [false, 'normal', SENT, OWN, { do: 'die', reason: 'normal' }],
    [false, 'boom', SENT, OTHER, { do: 'die', reason: 'boom' }],
    [false, 'boom', LINK, OTHER, { do: 'die', reason: 'boom' }],
    [true, 'normal', SENT, OTHER, { do: 'deliver', reason: 'normal' }],
    [true, 'normal', LINK, OTHER, { do: 'deliver', reason: 'normal' }],
    [true, 'normal', SENT, OWN, { do: 'deliver', reason: 'normal' }],
    [true, 'boom', SENT, OTHER, { do: 'deliver', reason: 'boom' }],
    [true, 'boom', LINK, OTHER, { do: 'deliver', reason: 'boom' }],
    [false, 'kill', SENT, OTHER, { do: 'die', reason: 'killed' }],
    [true, 'kill', SENT, OTHER, { do: 'die', reason: 'killed' }],
    [true, 'kill', SENT, OWN, { do: 'die', reason: 'killed' }],
    [true, 'kill', LINK, OTHER, { do: 'deliver', reason: 'kill' }],
    [false, 'kill', LINK, OTHER, { do: 'die', reason: 'kill' }],
    [true, 'killed', LINK, OTHER, { do: 'deliver', reason: 'killed' }],
  ] as const)('trapping %s, reason %s, link %s, own %s', (traps, reason, isLink, isOwn, effect) => {
    expect(exitEffect(traps, reason, isLink, isOwn)).toEqual(effect)
  })
})
