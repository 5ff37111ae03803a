/**
 * The base station. Each child needs those above it: the frequency server tells the overload manager, phones hold what
 * the frequency server gave them. So when one ends, those below it cannot go on as they are, and those above it can:
 * `rest_for_one`. With `one_for_one` phones would keep frequencies that a new frequency server gives away again.
 */

import { child, supervisor } from '@heddle/otp'
import { frequency } from './frequency.ts'
import { overload } from './overload.ts'
import { phones } from './phones.ts'

export const baseStation = supervisor(import.meta.url, 'baseStation', (frequencies: readonly number[]) => ({
  strategy: 'rest_for_one',
  intensity: 3,
  periodMs: 10_000,
  children: [
    child(overload, undefined, { name: 'overload' }),
    child(frequency, frequencies, { name: 'frequency' }),
    child(phones, undefined, { name: 'phones' }),
  ],
}))
