// A malformed file is refused before anything runs, with the line, the place in it, and what is wrong there.

import { describe, expect, test } from 'vitest'
import { MalformedFile, parseScenarios } from './format/scenario.ts'
import { ownScenarios, recordedScenarios } from './scenarios.ts'

const good = {
  id: 'a',
  family: 'process',
  seed: 1,
  steps: [{ op: 'spawn', p: 'p1', trap: true }],
  expect: [{}],
}

function refusal(content: string): string {
  try {
    parseScenarios(content, 'file')
  } catch (error) {
    if (error instanceof MalformedFile) return error.message
    throw error
  }
  return 'accepted'
}

const line = (changes: object): string => refusal(JSON.stringify({ ...good, ...changes }))

/** One `do` of p1 with this action. */
const action = (...given: unknown[]): string =>
  line({ steps: [{ op: 'do', p: 'p1', a: [given] }], expect: [{ r: [] }] })

const observation = (given: unknown, op: object = { op: 'do', p: 'p1', a: [] }): string =>
  line({ steps: [op], expect: [given] })

const react = (given: object): string => action('cast', { p: 's1' }, { l: 'x', ...given })
const machine = (given: object): string =>
  action(
    'fsm_start',
    'start',
    'f1',
    null,
    { mode: 'state_functions', enter: true, init: ['ok', 's'], rules: [], ...given },
    true,
  )
const rule = (given: object): string =>
  machine({ rules: [{ s: 's', t: 'cast', c: 1, ret: ['stop'], ...given }] })
const children = (...given: unknown[]): string =>
  action('sup_start', 'start_link', 'sup1', null, { flags: {}, children: given })
const event = (reaction: unknown): string => action('ge_notify', { n: 'e' }, { l: 'x', r: { h1: reaction } })

describe('files', () => {
  test('what is well-formed is accepted, empty lines too', () => {
    expect(refusal(`${JSON.stringify(good)}\n\n`)).toBe('accepted')
    expect(ownScenarios().length).toBeGreaterThan(5)
  })

  // The recorded scenarios lie beside a checkout, not in it.
  test.skipIf(recordedScenarios() === undefined)('every recorded scenario is', () => {
    expect(recordedScenarios()?.length).toBeGreaterThan(0)
  })

  test('the line is named', () => {
    const text = JSON.stringify(good)
    expect(refusal(`${text}\n{"id":`)).toMatch(/^file:2: scenario: no JSON: /)
    expect(refusal(`${text}\n\n[]`)).toBe('file:3: scenario: expected an object, not []')
    expect(refusal(`${text}\n${text}`)).toBe('file:2: scenario.id: line 1 has the same id')
  })

  test.each<[string, object, string]>([
    ['no id', { id: undefined }, 'scenario: the key "id" is missing'],
    ['a key too many', { note: 1 }, 'scenario: it has no key "note"'],
    ['an unknown family', { family: 'gen_fsm' }, 'scenario.family: expected "process" or'],
    ['a seed that is none', { seed: '1' }, 'scenario.seed: expected an integer from 0, not "1"'],
    ['too few observations', { expect: [] }, 'scenario.expect: 0 observations for 1 steps'],
    [
      'an unknown step',
      { steps: [{ op: 'wait' }] },
      'scenario.steps[0].op: expected spawn, do, kill, sleep, final, not "wait"',
    ],
    ['a step that is none', { steps: [7] }, 'scenario.steps[0]: expected a step, not 7'],
    [
      'a puppet named oddly',
      { steps: [{ op: 'spawn', p: 's1', trap: true }] },
      'scenario.steps[0].p: expected the label of a puppet',
    ],
    [
      'half a tick',
      { steps: [{ op: 'sleep', ticks: 0.5 }] },
      'scenario.steps[0].ticks: expected an integer from 0, not 0.5',
    ],
    [
      'a kill without reason',
      { steps: [{ op: 'kill', t: 'p1' }] },
      'scenario.steps[0]: the key "reason" is missing',
    ],
  ])('refused: %s', (_name, changes, reason) => {
    expect(line(changes)).toContain(`file:1: ${reason}`)
  })
})

