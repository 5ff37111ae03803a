/** Two kinds of processes that need the mutex. */

import { done, type Pid, process, tag } from '@heddle/scheduler'
import { type Mutex, signal, wait } from './mutex.ts'

/** Shared memory, which all schedulers write: what the mutex is there to guard. */
export const CELLS = { count: 0, inside: 1, clashes: 2 } as const

/** Adds to a shared count in two steps, with others let in between: without the mutex some of it would be lost. */
export const worker = process(import.meta.url, 'worker', {
  init: (given: { readonly mutex: Mutex; readonly rounds: number; readonly cells: Int32Array }) => given,
  *run({ mutex, rounds, cells }, self) {
    for (let round = 0; round < rounds; round++) {
      yield* wait(self, mutex)
      if (Atomics.add(cells, CELLS.inside, 1) !== 0) Atomics.add(cells, CELLS.clashes, 1)
      const seen = cells[CELLS.count] ?? 0
      yield* self.yield()
      cells[CELLS.count] = seen + 1
      Atomics.sub(cells, CELLS.inside, 1)
      signal(self, mutex)
    }
    return done()
  },
})

/** Takes the mutex, says so, and keeps it until it is told to leave. */
export const holder = process(import.meta.url, 'holder', {
  init: (given: { readonly mutex: Mutex; readonly owner: Pid; readonly label: string }) => given,
  *run({ mutex, owner, label }, self) {
    yield* wait(self, mutex)
    self.send(owner, { type: 'entered', label })
    yield* self.receive(tag('leave'))
    signal(self, mutex)
    return done()
  },
})
