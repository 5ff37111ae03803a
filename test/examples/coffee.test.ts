// Money is conserved: whatever a customer does, what was put in is in the till, in the tray, or still being paid with.

import { startServer, stopServer, sys } from '@heddle/otp'
import { startVm, type Vm } from '@heddle/scheduler'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hardware } from '../../examples/coffee/dist/hardware.js'
import { type Drink, machine, PAYMENT_MS, PRICES } from '../../examples/coffee/dist/machine.js'

type Step =
  | { readonly do: 'select'; readonly drink: Drink }
  | { readonly do: 'pay'; readonly coin: number }
  | { readonly do: 'cancel' | 'removeCup' }
  | { readonly do: 'wait'; readonly ms: number }

const steps = fc.array(
  fc.oneof(
    fc.constantFrom(...(Object.keys(PRICES) as Drink[])).map((drink): Step => ({ do: 'select', drink })),
    fc.constantFrom(10, 20, 50, 100, 200).map((coin): Step => ({ do: 'pay', coin })),
    fc.constantFrom<Step>({ do: 'cancel' }, { do: 'removeCup' }),
    fc.constantFrom(1, PAYMENT_MS / 2, PAYMENT_MS).map((ms): Step => ({ do: 'wait', ms })),
  ),
  { maxLength: 40 },
)

/** The machine as one would explain it: no processes, no time-outs, just what is where. */
class Model {
  state: 'selection' | 'payment' | 'remove' = 'selection'
  made: Drink[] = []
  tray = 0
  till = 0
  paid = 0
  idleMs = 0

  apply(step: Step): void {
    if (step.do === 'select') {
      if (this.state !== 'selection') return
      this.made.push(step.drink)
      this.state = 'payment'
      this.idleMs = 0
    } else if (step.do === 'pay') this.pay(step.coin)
    else if (step.do === 'wait') {
      this.idleMs += step.ms
      if (this.idleMs >= PAYMENT_MS) this.giveUp()
    } else if (step.do === 'cancel') this.giveUp()
    else this.state = this.state === 'remove' ? 'selection' : this.state
  }

  private pay(coin: number): void {
    if (this.state !== 'payment') {
      this.tray += coin
      return
    }
    this.paid += coin
    this.idleMs = 0
    const price = PRICES[this.made.at(-1) as Drink]
    if (this.paid < price) return
    this.till += price
    this.tray += this.paid - price
    this.paid = 0
    this.state = 'remove'
  }

  private giveUp(): void {
    if (this.state !== 'payment') return
    this.made.pop()
    this.tray += this.paid
    this.paid = 0
    this.state = 'selection'
  }

  /** What has been made, without what is only chosen. */
  get cups(): readonly Drink[] {
    return this.state === 'payment' ? this.made.slice(0, -1) : this.made
  }
}

let vm: Vm
beforeAll(async () => {
  vm = await startVm({ schedulers: 'inline', clock: 'manual' })
})
afterAll(() => vm.stop())

async function perform(coffee: Awaited<ReturnType<typeof open>>['coffee'], step: Step): Promise<void> {
  if (step.do === 'select') vm.cast(coffee, machine.select(step.drink))
  else if (step.do === 'pay') vm.cast(coffee, machine.pay(step.coin))
  else if (step.do === 'wait') await vm.advance(step.ms)
  else vm.cast(coffee, machine[step.do]())
  await vm.settled()
}

async function open() {
  const panel = await startServer(vm, hardware, undefined)
  return { panel, coffee: await startServer(vm, machine, panel) }
}

test('after any steps the money, the drinks and the state are those of the model', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const { panel, coffee } = await open()
      const model = new Model()
      let putIn = 0
      for (const step of taken) {
        await perform(coffee, step)
        model.apply(step)
        if (step.do === 'pay') putIn += step.coin
        const { returned, made, cup } = await vm.call(panel, hardware.look())
        const { state, data } = await sys.getState<{ state: string; data: { paid: number } }>(vm, coffee)
        expect({ state, paid: data.paid, returned, made, cup }).toEqual({
          state: model.state,
          paid: model.paid,
          returned: model.tray,
          made: model.cups,
          cup: model.state === 'remove',
        })
        const till = made.reduce((sum, drink) => sum + PRICES[drink as Drink], 0)
        expect(till + returned + data.paid).toBe(putIn)
      }
      // Stopped in the middle of a payment, it gives back what was paid.
      await stopServer(vm, coffee)
      expect((await vm.call(panel, hardware.look())).returned).toBe(model.tray + model.paid)
      await stopServer(vm, panel)
    }),
    { numRuns: 60 },
  )
})

test('the display says what is to be done', async () => {
  const { panel, coffee } = await open()
  const shown: string[] = []
  const script: Step[] = [
    { do: 'cancel' },
    { do: 'select', drink: 'espresso' },
    { do: 'pay', coin: 100 },
    { do: 'pay', coin: 100 },
    { do: 'removeCup' },
  ]
  for (const step of script) {
    await perform(coffee, step)
    shown.push((await vm.call(panel, hardware.look())).display)
  }
  expect(shown).toEqual([
    'make your selection',
    'please pay 150',
    'please pay 50',
    'remove the cup',
    'make your selection',
  ])
})
