/**
 * What a death leads to, step by step: signals that a dying process sends are handled one after the other, not inside
 * each other, or a long chain of links would exhaust the stack.
 */

export class Cascade {
  private readonly steps: (() => void)[] = []
  private isRunning = false

  /** Does it now, or, while others are under way, right behind those. */
  run(step: () => void): void {
    this.steps.push(step)
    if (this.isRunning) return
    this.isRunning = true
    let failed: { readonly error: unknown } | undefined
    for (let index = 0; index < this.steps.length; index++) {
      try {
        this.steps[index]?.()
      } catch (error) {
        // The deaths behind it are others' business: they must be told all the same.
        failed ??= { error }
      }
    }
    this.steps.length = 0
    this.isRunning = false
    if (failed !== undefined) throw failed.error
  }
}
