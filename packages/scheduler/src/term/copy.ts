/** Stand-in. */
import { PidTerm } from './pid.ts'
import { RefTerm } from './ref.ts'
export function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  const proto = Object.getPrototypeOf(value)
  if (proto === PidTerm.prototype || proto === RefTerm.prototype) return value
  if (proto !== Object.prototype) return structuredClone(value)
  const out = { ...value } as Record<string, unknown>
  for (const key in out) {
    const item = out[key]
    if (typeof item === 'object' && item !== null) out[key] = copy(item)
  }
  return out as T
}
