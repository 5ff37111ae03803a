// A host and two schedulers in one thread, on a clock that the test moves: kernels whose signals go by the codec, in order,
// and at once as soon as somebody looks. So between two looks nothing is on its way, and a process can be moved by hand,
// without the protocol that real ones need.

import { type DefinitionAddress, HeddleError, type Pid, type Self } from '@heddle/scheduler'
import { type HostProcess, makeHostProcess } from '../../packages/scheduler/dist/kernel/host-process.js'
import { Kernel } from '../../packages/scheduler/dist/kernel/kernel.js'
import {
  detachProcess,
  type Packing,
  type Parcel,
  packProcess,
  unpackProcess,
} from '../../packages/scheduler/dist/kernel/parcel.js'
import { Control, UP } from '../../packages/scheduler/dist/memory/control.js'
import { createMemory } from '../../packages/scheduler/dist/memory/layout.js'
import { NameTable } from '../../packages/scheduler/dist/memory/names.js'
import { SlotTable } from '../../packages/scheduler/dist/memory/slots.js'
import { type Definition, lookUpDefinition } from '../../packages/scheduler/dist/process/define.js'
import { PHASE, type Process } from '../../packages/scheduler/dist/process/process.js'
import type { SignalKind } from '../../packages/scheduler/dist/process/signals.js'
import { Decoder } from '../../packages/scheduler/dist/term/codec-decode.js'
import { Encoder } from '../../packages/scheduler/dist/term/codec-encode.js'
import { decodeFromPort, encodeForPort } from '../../packages/scheduler/dist/term/codec-port.js'
import { generationOf, slotOf } from '../../packages/scheduler/dist/term/pid.js'

const HOST = 0
const ENDPOINT_COUNT = 3
const BYTES = new Uint8Array(1 << 20)

type Signal = [kind: SignalKind, target: number, source: number, ref: number, value: unknown]

/** One way from one kernel to another. */
class Wire {
  private readonly encoder = new Encoder()
  private readonly decoder = new Decoder()
  private readonly signals: Signal[] = []

  get isEmpty(): boolean {
    return this.signals.length === 0
  }

  post(signal: Signal): void {
    this.signals.push(this.carry(signal))
  }

  /** What comes out at the other end. */
  carry<T>(value: T): T {
    const end = this.encoder.encode(value, BYTES, 0, BYTES.length)
    if (end >= 0) return this.decoder.decode(BYTES, 0, end) as T
    return decodeFromPort(structuredClone(encodeForPort(value))) as T
  }

  shift(): Signal | undefined {
    return this.signals.shift()
  }
}

function load({ url, name }: DefinitionAddress): Definition | Promise<Definition> {
  return lookUpDefinition(url, name) ?? importDefinition({ url, name })
}

async function importDefinition({ url, name }: DefinitionAddress): Promise<Definition> {
  try {
    await import(url)
  } catch (error) {
    throw new HeddleError('ERR_MODULE_LOAD', String(error))
  }
  const found = lookUpDefinition(url, name)
  if (found === undefined) throw new HeddleError('ERR_UNKNOWN_DEFINITION', `${url} does not define ${name}`)
  return found
}

/** Moves a process; what comes of it. */
export type Moved = 'moved' | Exclude<Packing, { readonly parcel: Parcel }> | 'noproc'

export class Kernels {
  nowMs = 0
  readonly reports: unknown[] = []
  /** How many processes were moved. */
  moveCount = 0
  /** Names of definitions that are not to be had any more. */
  readonly lacking = new Set<string>()
  readonly kernels: readonly Kernel[]
  private readonly wires: readonly (readonly Wire[])[]
  private readonly host: HostProcess

