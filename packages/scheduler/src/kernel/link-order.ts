/**
 * In which order the end of a process is told to those it is linked to. Nobody may rely on it, but everybody sees it: in
 * the order of log lines, in which child of a killed supervisor goes first. So it is BEAM's, which keeps links in
 * a red-black tree by pid and visits that in post-order. Younger processes have greater pids there, so the tree
 * is the one that grows when each link comes to the right of all before it.
 */

const NONE = -1
/** Most have one link, if any. */
const ONLY = [0]

class Tree {
  private readonly left: number[] = []
  private readonly right: number[] = []
  private readonly parent: number[] = []
  private readonly isRed: boolean[] = []
  private root = NONE

  /** The node with the next number: greater than all, so it goes to the end of the right edge. */
  append(): void {
    const node = this.parent.length
    this.left.push(NONE)
    this.right.push(NONE)
    this.isRed.push(true)
    let last = this.root
    while (last !== NONE && this.right[last] !== NONE) last = this.right[last]
    this.parent.push(last)
    if (last === NONE) this.root = node
    else this.right[last] = node
    this.rebalance(node)
    this.isRed[this.root] = false
  }

  private rebalance(from: number): void {
    for (let node = from; ; ) {
      const parent = this.parent[node]
      if (parent === NONE || !this.isRed[parent]) return
      const grandparent = this.parent[parent]
      const uncle = this.left[grandparent]
      this.isRed[parent] = false
      this.isRed[grandparent] = true
      if (uncle === NONE || !this.isRed[uncle]) {
        this.rotateLeft(grandparent)
        return
      }
      this.isRed[uncle] = false
      node = grandparent
    }
  }

  private rotateLeft(node: number): void {
    const child = this.right[node]
    const above = this.parent[node]
    const moved = this.left[child]
    this.right[node] = moved
    if (moved !== NONE) this.parent[moved] = node
    this.parent[child] = above
    if (above === NONE) this.root = child
    else this.right[above] = child
    this.left[child] = node
    this.parent[node] = child
  }

  /** Both subtrees, then the node. */
  postOrder(): number[] {
    const backwards: number[] = []
    const pending = this.root === NONE ? [] : [this.root]
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      backwards.push(node)
      if (this.left[node] !== NONE) pending.push(this.left[node])
      if (this.right[node] !== NONE) pending.push(this.right[node])
    }
    return backwards.reverse()
  }
}

/** Of so many links, oldest first, the positions in the order in which they break. */
export function breakingOrder(linkCount: number): readonly number[] {
  if (linkCount === 1) return ONLY
  const tree = new Tree()
  for (let link = 0; link < linkCount; link++) tree.append()
  return tree.postOrder()
}
