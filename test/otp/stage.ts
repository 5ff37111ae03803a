// The same cases on every kind of VM: all in one thread, and across two schedulers.

import type { RefOf } from '@heddle/otp'
import { logger, startLogger, startServer } from '@heddle/otp'
import { ANY, type Pid, type Report, startVm, TIMEOUT, type Vm } from '@heddle/scheduler'
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest'
import { type Line, RECORDER, type Recording, recorder } from '#fixtures/otp-recorder'

export class Stage {
  readonly isInline: boolean
  /** What was reported since the test began. */
  readonly reports: Report[] = []
  private running: Vm | undefined
  constructor(isInline: boolean) {
    this.isInline = isInline
  }

  get vm(): Vm {
    if (this.running === undefined) throw new Error('the VM is not up')
    return this.running
  }

  /** Two schedulers, where there are two: the first case's processes stand apart. */
  get here(): { readonly scheduler?: number } {
    return this.isInline ? {} : { scheduler: 1 }
  }

  get there(): { readonly scheduler?: number } {
    return this.isInline ? {} : { scheduler: 2 }
  }

  async open(): Promise<void> {
    this.running = await startVm({
      schedulers: this.isInline ? 'inline' : 2,
      // How fast the machine is, is not what these cases are about.
      longScheduleMs: Infinity,
      onReport: (report) => this.reports.push(report),
    })
  }

  async close(): Promise<void> {
    await this.running?.stop({ timeoutMs: 1_000 })
    this.running = undefined
  }

  /** Ends what a test has left behind. */
  async clear(): Promise<void> {
    const { vm } = this
    for (let left = this.others(); left.length > 0; left = this.others()) {
      for (const pid of left) vm.exit(pid, 'kill')
      await Promise.all(left.map((pid) => vm.whenDown(pid)))
    }
    while ((await vm.receive(ANY, { afterMs: 0 })) !== TIMEOUT);
    this.reports.length = 0
  }

  /** What was logged meanwhile. */
  async loggedWhile(
    action: () => Promise<unknown>,
    query: logger.BrowseQuery = {},
  ): Promise<logger.LogEvent[]> {
    const { vm } = this
    await using _ = await startLogger(vm, { handlers: { default: null, all: { handler: logger.memory() } } })
    await action()
    await vm.settled()
    const found = await logger.browse(vm, 'all', query)
    return found.status === 'ok' ? found.value.map(({ event }) => event) : []
  }

  private others(): Pid[] {
    return this.vm.processes().filter((pid) => pid.$pid !== this.vm.pid.$pid)
  }

  startRecorder(scripts: Recording['scripts'] = {}): Promise<RefOf<typeof recorder>> {
    return startServer(this.vm, recorder, scripts, { name: RECORDER, ...this.here })
  }

  /** The recorder's lines, when there are so many. */
  lines(count: number): Promise<readonly Line[]> {
    return this.vm.call(RECORDER, recorder.lines(count), { timeoutMs: Infinity })
  }

  clearLines(): Promise<readonly Line[]> {
    return this.vm.call(RECORDER, recorder.clear())
  }
}

/** Runs the cases on each kind of VM; each case finds it empty. */
export function onEveryVm(title: string, cases: (stage: Stage) => void): void {
  describe.each([
    ['in one thread', true],
    ['across two schedulers', false],
  ])(`${title}, %s`, (_kind, isInline) => {
    const stage = new Stage(isInline)
    beforeAll(() => stage.open())
    afterAll(() => stage.close())
    afterEach(() => stage.clear())
    cases(stage)
  })
}

/** What a promise was rejected with: the reason, if it was an exit. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return (error as { reason?: unknown }).reason ?? error
  }
  return expect.fail('it was not rejected')
}

/** Why a call failed: the first half of `[reason, ['gen_server', 'call', args]]`. */
export async function callReasonOf(promise: Promise<unknown>): Promise<unknown> {
  const reason = (await reasonOf(promise)) as readonly [unknown, readonly unknown[]]
  expect(reason[1]?.slice(0, 2)).toEqual(['gen_server', 'call'])
  return reason[0]
}

/** Asks until the answer is yes; each question is a call, which lets everything else go on. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo()));
}
