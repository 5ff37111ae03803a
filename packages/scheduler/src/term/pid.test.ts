// Pids and references are shown to people as Erlang writes them, wherever they are printed, and stay plain data.

import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { formatReason } from './exit-reason.ts'
import { formatPid, PidTerm, pidNumber } from './pid.ts'
import { formatRef, RefTerm } from './ref.ts'

const pid = new PidTerm(pidNumber(12, 3))
const ref = new RefTerm(99, pid.$pid)

test('a pid is <node.slot.generation>', () => {
  expect([formatPid(pid), `${pid}`, inspect(pid)]).toEqual(Array(3).fill('<0.12.3>'))
  expect(inspect({ from: { pid } })).toBe('{ from: { pid: <0.12.3> } }')
})

test('a reference also says who made it', () => {
  expect([formatRef(ref), `${ref}`, inspect(ref)]).toEqual(Array(3).fill('#Ref<0.12.3.99>'))
})

test('a reason shows them likewise, clones too', () => {
  const reason = ['already_started', structuredClone(pid), ref]
  expect(formatReason(reason)).toBe('["already_started","<0.12.3>","#Ref<0.12.3.99>"]')
})

test('as data they are their numbers', () => {
  expect(structuredClone(pid)).toEqual({ $pid: pid.$pid })
  expect(JSON.stringify(ref)).toBe(JSON.stringify({ $ref: 99, $of: pid.$pid }))
})
