/**
 * The hardware of a coffee machine, as a stub: it does nothing but remember what it was told, so that a test can look.
 * It is a process of its own, as a driver would be: the machine above it can crash and leave it as it is.
 */

import { genServer, noreply, type RefOf, reply } from '@heddle/otp'

export interface Panel {
  readonly display: string
  /** Money that fell into the tray, in all. */
  readonly returned: number
  /** Drinks, in the order in which they were made. */
  readonly made: readonly string[]
  /** Whether a cup stands under the nozzle. */
  readonly cup: boolean
}

export const hardware = genServer(import.meta.url, 'hardware', {
  init: (_: void): Panel => ({ display: '', returned: 0, made: [], cup: false }),
  call: {
    look: (panel) => reply(panel, panel),
  },
  cast: {
    display: (panel, display: string) => noreply({ ...panel, display }),
    returnChange: (panel, amount: number) => noreply({ ...panel, returned: panel.returned + amount }),
    prepare: (panel, drink: string) => noreply({ ...panel, made: [...panel.made, drink], cup: true }),
    cupGone: (panel) => noreply({ ...panel, cup: false }),
  },
})

export type Hardware = RefOf<typeof hardware>
