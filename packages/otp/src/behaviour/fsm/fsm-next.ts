/**
 * What a `gen_fsm`'s callbacks return, and how the messages of its timers are told from others. See `fsm.ts`.
 */

/** What comes after a callback, beside the next event. */
export interface FsmOptions {
  /** If no message comes within so many ms, the state's `event` gets `'timeout'`. */
  readonly timeoutMs?: number
  readonly hibernate?: boolean
}

/** Tells the classes apart for the type checker; at run time the class itself does. */
declare const kind: unique symbol

/** What a callback returns: OTP's `{next_state, …}`, `{reply, …}`, and from `init` `{ok, …}`. */
export class FsmNext<S, D> {
  declare readonly [kind]: 'fsm'
  readonly state: S
  readonly data: D
  readonly hasReply: boolean
  readonly reply: unknown
  readonly options: FsmOptions | undefined
  constructor(state: S, data: D, hasReply: boolean, value: unknown, options: FsmOptions | undefined) {
    this.state = state
    this.data = data
    this.hasReply = hasReply
    this.reply = value
    this.options = options
  }
}

/** Marks what the machine's own timers send. */
export const TIMER = '$fsmTimer'
export const LATER = '$fsmEvent'
