// What the record says about one row of a table of OTP's semantics.

export type State = 'implemented' | 'substituted' | 'waits for nodes' | 'out of reach' | 'not begun'

export const states: readonly State[] = [
  'implemented',
  'substituted',
  'waits for nodes',
  'out of reach',
  'not begun',
]

/** `note`: what is different, and why; what is as in OTP needs none. */
export type Entry =
  | { readonly id: string; readonly state: 'implemented'; readonly note?: string }
  | { readonly id: string; readonly state: Exclude<State, 'implemented'>; readonly note: string }
