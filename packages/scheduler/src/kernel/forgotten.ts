/**
 * Questions about processes of which nobody knows any more where they ran: the slot has been used again. Its last
 * signals may still lie in any ring (they were published before the slot was freed, so they do lie there); so the
 * answer, `noproc`, is given when every ring has been read to the end once. Then it comes behind them.
 *
 * Rejected: asking the slot's home. The process may have run elsewhere, and the home's answer travels by another ring.
 */

import type { SignalKind } from '../process/signals.ts'
import type { Kernel } from './kernel.ts'

interface Question {
  readonly drainCount: number
  readonly answer: () => void
}

export class Forgotten {
  private readonly questions: Question[] = []
  private readonly kernel: Kernel
  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  get hasQuestions(): boolean {
    return this.questions.length > 0
  }

  ask(kind: SignalKind, target: number, source: number, ref: number, value: unknown): void {
    this.whenCaughtUp(() => this.kernel.answerForDead(kind, target, source, ref, value))
  }

  /** Does it when every ring has been read to the end once. */
  whenCaughtUp(answer: () => void): void {
    this.questions.push({ drainCount: this.kernel.outside.drainCount(), answer })
    // It is the next drain that gives the answer.
    this.kernel.timerStarted()
  }

  /** Between a drain and what runs next. */
  answer(): void {
    if (this.questions.length === 0) return
    const caughtUp = this.kernel.outside.caughtUpCount()
    const first = this.questions.findIndex(({ drainCount }) => drainCount >= caughtUp)
    const due = this.questions.splice(0, first < 0 ? this.questions.length : first)
    for (const { answer } of due) answer()
  }
}
