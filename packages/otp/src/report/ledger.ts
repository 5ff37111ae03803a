/**
 * A handler's *ledger*: how many events it was meant to get, and of how many it is known what became of them. Two words of memory
 * that all threads share, so that a handler that is killed, whose mailbox nobody reads any more, can still be told about: what
 * was sent and not settled is lost.
 *
 *     word   what                         who writes it
 *     0      sent, or dropped unsent      whoever logs, with an atomic addition
 *     1      written, or told as dropped  the gate
 *
 * Rejected: counts that agents send when they are asked (the host has no agent, and a busy scheduler answers late).
 */

/** Plain data that threads share. Counts wrap, their difference does not. */
export type Ledger = Int32Array

const SENT = 0
const SETTLED = 1

export function newLedger(): Ledger {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
}

export function noteSent(ledger: Ledger): void {
  Atomics.add(ledger, SENT, 1)
}

/** So many are written, or counted among what was dropped. */
export function noteSettled(ledger: Ledger, count: number): void {
  // Pairs with the load in `lostIn`.
  Atomics.add(ledger, SETTLED, count)
}

/** How many events nobody can tell of any more; of a handler that has ended. */
export function lostIn(ledger: Ledger): number {
  // Settled first: what is settled was sent before.
  const settled = Atomics.load(ledger, SETTLED)
  return Math.max(0, (Atomics.load(ledger, SENT) - settled) | 0)
}
