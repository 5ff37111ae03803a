/**
 * A coffee machine: `selection` -> `payment` -> `remove` -> `selection`. The customer's buttons and coins are casts: he
 * does not wait for an answer, he looks at the display.
 *
 * What a coin does depends on the state alone, which is why this is a state machine and not a server with a flag: a
 * coin that comes at the wrong time falls through to the tray, and no path leads around that.
 */

import { beginIn, genStatem, keepState, keepStateAndData, nextState, stateTimeout } from '@heddle/otp'
import type { Self } from '@heddle/scheduler'
import { type Hardware, hardware } from './hardware.ts'

export const PRICES = { tea: 100, espresso: 150, americano: 100, cappuccino: 150 } as const
export type Drink = keyof typeof PRICES

/** Who has chosen and does not pay gets back what he has put in. */
export const PAYMENT_MS = 10_000

interface Order {
  readonly hardware: Hardware
  /** What is being paid for; none in `selection` and `remove`. */
  readonly drink: Drink | undefined
  readonly paid: number
}

/** All that was paid falls into the tray. */
function refund(order: Order, self: Self): Order {
  if (order.paid > 0) self.cast(order.hardware, hardware.returnChange(order.paid))
  return { ...order, drink: undefined, paid: 0 }
}

function passThrough(order: Order, coin: number, self: Self) {
  self.cast(order.hardware, hardware.returnChange(coin))
  return keepStateAndData()
}

export const machine = genStatem(import.meta.url, 'machine', {
  init: (to: Hardware, self: Self) => {
    // So that `terminate` runs when a supervisor stops it: the customer gets his money.
    self.trapExit(true)
    return beginIn('selection', { hardware: to, drink: undefined, paid: 0 } as Order)
  },
  states: {
    selection: {
      enter: (order, _from, self) => {
        self.cast(order.hardware, hardware.display('make your selection'))
        return keepStateAndData()
      },
      cast: {
        select: (order, drink: Drink) =>
          nextState('payment', { ...order, drink }, stateTimeout(PAYMENT_MS, 'too slow')),
        pay: passThrough,
      },
    },
    payment: {
      enter: (order, _from, self) => {
        self.cast(order.hardware, hardware.display(`please pay ${priceOf(order)}`))
        return keepStateAndData()
      },
      cast: {
        pay: (order, coin: number, self) => {
          const paid = order.paid + coin
          const due = priceOf(order) - paid
          if (due > 0) {
            self.cast(order.hardware, hardware.display(`please pay ${due}`))
            // Each coin gives him the whole time again.
            return keepState({ ...order, paid }, stateTimeout(PAYMENT_MS, 'too slow'))
          }
          if (order.drink !== undefined) self.cast(order.hardware, hardware.prepare(order.drink))
          return nextState('remove', refund({ ...order, paid: -due }, self))
        },
        cancel: (order, _: void, self) => nextState('selection', refund(order, self)),
      },
      stateTimeout: (order, _why, self) => nextState('selection', refund(order, self)),
    },
    remove: {
      enter: (order, _from, self) => {
        self.cast(order.hardware, hardware.display('remove the cup'))
        return keepStateAndData()
      },
      cast: {
        pay: passThrough,
        removeCup: (order, _: void, self) => {
          self.cast(order.hardware, hardware.cupGone())
          return nextState('selection', order)
        },
      },
    },
  },
  // A button that means nothing in a state: no callback would be a crash, and buttons are pressed at random.
  cast: {
    select: (_state, _order, _drink: Drink) => keepStateAndData(),
    cancel: () => keepStateAndData(),
    removeCup: () => keepStateAndData(),
  },
  terminate: (_reason, _state, order, self) => {
    refund(order, self)
  },
})

function priceOf({ drink }: Order): number {
  return drink === undefined ? 0 : PRICES[drink]
}
