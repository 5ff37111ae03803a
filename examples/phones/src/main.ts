/** Twenty phones whose users call each other at random, on all cores: `npm run example -- phones [SEED]`. */

import { startVm } from '@heddle/scheduler'
import { controller } from './controller.ts'
import { openExchange, startUsers } from './rig.ts'

const seed = Number(process.argv[2] ?? 1)
const vm = await startVm()
const phones = await openExchange(vm, 20)
const users = await startUsers(vm, phones, { seed, deeds: 200, pauseMs: 10 })
await Promise.all(users.map((each) => vm.whenDown(each)))
// The users are through; the last signals of their phones may still be on the way.
await vm.settled()

console.log('phone  state  dialled  talked  busy')
let busyCount = 0
for (const [number, phone] of phones) {
  const { state, tally } = await vm.call(phone, controller.status())
  if (state !== 'idle') busyCount += 1
  const cells = [tally.dialled, tally.talked, tally.busy].map((each, at) =>
    String(each).padStart([9, 8, 6][at] ?? 0),
  )
  console.log(`${number}    ${state}${cells.join('')}`)
}
console.log(busyCount === 0 ? 'no phone is left busy' : `${busyCount} phones are LEFT BUSY`)
await vm.stop()
process.exitCode = busyCount === 0 ? 0 : 1