describe('actions', () => {
  const at = 'scenario.steps[0].a[0]'
  test.each<[string, string, string]>([
    ['an unknown one', action('jump'), `${at}[0]: there is no action "jump"`],
    ['one from the prototype', action('constructor'), `${at}[0]: there is no action "constructor"`],
    ['none at all', action(), `${at}: expected action: ["name", ...], not []`],
    ['too few arguments', action('send', { p: 'p1' }), `${at}: expected 2 arguments, not 1`],
    ['too many', action('flush', 1), `${at}: expected 0 arguments, not 1`],
    [
      'too many where some may be left out',
      action('gs_stop', { p: 's' }, 'x', 1, 2),
      `${at}: expected 1 to 3 arguments, not 4`,
    ],
    ['a name where a process must be', action('link', { n: 'n1' }), `${at}[1]: it has no key "n"`],
    ['a bare label', action('link', 'p1'), `${at}[1]: expected an object, not "p1"`],
    [
      'null deep in a term',
      action('exit', { t: ['a', [1, null]] }),
      `${at}[1].t[1][1]: expected a term, not null`,
    ],
    ['a fraction', action('exit', 1.5), `${at}[1]: expected an integer; a float is {"f":1.5}, not 1.5`],
    [
      'a term of two kinds',
      action('exit', { t: [], b: '' }),
      `${at}[1]: expected a term, not {"t":[],"b":""}`,
    ],
    ['a map of no pairs', action('exit', { m: [['k']] }), `${at}[1].m[0]: expected 2 arguments, not 1`],
    ['an unknown term', action('exit', { x: 1 }), `${at}[1]: there is no term {"x":...}`],
    [
      'an unknown option',
      action('demonitor', 'm1', ['now']),
      `${at}[2][0]: expected "flush" or "info", not "now"`,
    ],
    ['an unknown pattern', action('recv', [{ from: 1 }], 0), `${at}[1][0]: expected {"tag"}, {"down"}`],
    ['a timeout that is none', action('recv', [], 'never'), `${at}[2]: expected "infinity", not "never"`],
    [
      'a monitor without label',
      action('spawn', 'p2', ['monitor'], null, true),
      `${at}[3]: a label stands here if, and only if`,
    ],
    [
      'a label without monitor',
      action('spawn', 'p2', [], 'm1', true),
      `${at}[3]: a label stands here if, and only if`,
    ],
    [
      'an unknown start',
      action('gs_start', 'begin', 's1', null, {}, {}, true),
      `${at}[1]: expected "start" or`,
    ],
    [
      'an unknown start option',
      action('gs_start', 'start', 's1', null, {}, { debug: [] }, true),
      `${at}[5]: it has no key "debug"`,
    ],
    [
      'an unknown sys',
      action('sys', 'stop', { p: 's' }),
      `${at}[1]: expected "suspend" or "resume", not "stop"`,
    ],
    [
      'an unknown supervisor call',
      action('sup', 'kill', { n: 's' }),
      `${at}.sup[0]: there is no supervisor call "kill"`,
    ],
    [
      'a command that is none',
      action('child', { p: 'c' }, ['crash', 1]),
      `${at}[2][0]: there is no command "crash"`,
    ],
    [
      'ets without arguments',
      action('ets', 'insert', { n: 't' }),
      `${at}.ets[1]: expected a list, not {"n":"t"}`,
    ],
    ['ets sort of nothing', action('ets', 'sort', 'lookup'), `${at}.ets: expected 3 arguments, not 2`],
  ])('refused: %s', (_name, refused, reason) => {
    expect(refused).toContain(`file:1: ${reason}`)
  })
})

