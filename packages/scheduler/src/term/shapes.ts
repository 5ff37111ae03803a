/**
 * A shape is a list of keys in order: what V8 calls a hidden class, made visible to us. Shapes stand in a
 * tree, each being its parent plus one key, so that walking an object's keys from the root ends at its
 * shape. The step to the child that was taken last time is one comparison of two interned strings.
 *
 *     root -- type -+- n              { type, n }
 *                   +- from -- tag    { type, from, tag }
 *
 * The copier and the decoder build objects from shapes; the encoder writes a shape's index instead of its
 * keys. A tree is a cache that never changes what a clone looks like, so there is one for the thread.
 *
 * It is bounded. Objects used as dictionaries would fill it with keys that never come back: a shape with
 * many children takes in new ones only now and then, and a full tree gives way to a new one that keeps
 * the shapes with a site. Who is in the middle of a value finishes it on the old tree.
 *
 * Rejected: comparing with the last shape that has the same first key (all messages begin with `type`);
 * cloning a template by `{ ...template }` (its own hidden class at every place in the source, and slower
 * than adding the keys).
 */

import { type PlainObject, SITES, type Site, type SlotSource } from './shape-sites.ts'

/** Shapes in one tree. */
export const SHAPE_COUNT_MAX = 4096
const KEY_LENGTH_MAX = 128
const KEY_COUNT_MAX = 64
/** With more children than this a shape looks like a dictionary, and takes in one newcomer in so many. */
const CHILD_COUNT_EASY = 32
const RELUCTANCE = 16
/** Uses that earn a shape a site of its own. */
const USE_COUNT_FOR_SITE = 64

export class Shape {
  readonly tree: ShapeTree
  /** Its number in the tree; -1 for a shape that a decoder needed and the tree had no room for. */
  readonly index: number
  readonly parent: Shape | undefined
  readonly key: string
  readonly keys: readonly string[]
  /** The step taken last, if any. (The empty key is no step.) */
  lastKey = ''
  lastChild: Shape | undefined = undefined
  readonly children = new Map<string, Shape>()
  site: Site | undefined = undefined
  private missCount = 0
  private useCount = 0

  constructor(tree: ShapeTree, index: number, parent: Shape | undefined, key: string) {
    this.tree = tree
    this.index = index
    this.parent = parent
    this.key = internalized(key)
    this.keys = parent === undefined ? [] : [...parent.keys, this.key]
  }

  /** The shape with one more key; undefined for an object that had better be cloned key by key. */
  child(key: string): Shape | undefined {
    const child = this.children.get(key) ?? this.newChild(key)
    if (child === undefined) return undefined
    this.lastKey = child.key
    this.lastChild = child
    return child
  }

  /** For a decoder, which must build what it is told to. */
  childAnyway(key: string): Shape {
    return this.child(key) ?? new Shape(this.tree, -1, this, key)
  }

  private newChild(key: string): Shape | undefined {
    if (!isShapeKey(key) || this.keys.length >= KEY_COUNT_MAX) return undefined
    if (this.children.size >= CHILD_COUNT_EASY && ++this.missCount % RELUCTANCE !== 0) return undefined
    return this.tree.add(this, key)
  }

  /** Gives `object` the keys of this shape, with the values that `values` makes of what `from` has there. */
  fill(object: PlainObject, values: SlotSource, from: PlainObject): PlainObject {
    const { site, keys } = this
    return site === undefined
      ? this.fillUnaided(object, values, from)
      : site(object, values, keys, keys.length, from)
  }

  private fillUnaided(object: PlainObject, values: SlotSource, from: PlainObject): PlainObject {
    if (++this.useCount === USE_COUNT_FOR_SITE) takeSite(this)
    for (const key of this.keys) object[key] = values.slot(from[key])
    return object
  }
}

export class ShapeTree {
  readonly root = new Shape(this, 0, undefined, '')
  private count = 1

  add(parent: Shape, key: string): Shape | undefined {
    if (this.count === SHAPE_COUNT_MAX) {
      if (current === this) current = successor()
      return undefined
    }
    const child = new Shape(this, this.count++, parent, key)
    parent.children.set(child.key, child)
    return child
  }
}

let current = new ShapeTree()
/** The shapes that have a site, in the order of the sites. A site is never given up: it would learn nothing new. */
const sited: Shape[] = []

/** The tree to walk from now on; keep it while in the middle of a value. */
export function shapeTree(): ShapeTree {
  return current
}

/** The shape of an object's keys, in the tree with this root. */
export function shapeOf(object: PlainObject, root: Shape): Shape | undefined {
  let shape = root
  for (const key in object) {
    const next = shape.lastKey === key ? shape.lastChild : shape.child(key)
    if (next === undefined) return undefined
    shape = next
  }
  return shape
}

function takeSite(shape: Shape): void {
  if (sited.length === SITES.length || shape.keys.length === 0) return
  shape.site = SITES[sited.length]
  sited.push(shape)
}

function successor(): ShapeTree {
  const tree = new ShapeTree()
  for (const [index, shape] of sited.entries()) {
    let copy: Shape = tree.root
    for (const key of shape.keys) copy = copy.childAnyway(key)
    copy.site = shape.site
    sited[index] = copy
  }
  return tree
}

/**
 * Array indexes go elsewhere in an object, and a plain assignment to what all objects inherit (`__proto__`,
 * or anything at all once `Object.prototype` is frozen) would not make an own property.
 */
function isShapeKey(key: string): boolean {
  return key !== '' && key.length <= KEY_LENGTH_MAX && !/^\d+$/.test(key) && !(key in Object.prototype)
}

/** Sets a property as `structuredClone` does, whatever its key. */
export function define(object: object, key: string, value: unknown): void {
  if (key in object)
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else (object as PlainObject)[key] = value
}

/** The one copy of a string that V8 uses as a key; with any other, each access looks for it first. */
function internalized(key: string): string {
  return Object.keys({ [key]: 0 })[0] as string
}
