/** A customer who buys a drink, one who changes his mind, one who forgets to pay: `npm run example -- coffee`. */

import { startServer } from '@heddle/otp'
import { startVm } from '@heddle/scheduler'
import { hardware } from './hardware.ts'
import { machine, PAYMENT_MS } from './machine.ts'

// Time is moved by hand here, or the third customer would keep us waiting.
const vm = await startVm({ schedulers: 2, clock: 'manual' })
const panel = await startServer(vm, hardware, undefined)
const coffee = await startServer(vm, machine, panel)

async function show(what: string): Promise<void> {
  await vm.settled()
  const { display, returned, made } = await vm.call(panel, hardware.look())
  console.log(`${what.padEnd(34)} ${display.padEnd(20)} tray: ${returned}, made: ${made.join(', ') || '-'}`)
}

await show('(before anybody comes)')
vm.cast(coffee, machine.select('cappuccino'))
vm.cast(coffee, machine.pay(100))
await show('selects cappuccino, pays 100')
vm.cast(coffee, machine.pay(100))
await show('pays 100')
vm.cast(coffee, machine.removeCup())
await show('takes the cup')

vm.cast(coffee, machine.select('tea'))
vm.cast(coffee, machine.pay(50))
vm.cast(coffee, machine.cancel())
await show('selects tea, pays 50, cancels')

vm.cast(coffee, machine.select('espresso'))
vm.cast(coffee, machine.pay(100))
await vm.advance(PAYMENT_MS)
await show('selects espresso, pays 100, leaves')
await vm.stop()
