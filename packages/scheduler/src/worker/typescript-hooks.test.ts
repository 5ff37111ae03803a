import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { load, resolve } from './typescript-hooks.ts'

let dir: string
let parentURL: string

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'heddle-hooks-'))
  parentURL = pathToFileURL(join(dir, 'app.ts')).href
  mkdirSync(join(dir, 'folder'))
  for (const name of ['a.ts', 'both.js', 'both.ts', 'view.tsx', 'folder/index.ts', 'plain.js'])
    writeFileSync(join(dir, name), 'export const one: number = 1')
})

afterAll(() => rmSync(dir, { recursive: true }))

class Coded extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

describe('resolving', () => {
  /** Asks for `name` where Node finds exact file URLs only. @returns the URL below `dir` */
  async function resolved(name: string, from = parentURL): Promise<string> {
    const next = async (each: string): Promise<{ url: string }> => {
      if (each.startsWith('file:')) return { url: each }
      throw new Coded(each === './folder' ? 'ERR_UNSUPPORTED_DIR_IMPORT' : 'ERR_MODULE_NOT_FOUND')
    }
    const { url } = await resolve(name, { parentURL: from }, next)
    return url.slice(pathToFileURL(dir).href.length + 1)
  }

  test.each([
    ['./a', 'a.ts'],
    ['./a.js', 'a.ts'],
    ['./a?raw=1', 'a.ts?raw=1'],
    ['./view', 'view.tsx'],
    ['./view.js', 'view.tsx'],
    ['./view.jsx', 'view.tsx'],
    ['./plain', 'plain.js'],
    ['./both', 'both.js'],
    ['./folder', 'folder/index.ts'],
    ['./folder/', 'folder/index.ts'],
  ])('%s, which Node does not find, is %s', async (name, found) => {
    expect(await resolved(name)).toBe(found)
  })

  test('packages, and what is nowhere, stay as Node left them', async () => {
    await expect(resolved('a')).rejects.toThrow('ERR_MODULE_NOT_FOUND')
    await expect(resolved('./nowhere')).rejects.toThrow('ERR_MODULE_NOT_FOUND')
    await expect(resolved('./a', 'data:text/javascript,')).rejects.toThrow('ERR_MODULE_NOT_FOUND')
  })

  test('errors that are not about a missing file stay too', async () => {
    const next = () => Promise.reject(new Coded('ERR_INVALID_PACKAGE_CONFIG'))
    await expect(resolve('./a', { parentURL }, next)).rejects.toThrow('ERR_INVALID_PACKAGE_CONFIG')
  })

  test('vitest is a stub on a scheduler', async () => {
    const { url } = await resolve('vitest', { parentURL }, () =>
      expect.unreachable('the real one was asked for'),
    )
    expect(url).toMatch(/\/worker\/test-runner-stub\.js$/)
  })
})

describe('loading', () => {
  const at = (name: string): string => pathToFileURL(join(dir, name)).href

  test('TypeScript that Node does not know becomes JavaScript', async () => {
    const next = () => Promise.reject(new Coded('ERR_UNKNOWN_FILE_EXTENSION'))
    const loaded = await load(`${at('a.ts')}?v=1`, {}, next)
    expect(loaded).toMatchObject({ format: 'module', shortCircuit: true })
    expect(loaded.source).toMatch(/^export const one = 1;/)
  })

  test('what another loader has made of it stays', async () => {
    const made = { format: 'module', source: 'made by tsx' }
    expect(await load(at('a.ts'), {}, () => Promise.resolve(made))).toBe(made)
  })

  test('JavaScript stays', async () => {
    const plain = { format: 'module', source: 'plain' }
    expect(await load(at('plain.js'), {}, () => Promise.resolve(plain))).toBe(plain)
  })

  test('a file that cannot be read stays an error', async () => {
    const next = () => Promise.reject(new Coded('EACCES'))
    await expect(load(at('a.ts'), {}, next)).rejects.toThrow('EACCES')
  })
})
