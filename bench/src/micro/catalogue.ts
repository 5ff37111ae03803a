/** Every figure of the suite, in the order in which they are taken and shown. */

import type { Figure } from './figure.ts'
import { childStartFigures } from './figures/child-start.ts'
import { eventLoopIoFigures } from './figures/event-loop-io.ts'
import { genServerFigures } from './figures/gen-server.ts'
import { memoryFigures } from './figures/memory.ts'
import { onewayFigures } from './figures/oneway.ts'
import { pingpongFigures } from './figures/pingpong.ts'
import { ringFigures } from './figures/ring.ts'
import { serviceFigures } from './figures/services.ts'
import { spawnExitFigures } from './figures/spawn-exit.ts'
import { wholeVmFigures } from './figures/whole-vm.ts'

export const figures: readonly Figure[] = [
  ...pingpongFigures,
  ...ringFigures,
  ...genServerFigures,
  ...childStartFigures,
  ...onewayFigures,
  ...spawnExitFigures,
  ...memoryFigures,
  ...eventLoopIoFigures,
  ...wholeVmFigures,
  ...serviceFigures,
]

/**
 * The figures that are asked for: a full name means that one, anything else all that begin with it.
 * @returns undefined if a wish fits none
 */
export function findFigures(wish: string): readonly Figure[] | undefined {
  const exact = figures.filter(({ name }) => name === wish)
  if (exact.length > 0) return exact
  const found = figures.filter(({ name }) => name.startsWith(wish))
  return found.length > 0 && wish !== '' ? found : undefined
}
