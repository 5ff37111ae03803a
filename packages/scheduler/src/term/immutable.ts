/** Stand-in. */
export function immutable<T>(value: T): T {
  return Object.freeze(value)
}
