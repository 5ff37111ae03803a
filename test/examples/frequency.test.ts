// Three allocators, one behaviour; and the one on genServer against a model, with clients that come, ask, and are killed.

import { type RefOf, startServer, sys } from '@heddle/otp'
import { type Pid, type Ref, startVm, tag, type Vm } from '@heddle/scheduler'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FREQUENCY } from '../../examples/frequency/dist/allocator.js'
import type { Band } from '../../examples/frequency/dist/band.js'
import { allocators, KINDS, type Kind, phone } from '../../examples/frequency/dist/phone.js'

type Phone = RefOf<typeof phone>

const vms = [
  ['in one thread', 'inline' as const],
  ['on two schedulers', 2],
] as const

const open = (vm: Vm, kind: Kind, frequencies: readonly number[]) =>
  vm.spawn(allocators[kind].definition, frequencies, { name: FREQUENCY })

async function end(vm: Vm, pid: Pid): Promise<void> {
  const ended = vm.whenDown(pid)
  vm.exit(pid, 'kill')
  await ended
  // The allocator hears of it, too.
  await vm.settled()
}

/** What a call failed with. */
const failure = (calling: Promise<unknown>) => calling.then(String, ({ reason }) => reason[0] as unknown)

/** A story that each of the three must tell in the same words. */
async function story(vm: Vm, kind: Kind): Promise<readonly unknown[]> {
  const allocator = await open(vm, kind, [10, 11, 12])
  const [ann, bob] = [await startServer(vm, phone, kind), await startServer(vm, phone, kind)]
  const told: unknown[] = []
  const tell = async (happening: Promise<unknown>) => told.push(await happening)
  for (const who of [ann, bob, ann, bob]) await tell(vm.call(who, phone.allocate()))
  for (const frequency of [11, 10, 10, 99]) await tell(vm.call(ann, phone.deallocate(frequency)))
  await tell(vm.call(bob, phone.allocate()))
  await end(vm, bob)
  for (let i = 0; i < 3; i++) told.push(typeof (await vm.call(ann, phone.allocate())))
  const ended = vm.whenDown(allocator)
  await tell(vm.call(ann, phone.stopAllocator()))
  await tell(ended.then(({ reason }) => reason))
  await tell(failure(vm.call(ann, phone.allocate())))
  return told
}

describe.each(vms)('an allocator %s', (_, schedulers) => {
  let vm: Vm
  beforeAll(async () => {
    vm = await startVm({ schedulers, clock: 'manual', onReport: () => {} })
  })
  afterAll(() => vm.stop())

  test.each(KINDS)('%s tells the same story', async (kind) => {
    const lent = [10, 11, 12, 'no_frequency']
    const givenBack = ['not_yours', 'ok', 'not_yours', 'not_yours']
    const ends = ['ok', 'normal', 'noproc']
    const afterDeath = ['number', 'number', 'string']
    expect((await story(vm, kind)).map(plain)).toEqual([...lent, ...givenBack, 10, ...afterDeath, ...ends])
  })

  test.each(KINDS)('%s keeps what a client holds that gives back another, and dies', async (kind) => {
    const allocator = await open(vm, kind, [1, 2])
    const [ann, bob] = [await startServer(vm, phone, kind), await startServer(vm, phone, kind)]
    expect(await vm.call(ann, phone.allocate())).toBe(1)
    expect(await vm.call(ann, phone.deallocate(1))).toBe('ok')
    expect(await vm.call(bob, phone.allocate())).toBe(1)
    // Ann does not hold it any more: her death takes nothing from bob.
    await end(vm, ann)
    const eve = await startServer(vm, phone, kind)
    expect(await vm.call(eve, phone.allocate())).toBe(2)
    expect(await vm.call(eve, phone.allocate())).toBe('no_frequency')
    for (const pid of [bob, eve, allocator]) await end(vm, pid)
  })

  test.each(['by hand', 'by our own behaviour'] as const)(
    '%s a foreign answer is not taken',
    async (kind) => {
      // The host plays the allocator.
      vm.register(FREQUENCY)
      const ann = await startServer(vm, phone, kind)
      const foreign: Ref = vm.monitor(ann)
      const asking = vm.call(ann, phone.allocate())
      const { ref } = (await vm.receive(tag(kind === 'by hand' ? 'allocate' : 'request'))) as unknown as {
        ref: Ref
      }
      vm.send(ann, { type: 'answer', ref: foreign, value: 666 })
      vm.send(ann, { type: 'answer', ref, value: 1 })
      expect(await asking).toBe(1)
      vm.unregister(FREQUENCY)
      await end(vm, ann)
    },
  )
})

