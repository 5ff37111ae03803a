/** Stand-in. */
export function copy<T>(value: T): T {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value
}
