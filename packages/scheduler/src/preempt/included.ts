/** Which files are instrumented: the user's own, unless told otherwise. */

export interface PreemptOptions {
  /** Files that are instrumented, by patterns of their paths (with forward slashes); default: all. */
  readonly include?: readonly RegExp[]
  /** Files that are not; default: what lies in `node_modules`. */
  readonly exclude?: readonly RegExp[]
}

const EXCLUDED: readonly RegExp[] = [/\/node_modules\//]

export function isIncluded(path: string, { include, exclude = EXCLUDED }: PreemptOptions): boolean {
  const name = path.replaceAll('\\', '/')
  // A pattern with the flag `g` remembers where it was.
  const fits = (pattern: RegExp): boolean => name.search(pattern) >= 0
  return (include === undefined || include.some(fits)) && !exclude.some(fits)
}
