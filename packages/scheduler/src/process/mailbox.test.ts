import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Mailbox, NOTHING } from './mailbox.ts'

/** What a mailbox is, said slowly. */
class Model {
  messages: number[] = []
  push(message: number): void {
    this.messages.push(message)
  }
  take(accepts: (message: number) => boolean): unknown {
    const index = this.messages.findIndex(accepts)
    return index < 0 ? NOTHING : this.messages.splice(index, 1)[0]
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('push' as const), message: fc.nat(7) }),
  fc.record({ do: fc.constant('shift' as const) }),
  fc.record({ do: fc.constant('take' as const), message: fc.nat(7) }),
  fc.record({ do: fc.constant('mark' as const) }),
  fc.record({ do: fc.constant('take marked' as const), mark: fc.nat(20) }),
)

describe('a mailbox', () => {
  test('is the same when it has been packed and unpacked: order, marks, what is the VM’s own', () => {
    const before = new Mailbox()
    for (const each of ['taken', 'a', 'own']) before.push({ each })
    before.shift()
    before.pushOwn({ own: true })
    before.mark(7)
    before.push({ each: 'behind the mark' })
    const after = new Mailbox()
    after.unpack(structuredClone(before.pack()))
    expect(after.pack()).toEqual(before.pack())
    expect(after.ownCount).toBe(1)
    // Nothing older than the mark is looked at.
    const seen: unknown[] = []
    after.take((message) => seen.push(message) < 0, 7)
    expect(seen).toEqual([{ each: 'behind the mark' }])
    expect(after.peek(10)).toEqual(before.peek(10))
  })

  test('gives what a plain list gives, through growth, gaps and wraps', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const mailbox = new Mailbox()
        const model = new Model()
        for (const one of steps) {
          if (one.do === 'push') {
            mailbox.push(one.message)
            model.push(one.message)
          } else if (one.do === 'shift' && model.messages.length > 0) {
            expect(mailbox.shift()).toBe(model.messages.shift())
          } else if (one.do === 'take') {
            expect(mailbox.take((message) => message === one.message, 0)).toBe(
              model.take((m) => m === one.message),
            )
          }
          expect(mailbox.length).toBe(model.messages.length)
          expect(mailbox.peek(1_000)).toEqual(model.messages)
        }
      }),
    )
  })

  test('finds by a mark whatever came after it, whatever was taken in between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const mailbox = new Mailbox()
        // Messages are unique here; each remembers which marks are older than it.
        let next = 0
        let marks = 0
        const waiting: { message: number; marksBefore: number }[] = []
        for (const one of steps) {
          if (one.do === 'push') {
            waiting.push({ message: next, marksBefore: marks })
            mailbox.push(next++)
          } else if (one.do === 'shift' && waiting.length > 0) {
            expect(mailbox.shift()).toBe(waiting.shift()?.message)
          } else if (one.do === 'take' && waiting.length > 0) {
            const index = one.message % waiting.length
            const wanted = waiting[index]?.message
            expect(mailbox.take((message) => message === wanted, 0)).toBe(wanted)
            waiting.splice(index, 1)
          } else if (one.do === 'mark') {
            mailbox.mark(++marks)
          } else if (one.do === 'take marked' && marks > 0) {
            const mark = 1 + (one.mark % marks)
            // A message that can mention the reference came after it was made.
            const index = waiting.findIndex((item) => item.marksBefore >= mark)
            const wanted = index < 0 ? -1 : waiting[index]?.message
            const found = mailbox.take((message) => message === wanted, mark)
            expect(found).toBe(index < 0 ? NOTHING : wanted)
            if (index >= 0) waiting.splice(index, 1)
          }
        }
      }),
    )
  })

  test('does not look at what came before a mark', () => {
    const mailbox = new Mailbox()
    for (let i = 0; i < 10_000; i++) mailbox.push(i)
    mailbox.mark(1)
    mailbox.push('reply')
    let looks = 0
    const found = mailbox.take((message) => {
      looks += 1
      return message === 'reply'
    }, 1)
    expect(found).toBe('reply')
    expect(looks).toBe(1)
  })

  test('is as it was when the test throws', () => {
    const mailbox = new Mailbox()
    mailbox.push(1)
    mailbox.push(2)
    const failing = (): never => {
      throw new Error('no')
    }
    expect(() => mailbox.take(failing, 0)).toThrow('no')
    expect(mailbox.peek(10)).toEqual([1, 2])
  })

  test('shows at most as many messages as asked for', () => {
    const mailbox = new Mailbox()
    for (let i = 0; i < 100; i++) mailbox.push(i)
    expect(mailbox.peek(3)).toEqual([0, 1, 2])
  })
})