  constructor() {
    const shared = createMemory({
      endpointCount: ENDPOINT_COUNT,
      processCountMax: 8_192,
      nameCountMax: 64,
      ringBytes: 1_024,
    })
    const control = new Control(shared)
    const endpoints = Array.from({ length: ENDPOINT_COUNT }, (_, index) => index)
    for (const endpoint of endpoints) control.setStatus(endpoint, UP)
    this.wires = endpoints.map(() => endpoints.map(() => new Wire()))
    let drainCount = 0
    this.kernels = endpoints.map((endpoint) => {
      const slots = new SlotTable(shared, endpoint)
      return new Kernel({
        endpoint,
        endpointCount: ENDPOINT_COUNT,
        slots,
        names: new NameTable(shared, endpoint),
        control: new Control(shared),
        outside: {
          now: () => this.nowMs,
          random: () => 0.5,
          post: (to, ...signal) => this.wireOf(endpoint, to).post(signal.slice(0, 5) as unknown as Signal),
          flush() {},
          publish() {},
          postedCount: () => 0,
          publishedCount: () => 0,
          heldFor: () => 0,
          drainCount: () => drainCount++,
          caughtUpCount: () => drainCount + 1,
          reaches: () => true,
          collectGarbage() {},
          kick() {},
          load: (address) =>
            this.lacking.has(address.name) ? Promise.reject(new Error('lacking')) : load(address),
        },
        ...(endpoint === HOST ? { onReport: (report) => this.reports.push(report) } : {}),
      })
    })
    this.host = makeHostProcess(this.kernelOf(HOST))
  }

  /** The host's. */
  get self(): Self {
    return this.host.self
  }

  kernelOf(endpoint: number): Kernel {
    return this.kernels[endpoint] as Kernel
  }

  /** Where it lives, if it does. */
  processOf(pid: Pid): { readonly kernel: Kernel; readonly process: Process } | undefined {
    for (const kernel of this.kernels) {
      const process = kernel.table.get(pid.$pid)
      if (process !== undefined) return { kernel, process }
    }
    return undefined
  }

  /** By hand: nothing is on its way. To its own kernel, too. */
  move(pid: Pid, to: number): Moved {
    const found = this.processOf(pid)
    if (found === undefined) return 'noproc'
    const { kernel, process } = found
    const packing = packProcess(kernel, process)
    if (!('parcel' in packing)) return packing
    detachProcess(kernel, process, to)
    kernel.slots.bequeath(slotOf(pid.$pid), to)
    this.kernelOf(to).slots.inherit(slotOf(pid.$pid), generationOf(pid.$pid), kernel.endpoint)
    unpackProcess(this.kernelOf(to), this.wireOf(kernel.endpoint, to).carry(packing.parcel))
    this.moveCount += 1
    return 'moved'
  }

  /** All that can happen without time going on happens. `between` two slices nothing is on its way. */
  async settle(between: () => void = () => {}): Promise<void> {
    for (let idle = 0; idle < 3; idle++) {
      while (this.work()) {
        idle = 0
        between()
      }
      // Promises, and what they wait for.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Time goes on: each timer that falls due fires at its own time, and what follows is through before the next does. */
  async advance(ms: number, between?: () => void): Promise<void> {
    const untilMs = this.nowMs + ms
    await this.settle(between)
    for (let next = this.nextMs(); next <= untilMs; next = this.nextMs()) {
      this.nowMs = Math.max(this.nowMs, next)
      await this.settle(between)
    }
    this.nowMs = untilMs
    await this.settle(between)
  }

  /** Nothing is on its way. */
  get isSilent(): boolean {
    return this.wires.flat().every((wire) => wire.isEmpty)
  }

  /** Somebody waits for what no kernel knows of: a module, a promise of the event loop's. */
  get isWaitingOutside(): boolean {
    return this.kernels.some(
      ({ table, loadingCount }) =>
        loadingCount > 0 ||
        [...table].some(
          ({ phase, waiting, isHost }) => phase === PHASE.promise && waiting === null && !isHost,
        ),
    )
  }

  /** When the next timer is due. */
  nextMs(): number {
    return Math.min(...this.kernels.map(({ timers }) => timers.nextDeadlineMs()))
  }

  /** A slice of each kernel. Whether anything was done. */
  work(): boolean {
    let hasWorked = false
    for (const kernel of this.kernels) {
      if (this.deliverAll(kernel.endpoint)) hasWorked = true
      kernel.settle(this.nowMs)
      if (!kernel.hasWork) continue
      hasWorked = true
      kernel.runSlice(1)
    }
    return hasWorked || !this.isSilent
  }

  /** What is on its way to this endpoint comes. Returns whether there was anything. */
  deliverAll(endpoint: number): boolean {
    let count = 0
    for (const [from, ways] of this.wires.entries()) {
      const wire = ways[endpoint] as Wire
      for (let signal = wire.shift(); signal !== undefined; signal = wire.shift()) {
        count += 1
        this.kernelOf(endpoint).receive(...signal, from)
      }
    }
    return count > 0
  }

  private wireOf(from: number, to: number): Wire {
    return this.wires[from]?.[to] as Wire
  }
}
