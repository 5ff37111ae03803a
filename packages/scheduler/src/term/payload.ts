/**
 * Payloads: a value encoded once by who has it, and decoded once by who wants it, whatever threads lie between. A payload
 * stands alone, as one for a port does; but here one encoder and one decoder serve all of a thread's, because two
 * tables of a thousand strings, made for each value, cost more than the value. Nothing is taken for known from one to the
 * next, so it does not matter who decodes which, or in what order, or whether one is lost.
 *
 * A small one is a string, a character for each byte: the platform clones strings at half the price of a view
 * and its buffer, and between processes of one thread they need not be cloned at all.
 */

import { Decoder } from './codec-decode.ts'
import { Encoder } from './codec-encode.ts'
import { Attachments, decodeFromPort, encodeForPort, type PortPayload } from './codec-port.ts'
import { FULL } from './codec-tags.ts'

export type Payload = string | PortPayload

/** Larger ones are bytes. */
const SMALL_BYTES_MAX = 1 << 12

interface Encoding {
  readonly bytes: Buffer
  readonly attachments: Attachments
  readonly encoder: Encoder
}

interface Decoding {
  /** Not those of the encoding: an object under construction may meet a setter, which may encode. */
  readonly bytes: Buffer
  readonly decoder: Decoder
}

/** A thread's end, of both directions. */
export class PayloadCodec {
  private encoding: Encoding | undefined
  private decoding: Decoding | undefined

  /** @throws HeddleError ERR_UNCLONABLE */
  encode(value: unknown): Payload {
    // Taken while it is in use: a getter may encode a value of its own.
    const encoding = this.encoding ?? newEncoding()
    this.encoding = undefined
    try {
      return encodeWith(encoding, value)
    } finally {
      this.encoding = encoding
    }
  }

  decode(payload: Payload): unknown {
    if (typeof payload !== 'string' && payload.frame.length > SMALL_BYTES_MAX) return decodeFromPort(payload)
    const decoding = this.decoding ?? newDecoding()
    this.decoding = undefined
    const value = decodeWith(decoding, payload)
    // After an exception, which would be a bug of the VM, there is a new one next time.
    this.decoding = decoding
    return value
  }
}

function newEncoding(): Encoding {
  const attachments = new Attachments([])
  return { bytes: Buffer.alloc(SMALL_BYTES_MAX), attachments, encoder: new Encoder(attachments) }
}

function encodeWith({ bytes, attachments, encoder }: Encoding, value: unknown): Payload {
  let end: number
  let taken: unknown[]
  try {
    end = encoder.encodeAlone(value, bytes, 0, bytes.length)
  } finally {
    taken = attachments.take()
  }
  if (end === FULL) return encodeForPort(value)
  if (taken.length === 0) return bytes.toString('latin1', 0, end)
  return { frame: new Uint8Array(bytes.subarray(0, end)), attachments: taken }
}

function newDecoding(): Decoding {
  return { bytes: Buffer.alloc(SMALL_BYTES_MAX), decoder: new Decoder() }
}

function decodeWith({ bytes, decoder }: Decoding, payload: Payload): unknown {
  if (typeof payload !== 'string') {
    const { frame, attachments } = payload
    bytes.set(frame)
    return decoder.decodeAlone(bytes, 0, frame.length, attachments)
  }
  return decoder.decodeAlone(bytes, 0, bytes.write(payload, 'latin1'), [])
}
