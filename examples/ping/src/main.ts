/** Five pings, a pause, and two more. */

import { startServer } from '@heddle/otp'
import { startVm, TIMEOUT, tag } from '@heddle/scheduler'
import { type Ping, ping } from './ping.ts'

const EVERY_MS = 200

await using vm = await startVm({ schedulers: 1 })
const server = await startServer(vm, ping, { host: vm.pid, everyMs: EVERY_MS })

async function show(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { count, atMs } = await vm.receive(tag<Ping>('ping'))
    console.log(`ping ${count}, ${Math.round(atMs)} ms after the VM started`)
  }
}

await show(5)
console.log(await vm.call(server, ping.pause()))
const heard = await vm.receive(tag<Ping>('ping'), { afterMs: 3 * EVERY_MS })
console.log(heard === TIMEOUT ? 'not a word' : 'a ping that was on its way')
console.log(await vm.call(server, ping.start()))
await show(2)
