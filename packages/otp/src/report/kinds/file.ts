/**
 * A file, which rotates: when it would grow beyond `maxBytes` it becomes `path.0`, what was that `path.1`, and so on, up to so many
 * archives, compressed if that is wanted. Or it *wraps*: `path.1` to `path.N` are written one after the other, in a circle.
 *
 * A file that was moved or removed by somebody else is made anew. What cannot be written (a full disk) is counted, tried no second
 * time, and told in the file as soon as it can be. That it cannot be written is told at once, a line on standard error and an
 * event for the other handlers; once for each way in which it fails, until it works again.
 *
 * Source: OTP's `logger_std_h` and `logger_disk_log_h`.
 */

import { createReadStream, createWriteStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { reasonOfThrown, type Self } from '@heddle/scheduler'
import { handlerKind } from '../kind.ts'
import { report } from '../report.ts'

export interface FileConfig {
  readonly path: string
  /** When it rotates. Default `Infinity`: never. */
  readonly maxBytes?: number
  /** How many archives there are besides; with `wrap`, how many files in all. Default 0: a file that is full begins anew. */
  readonly maxFiles?: number
  /** Archives are gzipped. Default false. */
  readonly compressOnRotate?: boolean
  /** Files `path.1` to `path.N` in a circle, instead of archives. Default false. */
  readonly wrap?: boolean
}

type FullConfig = Required<FileConfig>

/** Plain data: a file is open only while it is written. */
interface FileState {
  readonly config: FullConfig
  /** Which file of a circle, from 1. */
  index: number
  bytes: number
  lostCount: number
  /** Why it could not be written last, in words, if that was told. */
  failure: string | undefined
}

function complete(given: FileConfig, before: FileConfig | undefined): FullConfig {
  const { path, maxBytes = Infinity, maxFiles = 0, compressOnRotate = false, wrap = false } = given
  if (typeof path !== 'string' || path === '') throw new TypeError(`a file has a path, not ${String(path)}`)
  if (!(maxBytes === Infinity || (Number.isInteger(maxBytes) && maxBytes > 0)))
    throw new TypeError(`maxBytes is a whole number from 1, not ${String(maxBytes)}`)
  if (!Number.isInteger(maxFiles) || maxFiles < 0)
    throw new TypeError(`maxFiles is a whole number, not ${String(maxFiles)}`)
  if (wrap && (maxFiles < 1 || maxBytes === Infinity))
    throw new TypeError('a circle of files needs maxFiles and maxBytes')
  if (before !== undefined && (before.path !== path || (before.wrap ?? false) !== wrap))
    throw new TypeError('the file of a handler cannot change')
  return { path, maxBytes, maxFiles, compressOnRotate, wrap }
}

const pathOf = ({ config, index }: FileState): string =>
  config.wrap ? `${config.path}.${index}` : config.path

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}

/** The file of a circle that was written last. */
async function lastOf({ path, maxFiles, wrap }: FullConfig): Promise<number> {
  let last = { index: 1, timeMs: 0 }
  if (!wrap) return last.index
  for (let index = 1; index <= maxFiles; index++) {
    const timeMs = await stat(`${path}.${index}`).then(
      (it) => it.mtimeMs,
      () => 0,
    )
    if (timeMs > last.timeMs) last = { index, timeMs }
  }
  return last.index
}

async function openFile(config: FullConfig): Promise<FileState> {
  await mkdir(dirname(config.path), { recursive: true })
  const state: FileState = { config, index: await lastOf(config), bytes: 0, lostCount: 0, failure: undefined }
  // Whether it can be written at all is found out now.
  await (await open(pathOf(state), 'a')).close()
  state.bytes = await sizeOf(pathOf(state))
  return state
}

async function write(state: FileState, text: string, self: Self): Promise<FileState> {
  const lost = state.lostCount === 0 ? '' : `(${state.lostCount} chunks could not be written)\n`
  try {
    for (const chunk of chunksOf(lost + text, state.config.maxBytes)) await append(state, chunk)
    state.lostCount = 0
    state.failure = undefined
  } catch (error) {
    state.lostCount += 1
    tellFailure(state, error, self)
  }
  return state
}

/** OTP's handlers do so, too: `logger_std_h` notifies of an error when it is another than the last. */
function tellFailure(state: FileState, error: unknown, self: Self): void {
  const { code = 'unknown', message } = error as NodeJS.ErrnoException
  if (state.failure === code) return
  state.failure = code
  const path = pathOf(state)
  process.stderr.write(`the log file ${path} cannot be written: ${message}\n`)
  report(self, 'error', ['logger', 'file_write_failed'], { path, reason: reasonOfThrown(error) })
}

/** In lines, so that no file is larger than it may be, unless a line is. */
function chunksOf(text: string, maxBytes: number): string[] {
  if (Buffer.byteLength(text) <= maxBytes) return [text]
  const chunks: string[] = []
  let now = ''
  let bytes = 0
  for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const size = Buffer.byteLength(line)
    if (bytes > 0 && bytes + size > maxBytes) {
      chunks.push(now)
      now = ''
      bytes = 0
    }
    now += line
    bytes += size
  }
  return now === '' ? chunks : [...chunks, now]
}

async function append(state: FileState, text: string): Promise<void> {
  const size = Buffer.byteLength(text)
  if (state.bytes > 0 && state.bytes + size > state.config.maxBytes) await rotate(state)
  // Opened each time: it may have been moved away, and a state of plain data holds no file.
  let file: FileHandle | undefined
  try {
    file = await open(pathOf(state), 'a')
    await file.appendFile(text)
    state.bytes += size
  } finally {
    await file?.close()
  }
}

async function rotate(state: FileState): Promise<void> {
  const { path, maxFiles, compressOnRotate, wrap } = state.config
  if (wrap) {
    state.index = (state.index % maxFiles) + 1
    await rm(pathOf(state), { force: true })
  } else if (maxFiles === 0) await rm(path, { force: true })
  else {
    const archive = (index: number, isZipped: boolean) => `${path}.${index}${isZipped ? '.gz' : ''}`
    for (const isZipped of [false, true]) {
      await rm(archive(maxFiles - 1, isZipped), { force: true })
      for (let index = maxFiles - 2; index >= 0; index--) {
        await rename(archive(index, isZipped), archive(index + 1, isZipped)).catch(() => {})
      }
    }
    await rename(path, archive(0, false)).catch(() => {})
    if (compressOnRotate) await compress(archive(0, false))
  }
  state.bytes = 0
}

async function compress(path: string): Promise<void> {
  await pipeline(createReadStream(path), createGzip(), createWriteStream(`${path}.gz`))
  await rm(path, { force: true })
}

async function syncFile(state: FileState): Promise<FileState> {
  const file = await open(pathOf(state), 'a')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  return state
}

/**
 * Writes to a file.
 * @example logger.addHandler(self, 'audit', logger.file({ path: 'log/audit.log', maxBytes: 1_000_000, maxFiles: 5 }))
 */
export const file = handlerKind<FileConfig, FileState>(import.meta.url, 'file', {
  check: complete,
  open: (config) => openFile(config as FullConfig),
  writeText: write,
  change: async (state, config) => ({ ...state, config: config as FullConfig }),
  sync: syncFile,
})
