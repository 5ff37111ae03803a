/** Overload raises alarms; their logger is swapped from the terminal to a file meanwhile: `npm run example -- alarms`. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { alarmHandler, startServer } from '@heddle/otp'
import { startVm } from '@heddle/scheduler'
import { frequency } from './frequency.ts'
import { counters, fileLogger, terminalLogger } from './handlers.ts'

const folder = mkdtempSync(join(tmpdir(), 'heddle-alarms-'))
const path = join(folder, 'alarms.log')
const vm = await startVm()
const { NAME, manager } = alarmHandler
await startServer(vm, manager, undefined, { name: NAME })
await alarmHandler.addAlarmHandler(vm, counters)
await alarmHandler.addAlarmHandler(vm, terminalLogger)
const server = await startServer(vm, frequency, [10, 11])

/** All frequencies are taken, one comes back. */
async function overload(): Promise<void> {
  const taken = [await vm.call(server, frequency.allocate()), await vm.call(server, frequency.allocate())]
  await vm.settled()
  console.log('set now:', await alarmHandler.getAlarms(vm))
  for (const each of taken) if (each !== 'no_frequency') await vm.call(server, frequency.deallocate(each))
  await vm.settled()
}

await overload()
await vm.call(NAME, manager.swapHandler(terminalLogger, 'swap', fileLogger, path))
console.log(`from here on alarms go to ${path}`)
await overload()
console.log(`it says:\n${readFileSync(path, 'utf8')}counted in all:`)
console.log(await vm.call(NAME, manager.call(counters, counters.get())))
await vm.stop()
rmSync(folder, { recursive: true })
