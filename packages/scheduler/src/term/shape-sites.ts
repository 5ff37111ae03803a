/**
 * Many places that do the same thing. V8 keeps what it learns about an object store (which key, which
 * hidden class before and after) with the place in the source where the store stands. One loop that
 * builds objects of twenty shapes learns nothing and pays 25 ns a key; a place that only ever builds one
 * shape pays 3 to 5. So the shapes that are used most get such a place for themselves: a site.
 *
 * The text is repeated because V8 counts text: closures made from one literal share what they learn.
 * Rejected: `new Function`, which no embedder with a content policy can run; importing one small module
 * over and over under different queries, which needs a loader and a moment to spare; a place for every
 * key instead of every shape, which drowns in calls (measured: no better than the loop).
 *
 * `shape-sites.test.ts` sees to it that all of them read the same.
 */

export type PlainObject = Record<string, unknown>

/** Where the content of a new object comes from: a decoder reads it, a copier takes what it is offered. */
export interface SlotSource {
  slot(offered: unknown): unknown
}

/**
 * Gives `object` these keys (at least one), asking `values` for each value in turn and offering it what
 * `from` has there. Returns the object.
 */
export type Site = (
  object: PlainObject,
  values: SlotSource,
  keys: readonly string[],
  keyCount: number,
  from: PlainObject,
) => PlainObject

/** Keys that have a store of their own in each site; those beyond share the loop below. */
const KEYS_UNROLLED = 12

function rest(o: PlainObject, s: SlotSource, k: readonly string[], f: PlainObject): PlainObject {
  for (let i = KEYS_UNROLLED; i < k.length; i++) {
    const key = k[i] as string
    o[key] = s.slot(f[key])
  }
  return o
}

// biome-ignore format: a line for each site would be too long, a line for each store too many
export const SITES: readonly Site[] = [
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
  (o, s, k, n, f) => {
    o[k[0]] = s.slot(f[k[0]]); if (n === 1) return o; o[k[1]] = s.slot(f[k[1]]); if (n === 2) return o
    o[k[2]] = s.slot(f[k[2]]); if (n === 3) return o; o[k[3]] = s.slot(f[k[3]]); if (n === 4) return o
    o[k[4]] = s.slot(f[k[4]]); if (n === 5) return o; o[k[5]] = s.slot(f[k[5]]); if (n === 6) return o
    o[k[6]] = s.slot(f[k[6]]); if (n === 7) return o; o[k[7]] = s.slot(f[k[7]]); if (n === 8) return o
    o[k[8]] = s.slot(f[k[8]]); if (n === 9) return o; o[k[9]] = s.slot(f[k[9]]); if (n === 10) return o
    o[k[10]] = s.slot(f[k[10]]); if (n === 11) return o; o[k[11]] = s.slot(f[k[11]])
    return n === KEYS_UNROLLED ? o : rest(o, s, k, f)
  },
]
