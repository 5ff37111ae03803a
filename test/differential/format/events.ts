// Scripted event handlers (section 10).

import { type Check, either, isList, isObject, isText, object, refuse, tagged, word } from './check.ts'
import { mark, term } from './terms.ts'

export const handlerInit = either(
  'a return of init',
  [isText, word('ok', 'hibernate')],
  [isList, tagged('return of init', { error: [term], crash: [term], exit: [term], bad: [term] })],
)

/** For an event, or for a call: the event itself does not say which it is sent as. */
const reaction: Check = (value, at) => {
  if (typeof value === 'string') return word('ok', 'hibernate', 'remove')(value, at)
  // Of an event ["swap", Args1, NewId, NewInit], of a call ["swap", Reply, Args1, NewId, NewInit].
  if (Array.isArray(value) && value[0] === 'swap' && value.length === 5) {
    return tagged('reaction', { swap: [term, term, mark, handlerInit] })(value, at)
  }
  reactionList(value, at)
}

const reactionList = tagged('reaction', {
  swap: [term, mark, handlerInit],
  reply: [term],
  remove: [term],
  error: [term],
  exit: [term],
  bad: [term],
})

const reactions: Check = (value, at) => {
  if (!isObject(value)) refuse(at, 'an object of reactions by handler', value)
  for (const [id, each] of Object.entries(value)) reaction(each, `${at}.${id}`)
}

export const event = object({ l: mark, r: reactions })
