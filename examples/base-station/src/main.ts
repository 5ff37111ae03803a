/** A base station whose parts are killed, one after the other: `npm run example -- base-station`. */

import { startServer } from '@heddle/otp'
import { startVm } from '@heddle/scheduler'
import { baseStation } from './base-station.ts'
import { frequency } from './frequency.ts'
import { phones } from './phones.ts'

// What is killed is reported; that it is, is not what this program shows.
const vm = await startVm({ onReport: () => {} })
const station = await startServer(vm, baseStation, [1, 2, 3])
const names = ['overload', 'frequency', 'phones'] as const

async function show(what: string): Promise<void> {
  const pids = names.map((name) => `${name} ${vm.whereis(name)?.$pid}`).join(', ')
  const { active } = await vm.call('phones', phones.countChildren())
  const free = await vm.call('frequency', frequency.freeCount())
  console.log(`${what.padEnd(23)} ${pids}; ${active} phones, ${free} free`)
}

await show('started')
for (const number of ['100', '101', '102', '103']) {
  const started = await vm.call('phones', phones.startChild(number))
  console.log(`phone ${number}: ${started.status === 'ok' ? 'has a frequency' : started.reason}`)
}
for (const name of ['phones', 'frequency', 'overload'] as const) {
  await show(`to be killed: ${name}`)
  const pid = vm.whereis(name)
  if (pid !== undefined) vm.exit(pid, 'kill')
  await vm.settled()
}
await show('in the end')
console.log(await vm.call(station, baseStation.countChildren()))
await vm.stop()
