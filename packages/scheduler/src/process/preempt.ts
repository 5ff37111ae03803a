/**
 * What an instrumented loop yields when its strip of rounds is used up: a question, "may I go on?". The kernel answers
 * with the length of the next strip, at once or in the process's next turn. The question goes out by `yield`, since that
 * alone finds the kernel from under any number of `yield*`, and needs no ambient process.
 *
 * A registered symbol: what is instrumented imports nothing for it, and several copies of this package agree.
 */

export const PREEMPT: unique symbol = Symbol.for('heddle.preempt') as never

/** The length, in units, of the strip that an instrumented generator begins with, and goes on with in a new turn. */
export const FIRST_STRIP = 1_024
