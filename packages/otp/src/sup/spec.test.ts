// Child specs and flags: defaults, and OTP's words for what is wrong with them.

import { describe, expect, test } from 'vitest'
import { genServer } from '../behaviour/gen-server.ts'
import { Fault } from './fault.ts'
import { checkFlags } from './flags.ts'
import { type ChildSpec, checkChildSpecs, checkSpec, checkSpecs, child } from './spec.ts'
import { supervisor } from './supervisor.ts'

const server = genServer(import.meta.url, 'server', { init: (n: number) => n })
const badArgument = expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' })
const boss = supervisor(import.meta.url, 'boss', (_: void) => ({ children: [] }))

describe('child()', () => {
  test('completes a spec of plain data', () => {
    const spec = child(server, 3)
    expect(spec).toEqual({
      id: 'server',
      start: { definition: { url: import.meta.url, name: 'server', behaviour: 'gen_server' }, argument: 3 },
      restart: 'permanent',
      shutdown: 5_000,
      significant: false,
      type: 'worker',
      modules: [import.meta.url],
    })
    expect(structuredClone(spec)).toEqual(spec)
  })

  test('gives a supervisor all the time it needs', () => {
    expect(child(boss, undefined)).toMatchObject({ type: 'supervisor', shutdown: 'infinity' })
    expect(child(boss, undefined, { shutdown: 7 })).toMatchObject({ type: 'supervisor', shutdown: 7 })
  })

  test('names the child after its registered name, unless it has an id', () => {
    expect(child(server, 3, { name: 'three' })).toMatchObject({ id: 'three', start: { name: 'three' } })
    expect(child(server, 3, { name: 'three', id: 'x' })).toMatchObject({ id: 'x', start: { name: 'three' } })
  })

  test('refuses what is no definition', () => {
    for (const bad of [undefined, {}, { $: 'x' }, { $: { url: 'x' } }]) {
      expect(() => child(bad as never, 1)).toThrow(badArgument)
    }
  })

  test('refuses an option that there is not', () => {
    for (const bad of [{ restrat: 'transient' }, { argument: 1 }, null, 5]) {
      expect(() => child(server, 1, bad as never)).toThrow(badArgument)
    }
  })
})

describe('a spec from elsewhere', () => {
  const spec: ChildSpec = child(server, 3)
  const faultOf = (change: object, autoShutdown: 'never' | 'any_significant' = 'never'): unknown => {
    const checked = checkSpec({ ...spec, ...change }, autoShutdown)
    return checked instanceof Fault ? checked.reason : 'fine'
  }

  test('gets defaults for what it lacks, and loses what nobody knows', () => {
    const { id, start } = spec
    expect(checkSpec({ id, start, color: 'red' }, 'never')).toEqual(spec)
  })

  test.each([
    [{ id: undefined }, 'missing_id'],
    [{ start: undefined }, 'missing_start'],
    [{ start: { definition: 1 } }, ['invalid_mfa', { definition: 1 }]],
    [{ restart: 'often' }, ['invalid_restart_type', 'often']],
    [{ shutdown: 0 }, ['invalid_shutdown', 0]],
    [{ shutdown: 1.5 }, ['invalid_shutdown', 1.5]],
    [{ shutdown: 'later' }, ['invalid_shutdown', 'later']],
    [{ type: 'boss' }, ['invalid_child_type', 'boss']],
    [{ significant: 'very' }, ['invalid_significant', 'very']],
    [{ modules: 'm' }, ['invalid_modules', 'm']],
    [{ modules: [1] }, ['invalid_module', 1]],
  ])('%j is a fault', (change, reason) => {
    expect(faultOf(change)).toEqual(reason)
  })

  test('may be significant only where that can matter', () => {
    const significant = { significant: true, restart: 'transient' }
    expect(faultOf(significant, 'any_significant')).toBe('fine')
    const combination = (other: unknown) => ['bad_combination', [other, ['significant', true]]]
    expect(faultOf({ significant: true }, 'any_significant')).toEqual(combination(['restart', 'permanent']))
    expect(faultOf(significant)).toEqual(combination(['auto_shutdown', 'never']))
  })

  test('has an id of its own in its list', () => {
    expect(checkSpecs([spec, spec], 'never')).toEqual(new Fault(['duplicate_child_name', 'server']))
    expect(checkSpecs([spec, 3], 'never')).toEqual(new Fault(['invalid_child_spec', 3]))
    expect(checkSpecs([spec], 'never')).toEqual([spec])
  })
})

test('specs can be checked beforehand', () => {
  const error = (reason: unknown) => ({ status: 'error', reason })
  const significant = child(server, 3, { significant: true, restart: 'transient' })
  expect(checkChildSpecs([child(server, 3)])).toEqual({ status: 'ok' })
  expect(checkChildSpecs([significant])).toEqual({ status: 'ok' })
  expect(checkChildSpecs([significant], 'never')).toMatchObject(error(['bad_combination', expect.anything()]))
  expect(checkChildSpecs([3])).toEqual(error(['invalid_child_spec', 3]))
  expect(checkChildSpecs(3 as never)).toEqual(error(['badarg', 3]))
  expect(checkChildSpecs([], 'often' as never)).toEqual(error(['badarg', 'often']))
})

test('flags have defaults, and are checked', () => {
  const defaults = { strategy: 'one_for_one', intensity: 1, periodMs: 5_000, autoShutdown: 'never' }
  expect(checkFlags({ intensity: undefined })).toEqual(defaults)
  expect(checkFlags({ intensity: 1.5 })).toEqual(new Fault(['invalid_intensity', 1.5]))
  expect(checkFlags({ periodMs: Number.NaN })).toEqual(new Fault(['invalid_period', Number.NaN]))
})

test('flags: one that there is not is refused, not ignored', () => {
  expect(() => checkFlags({ children: [], intensty: 3 })).toThrow(badArgument)
})
