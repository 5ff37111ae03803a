/**
 * What a scheduler sees when it asks for 'vitest' or 'node:test'. A definition may stand in a test file, and
 * then loading it evaluates that file where there is no test runner: vitest takes 300 ms to import there and its
 * `test()` throws, while node:test's would run the tests once more on each scheduler. Here whatever declares a
 * test does nothing. Asserting inside a process is another matter: to do nothing would pass, so it throws.
 */

type Anything = (...args: unknown[]) => unknown

function nothing(call: () => unknown): Anything {
  const proxy: Anything = new Proxy(() => {}, {
    apply: call,
    // No `then`: waiting for a stub must end. No symbols: nor is it iterable, or a primitive.
    get: (_, name) => (typeof name === 'symbol' || name === 'then' ? undefined : harmless),
  })
  return proxy
}

const harmless: Anything = nothing(() => harmless)

function unavailable(name: string): Anything {
  return nothing(() => {
    throw new Error(`${name}() is not there on a scheduler: send what there is to check to the test`)
  })
}

export const expect = unavailable('expect')
export const assert = unavailable('assert')
export const createExpect = unavailable('createExpect')

export {
  harmless as after,
  harmless as afterAll,
  harmless as afterEach,
  harmless as aroundAll,
  harmless as aroundEach,
  harmless as assertType,
  harmless as before,
  harmless as beforeAll,
  harmless as beforeEach,
  harmless as bench,
  harmless as chai,
  // biome-ignore lint/style/noDefaultExport: node:test has one
  harmless as default,
  harmless as describe,
  harmless as expectFailure,
  harmless as expectTypeOf,
  harmless as getTestContext,
  harmless as inject,
  harmless as it,
  harmless as mock,
  harmless as only,
  harmless as onTestFailed,
  harmless as onTestFinished,
  harmless as recordArtifact,
  harmless as run,
  harmless as should,
  harmless as skip,
  harmless as snapshot,
  harmless as suite,
  harmless as test,
  harmless as todo,
  harmless as vi,
  harmless as vitest,
}
