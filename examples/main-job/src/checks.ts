/** What must be true of a run, by name: the program succeeds only if all of it is. */

export type Checks = Readonly<Record<string, boolean>>

export function allHold(checks: Checks): boolean {
  return Object.values(checks).every((holds) => holds)
}
