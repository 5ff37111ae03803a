/** Where semicolons and parentheses are: the tree does not say. */

import { type Token, tokTypes } from 'acorn'

export class Tokens {
  private semicolons: number[] = []
  private opening: number[] = []
  private closing: number[] = []

  add({ type, start }: Token): void {
    if (type === tokTypes.semi) this.semicolons.push(start)
    else if (type === tokTypes.parenL) this.opening.push(start)
    else if (type === tokTypes.parenR) this.closing.push(start)
  }

  clear(): void {
    this.semicolons = []
    this.opening = []
    this.closing = []
  }

  /** The first at or behind this place. */
  semicolonFrom(place: number): number {
    return firstFrom(this.semicolons, place)
  }

  openingFrom(place: number): number {
    return firstFrom(this.opening, place)
  }

  /** The last before this place. */
  closingBefore(place: number): number {
    return this.closing[indexFrom(this.closing, place) - 1] as number
  }
}

function firstFrom(places: readonly number[], place: number): number {
  return places[indexFrom(places, place)] as number
}

function indexFrom(places: readonly number[], place: number): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((places[middle] as number) < place) low = middle + 1
    else high = middle
  }
  return low
}
