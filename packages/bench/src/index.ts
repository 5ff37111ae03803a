/**
 * Measuring Heddle applications: what a series of measurements comes to, what it ran on, and how to show it.
 *
 * @example
 * import { describeMachine, formatMachine, summarize } from '@heddle/bench'
 */

export { describeMachine, formatMachine, type Machine } from './machine.ts'
export { percentile, type Summary, summarize } from './statistics.ts'
export { type Column, formatHeading, formatQuantity, formatRow } from './table.ts'