describe('scripts', () => {
  test.each<[string, string, string]>([
    ['a react without label', action('cast', { p: 's' }, {}), '[2]: the key "l" is missing'],
    ['an unknown act', react({ acts: [['nap', 1]] }), '[2].acts[0][0]: there is no act "nap"'],
    [
      'an act deep inside',
      react({ acts: [['cast', 'self', { l: 'y', acts: [['reply', 'k']] }]] }),
      '[2].acts[0][2].acts[0]: expected 2 arguments, not 1',
    ],
    [
      'a call to oneself misspelt',
      react({ acts: [['call', 'me', { l: 'y' }, 1]] }),
      '[2].acts[0][1]: expected "self", not "me"',
    ],
    ['init’s return in a cast', react({ ret: ['ok'] }), '[2].ret[0]: there is no return "ok"'],
    [
      'an unknown next',
      react({ ret: ['noreply', 'sleep'] }),
      '[2].ret[1]: expected "hibernate", not "sleep"',
    ],
    [
      'a continue without label',
      react({ ret: ['noreply', { continue: {} }] }),
      '[2].ret[1].continue: the key "l" is missing',
    ],
    ['a thrown nothing', react({ ret: ['throw_ret'] }), '[2].ret: expected 1 arguments, not 0'],
    ['an unknown mode', machine({ mode: 'states' }), '[4].mode: expected "state_functions"'],
    ['an unknown init', machine({ init: ['go'] }), '[4].init[0]: there is no init "go"'],
    ['a rule without content', rule({ c: undefined }), '[4].rules[0]: the key "c" is missing'],
    ['an unknown event', rule({ t: 'event' }), '[4].rules[0].t: expected "*" or'],
    [
      'a state without acts',
      rule({ ret: ['next_state', 's'] }),
      '[4].rules[0].ret: expected 2 arguments, not 1',
    ],
    [
      'an unknown transition act',
      rule({ ret: ['keep_state', [['wait']]] }),
      '[4].rules[0].ret[1][0][0]: there is no transition act "wait"',
    ],
    [
      'a limit without content',
      rule({ ret: ['keep_state', [['state_timeout', 5]]] }),
      '[4].rules[0].ret[1][0] from [1]: expected 2 arguments',
    ],
    ['an unknown reaction', event(['jump']), '[2].r.h1[0]: there is no reaction "jump"'],
    ['a swap without init', event(['swap', 1, 'h2']), '[2].r.h1: expected 3 arguments, not 2'],
    ['a child without kind', children({ id: 'c1' }), '[4].children[0]: the key "kind" is missing'],
    [
      'an unknown restart',
      children({ id: 'c1', kind: 'worker', restart: 'always' }),
      '[4].children[0].restart: expected "permanent"',
    ],
    [
      'a script for a supervisor',
      children({ id: 'c1', kind: 'sup', flags: {}, children: [], script: [] }),
      '[4].children[0]: it has no key "script"',
    ],
    [
      'a fault deep in the tree',
      children({ id: 'c1', kind: 'sup', flags: {}, children: [{ id: 'd', kind: 'worker', script: ['no'] }] }),
      '[4].children[0].children[0].script[0]: expected "ok" or "ignore", not "no"',
    ],
  ])('refused: %s', (_name, refused, reason) => {
    expect(refused).toContain(`file:1: scenario.steps[0].a[0]${reason}`)
  })
})

describe('observations', () => {
  const spawn = good.steps[0] as object
  test.each<[string, string, string]>([
    ['a result of a spawn', observation({ r: [] }, spawn), ': it has no key "r"'],
    ['a do without result', observation({}), ': the key "r" is missing'],
    ['an unknown part', observation({ r: [], up: [] }), ': it has no key "up"'],
    [
      'a puppet neither dead nor busy',
      observation({ r: 'gone' }),
      '.r: expected "$dead" or "$busy", not "gone"',
    ],
    ['a name', observation({ r: [{ n: 'n1' }] }), '.r[0]: there is no term {"n":...}'],
    ['an unknown class', observation({ r: [{ exc: ['fault', 1] }] }), '.r[0].exc[0]: expected "error" or'],
    ['a flush that is none', observation({ r: [{ user: 1 }] }), '.r[0].user: expected a list, not 1'],
    [
      'a down without reason',
      observation({ r: [], down: [['p1']] }),
      '.down[0]: expected 2 arguments, not 1',
    ],
    ['a log line that is none', observation({ r: [], log: ['hi'] }), '.log[0]: expected a list, not "hi"'],
    [
      'done by no puppet',
      observation({ r: [], done: [['s1', []]] }),
      '.done[0][0]: expected the label of a puppet',
    ],
    [
      'a final without its pair',
      observation({ r: [['p1', [{}]]] }, { op: 'final' }),
      '.r[0][1]: expected 2 arguments, not 1',
    ],
  ])('refused: %s', (_name, refused, reason) => {
    expect(refused).toContain(`file:1: scenario.expect[0]${reason}`)
  })
})
