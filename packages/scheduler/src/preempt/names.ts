/** Names for what is written into a module: none of them is used there. */

export interface OwnNames {
  /** The question. */
  readonly preempt: string
  /** What is left of the strip, in units; in a nest, of what it was given. */
  readonly left: string
  /** A nest's function, and what it came to. */
  readonly strip: string
  readonly result: string
  /** Where a nest was left, or how it ended. */
  readonly at: string
  /** What is left of the chunk. */
  readonly count: string
  /** What it returns or throws. */
  readonly value: string
  readonly error: string
  /** Labels: of what is gone through for a chunk, and of all chunks. */
  readonly chunk: string
  readonly whole: string
  /** Of a `for…of`, with the loop's number: what it goes over, by which iterator, its place in an array. */
  readonly source: string
  readonly iterator: string
  readonly index: string
  /** The element, and the step that an iterator has taken. */
  readonly each: string
  readonly step: string
  /** What the module calls, see `runtime.ts`. */
  readonly same: string
  readonly iterating: string
  readonly open: string
  readonly close: string
  readonly fail: string
}

export function ownNames(source: string): OwnNames {
  let prefix = '$heddle'
  while (source.includes(prefix)) prefix += '_'
  const name = (end: string): string => prefix + end
  return {
    preempt: name('Preempt'),
    left: name('Left'),
    strip: name('Strip'),
    result: name('Result'),
    at: name('At'),
    count: name('Count'),
    value: name('Value'),
    error: name('Error'),
    chunk: name('Chunk'),
    whole: name('Whole'),
    source: name('Source'),
    iterator: name('Iterator'),
    index: name('Index'),
    each: name('Each'),
    step: name('Step'),
    same: name('Same'),
    iterating: name('Iterating'),
    open: name('Open'),
    close: name('Close'),
    fail: name('Fail'),
  }
}
