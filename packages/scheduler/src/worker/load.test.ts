import { describe, expect, test } from 'vitest'
import { HeddleError } from '../term/errors.ts'
import { ModuleLoader } from './load.ts'

const url = 'file:///app.js'

/** A registry, modules whose evaluation the test ends, and a clock that it moves. */
function setUp() {
  const definitions = new Map<string, string>()
  const listeners = new Set<() => void>()
  const modules = new Map<string, { finish: () => void; fail: (error: unknown) => void; count: number }>()
  const timers = new Set<() => void>()
  const loader = new ModuleLoader<string>(
    {
      lookUp: (from, name) => definitions.get(`${from}#${name}`),
      onDefinition: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    {
      importModule: (from) => {
        const count = (modules.get(from)?.count ?? 0) + 1
        return new Promise<void>((finish, fail) => modules.set(from, { finish, fail, count }))
      },
      after: (_, callback) => {
        timers.add(callback)
        return () => timers.delete(callback)
      },
    },
  )
  const define = (name: string, from = url): void => {
    definitions.set(`${from}#${name}`, name)
    for (const listener of listeners) listener()
  }
  const moduleAt = (from = url) => modules.get(from) ?? expect.unreachable(`${from} is not being imported`)
  return { loader, define, moduleAt, timers }
}

/** Runs all that is ready to run, without waiting for time to pass. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await null
}

function watch<T>(promise: Promise<T> | T): { state: string } {
  const seen = { state: 'pending' }
  Promise.resolve(promise).then(
    (value) => {
      seen.state = `got ${String(value)}`
    },
    (error: Error) => {
      seen.state = error.message
    },
  )
  return seen
}

async function failureOf(promise: Promise<unknown> | unknown): Promise<HeddleError> {
  const error = await Promise.resolve(promise).then(
    () => expect.unreachable('it did not fail'),
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(HeddleError)
  return error as HeddleError
}

describe('a module that ends', () => {
  test('gives its definitions once all of it has run, for they may use what stands below them', async () => {
    const { loader, define, moduleAt } = setUp()
    const loading = watch(loader.load(url, 'counter'))
    define('counter')
    await settle()
    expect(loading.state).toBe('pending')
    moduleAt().finish()
    await settle()
    expect(loading.state).toBe('got counter')
  })

  test('is imported once, however many ask, and then gives definitions at once', async () => {
    const { loader, define, moduleAt } = setUp()
    const both = [loader.load(url, 'counter'), loader.load(url, 'teller')]
    define('counter')
    define('teller')
    moduleAt().finish()
    expect(await Promise.all(both)).toEqual(['counter', 'teller'])
    expect(loader.load(url, 'counter')).toBe('counter')
    expect(moduleAt().count).toBe(1)
  })

  test('is waited for, though another module has registered the definition by importing it', async () => {
    const { loader, define, moduleAt } = setUp()
    define('counter')
    const loading = watch(loader.load(url, 'counter'))
    await settle()
    expect(loading.state).toBe('pending')
    moduleAt().finish()
    await settle()
    expect(loading.state).toBe('got counter')
  })

  test('and does not define what is asked for, fails with ERR_UNKNOWN_DEFINITION', async () => {
    const { loader, define, moduleAt } = setUp()
    const loading = loader.load(url, 'counter')
    define('teller')
    moduleAt().finish()
    const error = await failureOf(loading)
    expect(error.code).toBe('ERR_UNKNOWN_DEFINITION')
    expect(error.message).toContain(`${url} does not define 'counter'`)
    expect((await failureOf(loader.load(url, 'counter'))).code).toBe('ERR_UNKNOWN_DEFINITION')
  })

  test('may define something later, and then gives that too', async () => {
    const { loader, define, moduleAt } = setUp()
    const loading = loader.load(url, 'first')
    define('first')
    moduleAt().finish()
    await loading
    define('late')
    expect(loader.load(url, 'late')).toBe('late')
  })
})

describe('a module that fails', () => {
  test('fails its definitions with ERR_MODULE_LOAD, even those that it registered before', async () => {
    const { loader, define, moduleAt } = setUp()
    const loading = loader.load(url, 'counter')
    define('counter')
    const cause = new TypeError('no such thing')
    moduleAt().fail(cause)
    const error = await failureOf(loading)
    expect(error).toMatchObject({ code: 'ERR_MODULE_LOAD', cause })
    expect(error.message).toBe(`cannot load definition 'counter' from ${url}: no such thing`)
  })

  test('is imported again by the next who asks', async () => {
    const { loader, define, moduleAt } = setUp()
    const first = loader.load(url, 'counter')
    moduleAt().fail(new Error('not yet'))
    await failureOf(first)
    const second = loader.load(url, 'counter')
    define('counter')
    moduleAt().finish()
    expect(await second).toBe('counter')
  })

  test('fails nobody, if it was only followed', async () => {
    const { loader, moduleAt } = setUp()
    loader.join(url)
    moduleAt().fail(new Error('nobody asked'))
    await settle()
    expect(loader.isLoading()).toBe(false)
  })
})

describe('a module that calls startVm()', () => {
  test('never gets an answer, and gives the definitions above the call at once', async () => {
    const { loader, define } = setUp()
    const loading = watch(loader.load(url, 'counter'))
    define('counter')
    const start = watch(loader.holdStart())
    await settle()
    expect(start.state).toBe('pending')
    expect(loading.state).toBe('got counter')
    expect(loader.load(url, 'counter')).toBe('counter')
    expect(loader.isLoading()).toBe(true)
  })

  test('runs on to its next await before it gives anything', async () => {
    const { loader, define } = setUp()
    const order: string[] = []
    const loading = Promise.resolve(loader.load(url, 'counter')).then(() => order.push('loaded'))
    define('counter')
    loader.holdStart()
    order.push('the rest of the module')
    await loading
    expect(order).toEqual(['the rest of the module', 'loaded'])
  })

  test('gives what it registers after that as it registers it', async () => {
    const { loader, define } = setUp()
    const loading = watch(loader.load(url, 'counter'))
    loader.holdStart()
    await settle()
    expect(loading.state).toBe('pending')
    define('counter')
    await settle()
    expect(loading.state).toBe('got counter')
  })

  test('above the definition, is given some time, and then the error says what to do', async () => {
    const { loader, timers } = setUp()
    const loading = loader.load(url, 'counter')
    loader.holdStart()
    await settle()
    expect(timers.size).toBe(1)
    for (const ring of timers) ring()
    const error = await failureOf(loading)
    expect(error.code).toBe('ERR_UNKNOWN_DEFINITION')
    expect(error.message).toContain('define it above that')
  })

  test('leaves no timer behind when the definition comes', async () => {
    const { loader, define, timers } = setUp()
    const loading = loader.load(url, 'counter')
    loader.holdStart()
    await settle()
    define('counter')
    await loading
    expect(timers.size).toBe(0)
  })

  test('does so while it is followed only, as the bundle that the scheduler itself stands in', async () => {
    const { loader, define } = setUp()
    loader.join(url)
    define('counter')
    loader.holdStart()
    expect(loader.load(url, 'counter')).toBe('counter')
  })

  test('when it is long done, changes nothing for modules that load after it', async () => {
    const { loader, define, moduleAt } = setUp()
    const main = loader.load(url, 'counter')
    define('counter')
    moduleAt().finish()
    await main
    loader.holdStart()
    const other = watch(loader.load('file:///other.js', 'teller'))
    define('teller', 'file:///other.js')
    await settle()
    expect(other.state).toBe('pending')
  })
})
