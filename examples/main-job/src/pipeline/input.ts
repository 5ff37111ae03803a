/**
 * Which files the pipeline works on: the declarations that TypeScript comes with, since every checkout has them, or
 * all files of a folder. A folder can hold anything, and this program promises to end soon: so it takes files, in
 * order of their paths, until it has enough bytes, and says how many it left.
 */

import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { UsageError } from '../usage-error.ts'

export interface Input {
  readonly folder: string
  readonly paths: readonly string[]
  readonly byteCount: number
  /** Files that were there but are not worked on. */
  readonly leftOutCount: number
}

/** Less than a second of work for one core. */
const BYTE_COUNT_MAX = 12 * 2 ** 20
const FILE_COUNT_MAX = 5_000

/** @throws UsageError if the folder cannot be read or has no files */
export function findInput(folder?: string): Input {
  if (folder !== undefined) return take(folder, listFiles(folder))
  const lib = dirname(createRequire(import.meta.url).resolve('typescript'))
  return take(
    lib,
    listFiles(lib).filter((path) => path.endsWith('.d.ts')),
  )
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch (error) {
    throw new UsageError(`cannot read the folder ${folder}: ${(error as Error).message}`)
  }
}

function take(folder: string, found: readonly string[]): Input {
  if (found.length === 0) throw new UsageError(`there are no files in ${folder}`)
  const paths: string[] = []
  let byteCount = 0
  for (const path of found.slice(0, FILE_COUNT_MAX)) {
    const { size } = statSync(path)
    if (byteCount + size > BYTE_COUNT_MAX) continue
    paths.push(path)
    byteCount += size
  }
  if (paths.length === 0)
    throw new UsageError(`every file in ${folder} is larger than ${BYTE_COUNT_MAX} bytes`)
  return { folder, paths, byteCount, leftOutCount: found.length - paths.length }
}
