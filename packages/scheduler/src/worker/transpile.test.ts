import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { transpile } from './transpile.ts'

const path = fileURLToPath(new URL('./sample.ts', import.meta.url))

async function evaluate(code: string): Promise<Record<string, unknown>> {
  return import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`)
}

describe('with what is installed here', () => {
  test('syntax with a meaning becomes JavaScript', async () => {
    const source = `enum Mark { End = '!' }
      class Marks { constructor(private readonly end: Mark) {} get(): string { return this.end } }
      export const mark: string = new Marks(Mark.End).get()`
    expect((await evaluate(transpile(source, path))).mark).toBe('!')
  })

  test('JSX too', () => {
    expect(transpile('export const view = <b>1</b>', `${path}x`)).toContain('jsx')
  })

  test('a syntax error is told', () => {
    expect(() => transpile('export const = 1', path)).toThrow(/expected/i)
  })

  test('a stack can lead back to the source', () => {
    expect(transpile('enum Mark { End }', path)).toContain(
      '//# sourceMappingURL=data:application/json;base64,',
    )
  })
})

test('where nothing is installed, the error says what to install', async () => {
  vi.resetModules()
  const fresh = await import('./transpile.ts')
  const nowhere = join(tmpdir(), 'nowhere/app.ts')
  const beyondErasing = () => fresh.transpile('enum Mark { End }', nowhere, [nowhere])
  expect(beyondErasing).toThrow(/^Node .*: npm install --save-dev esbuild$/)
})
