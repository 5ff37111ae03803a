/**
 * The processes that this kernel runs, by pid: blocks of slots as the shared table hands them out, made
 * when first used. A `Map` of pids is ten times slower at 10^6 processes.
 */

import type { Process } from '../process/process.ts'
import { slotOf } from '../term/pid.ts'

const BLOCK_BITS = 10
const BLOCK_SLOTS = 1 << BLOCK_BITS

export class ProcessTable {
  private readonly blocks: ((Process | undefined)[] | undefined)[] = []
  private live = 0

  get count(): number {
    return this.live
  }

  get(pid: number): Process | undefined {
    const slot = slotOf(pid)
    const block = this.blocks[slot >>> BLOCK_BITS]
    if (block === undefined) return undefined
    const process = block[slot & (BLOCK_SLOTS - 1)]
    return process !== undefined && process.pid === pid ? process : undefined
  }

  add(process: Process): void {
    const slot = slotOf(process.pid)
    const index = slot >>> BLOCK_BITS
    while (this.blocks.length <= index) this.blocks.push(undefined)
    let block = this.blocks[index]
    if (block === undefined) {
      block = new Array<Process | undefined>(BLOCK_SLOTS).fill(undefined)
      this.blocks[index] = block
    }
    block[slot & (BLOCK_SLOTS - 1)] = process
    this.live += 1
  }

  delete(process: Process): void {
    const slot = slotOf(process.pid)
    const block = this.blocks[slot >>> BLOCK_BITS]
    if (block === undefined) return
    block[slot & (BLOCK_SLOTS - 1)] = undefined
    this.live -= 1
  }

  *[Symbol.iterator](): Iterator<Process> {
    for (const block of this.blocks) {
      if (block === undefined) continue
      for (const process of block) if (process !== undefined) yield process
    }
  }
}
