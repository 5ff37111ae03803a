/**
 * What a ring cannot carry goes through a MessagePort: the value is encoded as for a ring, and only those
 * parts of it that need the host (SharedArrayBuffer, Blob, KeyObject, what is transferred, ...) travel
 * beside the frame, as attachments. So a value is cloned alike whatever way it takes.
 *
 * A payload stands alone: it knows nothing of a ring's shapes and strings, and is decoded by anyone.
 */

import { Decoder } from './codec-decode.ts'
import { Encoder } from './codec-encode.ts'
import { FRAME_BYTES_MAX, FULL } from './codec-tags.ts'
import { HeddleError } from './errors.ts'
import { kindOf, SUSPECT } from './kind.ts'
import { cloneError } from './unclonable.ts'

const BYTES_FIRST = 1 << 12

/** What to post, and to list for transfer. */
export interface PortPayload {
  readonly frame: Uint8Array<ArrayBuffer>
  readonly attachments: unknown[]
}

/** Collects what travels beside a frame. */
export class Attachments {
  private list: unknown[] = []
  private readonly wanted: ReadonlySet<unknown>

  constructor(transfer: readonly unknown[]) {
    this.wanted = new Set(transfer)
  }

  get isTransferring(): boolean {
    return this.wanted.size > 0
  }

  isWanted(value: object): boolean {
    return this.wanted.has(value)
  }

  add(value: object): number {
    return this.list.push(value) - 1
  }

  /** All of them; the next frame's are others. */
  take(): unknown[] {
    const { list } = this
    if (list.length > 0) this.list = []
    return list
  }
}

/**
 * Encodes `value` for a MessagePort (`port.postMessage(payload, transfer)`). What is listed in `transfer`
 * must be listed again when the payload is posted, and is the receiver's from then on.
 *
 * @throws HeddleError ERR_UNCLONABLE
 */
export function encodeForPort(value: unknown, transfer: readonly unknown[] = []): PortPayload {
  const attachments = new Attachments(transfer)
  return { frame: encodeWith(attachments, value), attachments: attachments.take() }
}

function encodeWith(attachments: Attachments, value: unknown): Uint8Array<ArrayBuffer> {
  for (let length = BYTES_FIRST; ; length *= 4) {
    const bytes = new Uint8Array(length)
    // Those of a try that failed.
    attachments.take()
    const end = new Encoder(attachments).encode(value, bytes, 0, bytes.length)
    if (end !== FULL) return bytes.slice(0, end)
    if (length >= FRAME_BYTES_MAX) throw new HeddleError('ERR_UNCLONABLE', 'message is larger than 1 GiB')
  }
}

export function decodeFromPort({ frame, attachments }: PortPayload): unknown {
  return new Decoder().decode(frame, 0, frame.length, attachments)
}

/** Wants all that the platform would not clone. */
class Movables extends Attachments {
  override isWanted(value: object): boolean {
    return kindOf(value) === SUSPECT
  }
}

/**
 * What of a value can only move, a `MessagePort` for one: it has to be transferred if the value, which came from elsewhere
 * and is nobody else's, is to travel on.
 *
 * @throws HeddleError ERR_UNCLONABLE
 */
export function movablesOf(value: unknown): readonly unknown[] {
  const movables = new Movables([])
  encodeWith(movables, value)
  return movables.take()
}

/** The way through a port, without the port: for a receiver in the same thread. */
export function clonePortPayload(value: unknown): unknown {
  return copyTransferring(value, [])
}

/** The same, but what is listed moves rather than being cloned: its sender loses it. */
export function copyTransferring(value: unknown, transfer: readonly unknown[]): unknown {
  const payload = encodeForPort(value, transfer)
  try {
    return decodeFromPort(structuredClone(payload, { transfer: [...transfer] as ArrayBuffer[] }))
  } catch (error) {
    if (!(error instanceof TypeError)) throw cloneError(value, error)
    throw new HeddleError('ERR_UNCLONABLE', `cannot transfer: ${error.message}`, { cause: error })
  }
}
