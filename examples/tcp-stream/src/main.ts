/** A TCP service and a client of it: `npm run example -- tcp-stream`. */

import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { startServer } from '@heddle/otp'
import { startVm } from '@heddle/scheduler'
import { shout } from './shout.ts'
import { port } from './tcp-stream.ts'

const vm = await startVm()
const listener = await startServer(vm, shout, 0)
const at = await vm.call(listener, port)
console.log(`listening on ${at}`)

const client = connect(at, '127.0.0.1')
await once(client, 'connect')
for (const chunk of ['hel', 'lo\nwor', 'ld\nquit\n']) client.write(chunk)
console.log(await text(client))
await vm.stop()
