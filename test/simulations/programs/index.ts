/** All programs, in the order in which seeds take them. */

import type { Program } from '../program.ts'
import { actors } from './actors.ts'
import { aliases } from './aliases.ts'
import { calls } from './calls.ts'
import { audiences, circles } from './circles.ts'
import { extras } from './extras.ts'
import { families } from './families.ts'
import { floods } from './floods.ts'
import { links } from './links.ts'
import { machines } from './machines.ts'
import { moves } from './moves.ts'
import { names } from './names.ts'
import { relations } from './relations.ts'
import { requests } from './requests.ts'
import { servers } from './servers.ts'
import { storms } from './storms.ts'
import { timers } from './timers.ts'
import { tree } from './tree.ts'

/** Of one thing each. */
export const basics: readonly Program[] = [
  actors,
  calls,
  extras,
  floods,
  links,
  moves,
  names,
  storms,
  timers,
  tree,
]

/** What works alone must work together: behaviours that are moved in the middle of all that they do. */
const combinations: readonly Program[] = [
  aliases,
  audiences,
  circles,
  families,
  machines,
  relations,
  requests,
  servers,
]

export const programs: readonly Program[] = [...basics, ...combinations]

/** The program that a seed stands for; or the one with this name. */
export function programOf(seed: number, name?: string): Program {
  const found = programs.find((each) => each.name === name) ?? programs[seed % programs.length]
  if (found === undefined) throw new RangeError('there are no programs')
  return found
}
