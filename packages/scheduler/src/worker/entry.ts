/**
 * What a worker that is a scheduler begins with. Importing this file anywhere else does nothing: in a
 * bundle it is evaluated on every thread that loads the bundle.
 */

import { getHeapStatistics } from 'node:v8'
import { parentPort, resourceLimits, workerData } from 'node:worker_threads'
import { type Definition, definitions, onDefinition } from '../process/define.ts'
import { HeddleError } from '../term/errors.ts'
import { Endpoint } from './endpoint.ts'
import { wantPreempt } from './preempting.ts'
import type { FromScheduler, SchedulerData, ToScheduler } from './protocol.ts'
import { claimThread, isSchedulerThread } from './role.ts'

/** Where this code lies: what further workers are started with. */
export const entryUrl: string = import.meta.url

function runScheduler(data: SchedulerData): void {
  let endpoint: Endpoint | undefined
  if (!claimThread({ holdStart: () => holdStart(started(endpoint)) })) return
  endpoint = start(data)
}

function started(endpoint: Endpoint | undefined): Endpoint {
  if (endpoint === undefined) throw new Error('the scheduler of this thread has not started')
  return endpoint
}

/** `startVm` was called here: by a process, or by an application that is only being loaded for its definitions. */
function holdStart(endpoint: Endpoint): Promise<never> {
  if (!endpoint.kernel.isRunningProcess) return endpoint.loader.holdStart()
  throw new HeddleError(
    'ERR_WRONG_THREAD',
    'startVm() was called in a process: its scheduler is part of a VM already',
  )
}

/** What V8 lets the long-lived part of this thread's heap grow to. */
function heapLimitBytes(): number {
  const mb = resourceLimits.maxOldGenerationSizeMb
  return mb === undefined ? getHeapStatistics().heap_size_limit : mb * 2 ** 20
}

function start(data: SchedulerData): Endpoint {
  const say = (message: FromScheduler): void => parentPort?.postMessage(message)
  const end = (why: string): void => {
    endpoint.lastFlush()
    say({ type: 'ending', why })
    process.exit(1)
  }
  if (data.preempt !== undefined) wantPreempt(data.preempt)
  const endpoint = new Endpoint({
    shared: data.shared,
    endpoint: data.endpoint,
    endpointCount: data.endpointCount,
    loop: { spinMs: data.spinMs, keepsThreadAlive: true },
    originMs: data.originMs,
    balance: data.balance,
    trustsRegistry: false,
    steals: data.steals,
    placement: typeof data.placement === 'string' ? data.placement : 'two-choices',
    heap: { limitBytes: heapLimitBytes(), end },
  })
  endpoint.slots.adopt()
  // In a bundle this very module is the application's, and is still being evaluated.
  endpoint.loader.join(entryUrl)
  // At once: a process that never comes back must be known by name.
  const tellOf = ({ number, url, name }: Definition): void =>
    say({ type: 'defined', number, address: { url, name } })
  for (const definition of definitions()) tellOf(definition)
  onDefinition(tellOf)
  // The listener keeps the thread alive: a pending wait for the bell does not.
  parentPort?.on('message', (message: ToScheduler) => {
    if (message.type === 'connect') {
      endpoint.connect(message.peer, message.port, message.epoch)
    } else if (message.type === 'disconnect') {
      endpoint.disconnect(message.peer, () => say({ type: 'disconnected', death: message.death }))
    } else if (message.type === 'watch') {
      endpoint.gauge.watch()
    } else {
      void endpoint.gauge.measure().then((measured) => say({ type: 'measured', id: message.id, measured }))
    }
  })
  const ready = (): void => say({ type: 'ready' })
  if (typeof data.placement === 'string') ready()
  // Where that fails there is no scheduler: the rejection ends the thread.
  else void endpoint.loadPlacement(data.placement).then(ready)
  return endpoint
}

if (isSchedulerThread()) runScheduler(workerData as SchedulerData)
