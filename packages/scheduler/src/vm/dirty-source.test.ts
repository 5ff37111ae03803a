import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { dirtyThreadFile } from './dirty-source.ts'

const entry = 'file:///app/node_modules/@heddle/scheduler/dist/worker/dirty-entry.js'

test('as published, a thread of the pool loads the entry itself', () => {
  const { path, workerOptions } = dirtyThreadFile(entry, ['--expose-gc'])
  expect(path).toBe(fileURLToPath(entry))
  expect(workerOptions).toEqual({})
})

test('a flag that forbids files as main modules is not handed on', () => {
  expect(dirtyThreadFile(entry, ['--input-type=module', '--eval', '']).workerOptions).toEqual({
    execArgv: [],
  })
})

test('in a bundle, a module that imports the bundle is made, and taken away again', () => {
  const bundle = 'file:///app/dist/main.mjs'
  const file = dirtyThreadFile(bundle, [])
  expect(readFileSync(file.path, 'utf8')).toContain(`import("${bundle}")`)
  file.remove()
  expect(existsSync(file.path)).toBe(false)
})
