// One kernel without thread, event loop or clock: time goes on only when there is nothing else to do. What needs no
// second thread must work here, too, and the same way each time.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { formatReason, type ProcessDef } from '@heddle/scheduler'
import type { CaseArg } from '#fixtures/sched-kit'
import { Kernel } from '../../packages/scheduler/dist/kernel/kernel.js'
import { spawn } from '../../packages/scheduler/dist/kernel/lifecycle.js'
import { Control } from '../../packages/scheduler/dist/memory/control.js'
import { createMemory } from '../../packages/scheduler/dist/memory/layout.js'
import { NameTable } from '../../packages/scheduler/dist/memory/names.js'
import { SlotTable } from '../../packages/scheduler/dist/memory/slots.js'
import { type Definition, lookUpDefinition } from '../../packages/scheduler/dist/process/define.js'
import { PHASE, Process, STATUS } from '../../packages/scheduler/dist/process/process.js'
import { pidNumber } from '../../packages/scheduler/dist/term/pid.js'

/** So many rounds in which nothing was to be done: what is still missing will not come. */
const IDLE_ROUNDS_MAX = 1_000

export class BareKernel {
  /** What the kernel reported, in order. */
  readonly reports: unknown[] = []
  nowMs = 0
  private readonly kernel: Kernel
  private readonly root: Process
  private id = 0

  constructor() {
    const shared = createMemory({
      endpointCount: 1,
      processCountMax: 4_096,
      nameCountMax: 64,
      ringBytes: 4_096,
    })
    const slots = new SlotTable(shared, 0)
    this.kernel = new Kernel({
      endpoint: 0,
      endpointCount: 1,
      slots,
      names: new NameTable(shared, 0),
      control: new Control(shared),
      outside: {
        now: () => this.nowMs,
        random: () => 0.5,
        post: () => {
          throw new Error('there is nobody else')
        },
        flush() {},
        publish() {},
        postedCount: () => 0,
        publishedCount: () => 0,
        drainCount: () => 0,
        caughtUpCount: () => 1,
        heldFor: () => 0,
        reaches: () => true,
        collectGarbage() {},
        kick() {},
        load: ({ url, name }) => this.load(url, name),
      },
      onReport: (report) => this.reports.push(report),
    })
    const slot = slots.allocate(0)
    this.root = new Process(
      pidNumber(slot, slots.generation(slot)),
      0,
      { url: 'node:test', name: 'root' },
      undefined,
    )
    this.root.self = this.kernel.makeSelf(this.root)
    this.root.phase = PHASE.promise
    this.root.status = STATUS.waiting
    this.root.trapsExits = true
    slots.markLive(slot)
    this.kernel.table.add(this.root)
  }

  /** Runs a case until its result is there. */
  async runCase(definition: ProcessDef<CaseArg, CaseArg>): Promise<unknown> {
    const { kernel, root } = this
    const id = ++this.id
    const monitorRef = kernel.newRef()
    spawn(kernel, root, {
      address: definition.$,
      argument: { host: root.pidTerm, id, peer: undefined, third: undefined },
      options: {},
      isLinked: false,
      monitorRef,
      ackRef: 0,
    })
    for (let idle = 0; idle < IDLE_ROUNDS_MAX; idle++) {
      if (this.work()) idle = 0
      while (root.mailbox.length > 0) {
        const message = root.mailbox.shift() as {
          type: string
          id?: number
          value: unknown
          ref?: { $ref: number }
          reason: unknown
        }
        if (message.type === 'result' && message.id === id) return message.value
        if (message.type === 'DOWN' && message.ref?.$ref === monitorRef) {
          throw new Error(`the case ended without a result: ${formatReason(message.reason)}`)
        }
      }
      // Promises, and what they wait for.
      await new Promise((resolve) => setImmediate(resolve))
    }
    throw new Error(`the case got stuck at ${this.nowMs} ms`)
  }

  /** Runs what can run now; if that is nothing, lets time go on to the next timer. */
  private work(): boolean {
    const { kernel } = this
    kernel.settle(this.nowMs)
    if (kernel.hasWork) {
      kernel.runSlice(64)
      this.nowMs += 0.05
      return true
    }
    const next = kernel.timers.nextDeadlineMs()
    // A while longer than any case waits is one that nobody waits for.
    if (next > this.nowMs + 100_000) return false
    this.nowMs = Math.max(this.nowMs + 0.25, next)
    return true
  }

  private load(url: string, name: string): Definition | Promise<Definition> {
    const known = lookUpDefinition(url, name)
    if (known !== undefined) return known
    const code = existsSync(fileURLToPath(url)) ? 'ERR_UNKNOWN_DEFINITION' : 'ERR_MODULE_LOAD'
    return Promise.reject(new CodedError(code, url))
  }
}

class CodedError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}
