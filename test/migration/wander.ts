// Moves what can be moved, now and then, when nothing is on its way: to the other scheduler and back. Which, a seed says.

import { type Pid, samePid } from '@heddle/scheduler'
import { PidTerm } from '../../packages/scheduler/dist/term/pid.js'
import type { Kernels } from './kernels.ts'

/** The chance that a process is moved, where there are few. */
const PROBABILITY = 0.3
/** So many of many, on the average: they have to get on, too. */
const MOVES_AT_A_TIME = 0.5

/** To be called between two slices. `but`: who stays. */
export function wander(vm: Kernels, seed: number, but?: Pid): () => void {
  let word = seed
  const random = (): number => {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) | 0
    return (word >>> 0) / 2 ** 32
  }
  return () => {
    if (!vm.isSilent) return
    for (const { endpoint, table } of vm.kernels.slice(1)) {
      const probability = Math.min(PROBABILITY, MOVES_AT_A_TIME / table.count)
      const chosen = [...table].filter(() => random() < probability)
      for (const { pid } of chosen) {
        const it = new PidTerm(pid)
        if (but === undefined || !samePid(it, but)) vm.move(it, endpoint === 1 ? 2 : 1)
      }
    }
  }
}
