import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { workerSource } from './worker-source.ts'

test('as published, a worker starts with the entry itself', () => {
  const entry = 'file:///app/node_modules/@heddle/scheduler/dist/worker/entry.js'
  expect(workerSource(entry, [], ['--port', '1'])).toEqual({ url: new URL(entry), argv: ['--port', '1'] })
})

test('in a bundle, whatever its name, it starts with a module that imports the bundle', () => {
  for (const bundle of ['file:///app/dist/main.mjs', 'file:///app/dist/entry.js']) {
    const { href } = workerSource(bundle, [], []).url
    expect(href).toMatch(/^data:text\/javascript,/)
    expect(decodeURIComponent(href)).toContain(bundle)
  }
})

test('a flag that forbids files as main modules is worked around', () => {
  const entry = 'file:///app/node_modules/@heddle/scheduler/dist/worker/entry.js'
  expect(workerSource(entry, ['--input-type=module', '--eval', ''], []).url.protocol).toBe('data:')
})

/** Starts a worker with a bundle that tells what it sees. */
function seenBy(bundle: string): Promise<unknown> {
  const { url, argv } = workerSource(
    `data:text/javascript,${encodeURIComponent(bundle)}`,
    [],
    ['--port', '1'],
  )
  return new Promise((resolve, reject) => {
    new Worker(url, { argv: [...argv] }).on('message', resolve).on('error', reject)
  })
}

test('an error in the bundle before the scheduler has begun ends the worker with it', async () => {
  await expect(seenBy('throw new Error("no scheduler here")')).rejects.toThrow('no scheduler here')
})

test('an error in it afterwards does not: whoever loads from the bundle is told', async () => {
  const bundle = `import { parentPort } from 'node:worker_threads'
    globalThis[Symbol.for('heddle.schedulerThread')] = {}
    setImmediate(() => parentPort.postMessage('still there'))
    throw new Error('the application failed')`
  expect(await seenBy(bundle)).toBe('still there')
})
