// A machine's definition with a slip in it is refused where it is made.

import { expect, test } from 'vitest'
import { genStatem } from './gen-statem.ts'
import { beginIn, keepStateAndData } from './next.ts'

test('a misspelt section of a state is refused, with the state and the word', () => {
  const define = () =>
    genStatem(import.meta.url, 'misspelt', {
      init: (_: void) => beginIn('on', 0),
      states: { on: { casts: { hi: () => keepStateAndData() } } } as never,
    })
  expect(define).toThrow("cannot define machine 'misspelt': state 'on': there is no callback 'casts'")
})
