/** All programs, in the order in which seeds take them. */

import type { Program } from '../program.ts'
import { actors } from './actors.ts'
import { calls } from './calls.ts'
import { extras } from './extras.ts'
import { floods } from './floods.ts'
import { links } from './links.ts'
import { moves } from './moves.ts'
import { names } from './names.ts'
import { storms } from './storms.ts'
import { timers } from './timers.ts'
import { tree } from './tree.ts'

export const programs: readonly Program[] = [
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

/** The program that a seed stands for; or the one with this name. */
export function programOf(seed: number, name?: string): Program {
  const found = programs.find((each) => each.name === name) ?? programs[seed % programs.length]
  if (found === undefined) throw new RangeError('there are no programs')
  return found
}
