/**
 * What a worker that is a scheduler begins with. Importing this file anywhere else does nothing: in a
 * bundle it is evaluated on every thread that loads the bundle.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { HeddleError } from '../term/errors.ts'
import { Endpoint } from './endpoint.ts'
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

function start(data: SchedulerData): Endpoint {
  const endpoint = new Endpoint({
    shared: data.shared,
    endpoint: data.endpoint,
    endpointCount: data.endpointCount,
    loop: { spinMs: data.spinMs, keepsThreadAlive: true },
    originMs: data.originMs,
    trustsRegistry: false,
  })
  endpoint.slots.adopt()
  // In a bundle this very module is the application's, and is still being evaluated.
  endpoint.loader.join(entryUrl)
  const say = (message: FromScheduler): void => parentPort?.postMessage(message)
  // The listener keeps the thread alive: a pending wait for the bell does not.
  parentPort?.on('message', (message: ToScheduler) => {
    if (message.type === 'connect') {
      endpoint.connect(message.peer, message.port, message.epoch)
    } else {
      endpoint.disconnect(message.peer)
      say({ type: 'disconnected', death: message.death })
    }
  })
  say({ type: 'ready' })
  return endpoint
}

if (isSchedulerThread()) runScheduler(workerData as SchedulerData)