/** A server that is not there is `noproc`, whoever says so and with whatever else. */
const plain = (value: unknown): unknown => (Array.isArray(value) ? plain(value[0]) : value)

// ---- genServer against a model ----

const FREQUENCIES = [1, 2, 3, 4]
const PHONES = 3

type Step =
  | { readonly who: number; readonly what: 'allocate' | 'kill' }
  | { readonly who: number; readonly what: 'deallocate'; readonly frequency: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ who: fc.nat(PHONES - 1), what: fc.constant('allocate' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      who: fc.nat(PHONES - 1),
      what: fc.constant('deallocate' as const),
      frequency: fc.constantFrom(...FREQUENCIES),
    }),
  },
  { weight: 1, arbitrary: fc.record({ who: fc.nat(PHONES - 1), what: fc.constant('kill' as const) }) },
)

/** Phones, and what each holds by what it was told: the model. */
class Town {
  readonly vm: Vm
  readonly allocator: Pid
  readonly phones: Phone[] = []
  readonly holds: Set<number>[] = []
  constructor(vm: Vm, allocator: Pid) {
    this.vm = vm
    this.allocator = allocator
  }

  async settle(who: number): Promise<void> {
    this.phones[who] = await startServer(this.vm, phone, 'by genServer', { scheduler: 'spread' })
    this.holds[who] = new Set()
  }

  /** One step; what it comes to is judged by what is held when it begins, if nothing else is under way. */
  async take(step: Step): Promise<unknown> {
    const { vm } = this
    const [pid, held] = [this.phones[step.who]!, this.holds[step.who]!]
    switch (step.what) {
      case 'kill': {
        const ended = vm.whenDown(pid)
        vm.exit(pid, 'kill')
        await ended
        return this.settle(step.who)
      }
      case 'deallocate': {
        const answer = await vm.call(pid, phone.deallocate(step.frequency))
        expect(answer).toBe(held.delete(step.frequency) ? 'ok' : 'not_yours')
        return answer
      }
      case 'allocate': {
        const answer = await vm.call(pid, phone.allocate())
        if (answer !== 'no_frequency') held.add(answer)
        return answer
      }
    }
  }

  /** What the server believes is what its clients believe; nothing is held twice, nothing is lost. */
  async check(): Promise<void> {
    await this.vm.settled()
    const band = await sys.getState<Band>(this.vm, FREQUENCY)
    const byServer = band.held.map(({ frequency, client }) => `${frequency} ${client.$pid}`)
    const byClients = this.holds.flatMap((held, who) =>
      [...held].map((one) => `${one} ${this.phones[who]!.$pid}`),
    )
    expect(byServer.sort()).toEqual(byClients.sort())
    const all = [...band.free, ...band.held.map(({ frequency }) => frequency)]
    expect(all.sort()).toEqual(FREQUENCIES)
    // One monitor for each frequency that is held: none is left behind.
    const info = await this.vm.processInfo(this.allocator)
    expect(info?.monitors).toHaveLength(band.held.length)
  }
}

async function withTown(vm: Vm, body: (town: Town) => Promise<void>): Promise<void> {
  const allocator = await open(vm, 'by genServer', FREQUENCIES)
  const town = new Town(vm, allocator)
  try {
    for (let who = 0; who < PHONES; who++) await town.settle(who)
    await body(town)
  } finally {
    for (const pid of [...town.phones, allocator]) await end(vm, pid)
  }
}

describe.each([
  ['in one thread', 'inline' as const, 60],
  ['on two schedulers', 2, 15],
])('the allocator on genServer %s', (_, schedulers, numRuns) => {
  let vm: Vm
  beforeAll(async () => {
    vm = await startVm({ schedulers, clock: 'manual' })
  })
  afterAll(() => vm.stop())

  test('does as the model, step by step', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 20 }), (steps) =>
      withTown(vm, async (town) => {
        for (const step of steps) {
          const heldCount = town.holds.reduce((sum, held) => sum + held.size, 0)
          const answer = await town.take(step)
          if (step.what === 'allocate') {
            expect(answer === 'no_frequency').toBe(heldCount === FREQUENCIES.length)
          }
          await town.check()
        }
      }),
    )
    await fc.assert(property, { numRuns })
  })

  test('lends nothing twice and loses nothing when all of it happens at once', async () => {
    const lanes = fc.tuple(...Array.from({ length: PHONES }, () => fc.array(step, { maxLength: 8 })))
    const property = fc.asyncProperty(lanes, (lanes) =>
      withTown(vm, async (town) => {
        const runLane = async (steps: readonly Step[], who: number) => {
          for (const step of steps) await town.take({ ...step, who })
        }
        await Promise.all(lanes.map(runLane))
        await town.check()
      }),
    )
    await fc.assert(property, { numRuns })
  })
})
