/**
 * Who it is that fills the heap. When a scheduler's heap is half full the survey notes what each larger process holds (its
 * state, mailbox and dictionary, by samples); when it is nearly full it looks again, and blames the one that has grown
 * most meanwhile. A large process that does not grow is not blamed: it was there when all was well.
 *
 * It goes in small steps, between which others run: a scheduler may have a million processes.
 */

import { type Process, STATUS } from '../process/process.ts'
import { slotOf } from '../term/pid.ts'
import { SAMPLE_COUNT, sampleBytes, type Weighted } from '../term/size-sample.ts'
import type { Kernel } from './kernel.ts'
import { terminate } from './lifecycle.ts'

/** Objects looked at in one process. */
const STEPS_PER_PROCESS = 2_000
/** Objects looked at between two pauses: about a millisecond. */
const STEPS_PER_STRIDE = 4_000
/** Of the heap: who holds less is not worth noting. */
const NOTED_SHARE = 0.01
/** Of the heap: who has grown by less does not fill it. */
const BLAMED_SHARE = 0.02
/** Of what it held before: less may be an error of the samples. */
const GROWTH_MIN = 0.1

/** A process, and what it holds by an estimate. */
export interface Holder {
  readonly process: Process
  readonly bytes: number
}

export class HeapSurvey {
  private readonly kernel: Kernel
  private readonly limitBytes: number
  /** By pid: what it held when the survey began. */
  private before: Map<number, number> | null = null

  constructor(kernel: Kernel, limitBytes: number) {
    this.kernel = kernel
    this.limitBytes = limitBytes
  }

  /** The heap has room again: what was noted is void. */
  forget(): void {
    this.before = null
  }

  /** Looks at all processes, in strides; comes to the one that has grown most since the first time, if any has much. */
  *look(): Generator<void, Holder | undefined> {
    const holders: Holder[] = []
    let stepCount = 0
    for (const process of this.kernel.table) {
      const estimate = sampleBytes(rootsOf(process), STEPS_PER_PROCESS)
      if (estimate.bytes >= this.limitBytes * NOTED_SHARE) holders.push({ process, bytes: estimate.bytes })
      stepCount += 1 + estimate.stepCount
      if (stepCount < STEPS_PER_STRIDE) continue
      stepCount = 0
      yield
    }
    const isFirst = this.before === null
    this.before ??= new Map(holders.map(({ process, bytes }) => [process.pid, bytes]))
    return isFirst ? this.largest(holders) : this.mostGrown(holders)
  }

  /** Ends it, early enough for the others to live on. */
  kill({ process }: Holder): void {
    this.before?.delete(process.pid)
    terminate(this.kernel, process, 'killed')
  }

  /** What a report says of a process. */
  describe({ process, bytes }: Holder) {
    const { url, name } = process.address
    return {
      pid: process.pidTerm,
      definition: { url, name },
      registeredName: this.kernel.names.nameOf(slotOf(process.pid)),
      bytes: Math.round(bytes),
    }
  }

  /** Nothing is known of before: it must hold a good part of the heap itself. */
  private largest(holders: readonly Holder[]): Holder | undefined {
    const most = holders.reduce<Holder | undefined>(
      (a, b) => (a !== undefined && a.bytes >= b.bytes ? a : b),
      undefined,
    )
    return most !== undefined && most.bytes >= this.limitBytes / 4 ? most : undefined
  }

  private mostGrown(holders: readonly Holder[]): Holder | undefined {
    let most: Holder | undefined
    let mostBytes = this.limitBytes * BLAMED_SHARE
    for (const holder of holders) {
      if (holder.process.status === STATUS.dead) continue
      const before = this.before?.get(holder.process.pid) ?? 0
      const growth = holder.bytes - before
      if (growth < mostBytes || growth < before * GROWTH_MIN) continue
      most = holder
      mostBytes = growth
    }
    return most
  }
}

function rootsOf({ state, dictionary, mailbox }: Process): Weighted[] {
  const messages = mailbox.sample(SAMPLE_COUNT)
  const weight = messages.length === 0 ? 0 : mailbox.length / messages.length
  return [
    { value: state, weight: 1 },
    { value: dictionary, weight: 1 },
    ...messages.map((value) => ({ value, weight })),
  ]
}
