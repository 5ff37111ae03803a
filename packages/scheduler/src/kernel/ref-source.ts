/** Fresh reference numbers, from blocks that are never given out twice: so none comes back, even after a thread has died. */

import { type Control, REF_BLOCK_COUNT } from '../memory/control.ts'

export class RefSource {
  private readonly control: Control
  private block = 0
  private index = REF_BLOCK_COUNT
  constructor(control: Control) {
    this.control = control
  }

  next(): number {
    if (this.index === REF_BLOCK_COUNT) {
      this.block = this.control.takeRefBlock()
      this.index = 0
    }
    return this.block * REF_BLOCK_COUNT + this.index++
  }
}
