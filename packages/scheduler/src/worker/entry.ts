/**
 * What a worker that is a scheduler begins with. Importing this file anywhere else does nothing: in a
 * bundle it is evaluated on every thread that loads the bundle.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { Endpoint } from './endpoint.ts'
import type { FromScheduler, SchedulerData, ToScheduler } from './protocol.ts'
import { claimThread, isSchedulerThread } from './role.ts'

/** Where this code lies: what further workers are started with. */
export const entryUrl: string = import.meta.url

function runScheduler(data: SchedulerData): void {
  let endpoint: Endpoint | undefined
  if (!claimThread({ holdStart: () => started(endpoint).loader.holdStart() })) return
  endpoint = start(data)
}

function started(endpoint: Endpoint | undefined): Endpoint {
  if (endpoint === undefined) throw new Error('the scheduler of this thread has not started')
  return endpoint
}

function start(data: SchedulerData): Endpoint {
  const endpoint = new Endpoint({
    shared: data.shared,
    endpoint: data.endpoint,
    endpointCount: data.endpointCount,
    loop: { spinMs: data.spinMs, keepsThreadAlive: true },
    trustsRegistry: false,
  })
  endpoint.slots.adopt()
  const say = (message: FromScheduler): void => parentPort?.postMessage(message)
  // The listener keeps the thread alive: a pending wait for the bell does not.
  parentPort?.on('message', (message: ToScheduler) => {
    if (message.type === 'connect') {
      endpoint.connect(message.peer, message.port)
    } else {
      endpoint.disconnect(message.peer)
      say({ type: 'disconnected', death: message.death })
    }
  })
  say({ type: 'ready' })
  return endpoint
}

if (isSchedulerThread()) runScheduler(workerData as SchedulerData)
