// The logger as the host sees it: how it starts and ends, what becomes of the VM's own reports, that it survives its scheduler.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KernelReports, kernelReports, logger, startLogger } from '@heddle/otp'
import { type Report, startVm, type Vm } from '@heddle/scheduler'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { chatty, echoing, lines, toPino } from '#fixtures/otp-logging'

const memory = { default: null, all: { handler: logger.memory() } } as const

async function eventsOf(vm: Vm, query: logger.BrowseQuery = {}): Promise<readonly logger.LogEvent[]> {
  const found = await logger.browse(vm, 'all', query)
  return found.status === 'ok' ? found.value.map(({ event }) => event) : []
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function collecting(): { readonly reports: KernelReports; readonly printed: Report[] } {
  const printed: Report[] = []
  const reports = kernelReports()
  reports.passTo((report) => printed.push(report))
  return { reports, printed }
}

describe.each([
  ['in one thread', 'inline', undefined],
  ['on two schedulers', 2, 2],
] as const)('the logger of a VM %s', (_, schedulers, there) => {
  const placed = there === undefined ? {} : { scheduler: there }

  test('gets what the host logs, and what processes log', async () => {
    await using vm = await startVm({ schedulers })
    await using _ = await startLogger(vm, { handlers: memory })
    logger.setProcessMetadata(vm, { who: 'host' })
    logger.notice(vm, 'from the host')
    const pid = await vm.spawn(echoing, null, placed)
    vm.send(pid, 'hello')
    await vm.isAlive(pid)
    const events = await until(async () => {
      const all = await eventsOf(vm)
      return all.length >= 2 ? all : undefined
    })
    const [host] = events.filter(({ meta }) => meta.pid.$pid === vm.pid.$pid)
    expect(host).toMatchObject({ level: 'notice', msg: 'from the host', meta: { who: 'host' } })
    const [process_] = events.filter(({ meta }) => meta.pid.$pid === pid.$pid)
    expect(process_).toMatchObject({
      msg: 'got %s',
      args: ['hello'],
      meta: { domain: ['test'], source: { function: 'handle' }, scheduler: there ?? 0 },
    })
    const drift = Math.abs((process_?.meta.timeUs ?? 0) / 1_000 - Date.now())
    expect(drift).toBeLessThan(60_000)
  })

  test("gets the VM's own reports as long as it runs", async () => {
    const { reports, printed } = collecting()
    await using vm = await startVm({ schedulers, onReport: reports, longScheduleMs: Infinity })
    const crash = async (): Promise<void> => {
      const pid = await vm.spawn(chatty, null, placed)
      const isDown = vm.whenDown(pid)
      vm.send(pid, 'crash')
      await isDown
    }
    await crash()
    await until(async () => (printed.length === 1 ? true : undefined))
    const running = await startLogger(vm, { handlers: memory, reports })
    await crash()
    const [event] = await until(async () => {
      const found = await eventsOf(vm, { type: 'crash_report' })
      return found.length > 0 ? found : undefined
    })
    expect(event).toMatchObject({ level: 'error', report: { label: ['emulator', 'crash'] } })
    expect(printed).toHaveLength(1)
    await running.stop()
    expect(vm.whereis('logger')).toBeUndefined()
  })

  test('is one, and says what is wrong with its configuration', async () => {
    await using vm = await startVm({ schedulers })
    await expect(startLogger(vm, { level: 'loud' as never })).rejects.toMatchObject({
      code: 'ERR_BAD_ARGUMENT',
    })
    await expect(startLogger(vm, { colour: 1 } as never)).rejects.toMatchObject({ code: 'ERR_BAD_ARGUMENT' })
    await using _ = await startLogger(vm, { handlers: memory })
    await expect(startLogger(vm)).rejects.toMatchObject({ code: 'ERR_NAME_TAKEN' })
    logger.notice(vm, 'still here')
    await logger.sync(vm, 'all')
    expect(await eventsOf(vm)).toHaveLength(1)
  })

  test('asks no lazy message that nobody wants, and none at all when there is no logger', async () => {
    await using vm = await startVm({ schedulers })
    let asked = 0
    const lazy = (): string => {
      asked += 1
      return 'asked'
    }
    logger.emergency(vm, lazy)
    await using _ = await startLogger(vm, { handlers: memory })
    logger.debug(vm, lazy)
    expect(asked).toBe(0)
    logger.notice(vm, lazy)
    expect(asked).toBe(1)
  })
})

test('the logger survives the end of its scheduler, with its handlers, and tells of it', async () => {
  const { reports } = collecting()
  await using vm = await startVm({ schedulers: 2, onReport: reports, longScheduleMs: Infinity })
  await using running = await startLogger(vm, { handlers: memory, reports, scheduler: 1, level: 'info' })
  const before = running.pid
  await vm.killScheduler(1)
  await until(async () => (running.pid.$pid === before.$pid ? undefined : true))
  const events = await until(async () => {
    if (vm.whereis('logger') === undefined) return undefined
    const found = await eventsOf(vm).catch(() => [])
    return found.length > 0 ? found : undefined
  })
  expect(events[0]).toMatchObject({ report: { label: ['emulator', 'scheduler_down'], scheduler: 1 } })
  const config = await logger.getConfig(vm)
  expect(config).toMatchObject({ status: 'ok', value: { primary: { level: 'info' } } })
})

test('a handler for pino hands events to a logger that pino made', async () => {
  await using vm = await startVm({ schedulers: 'inline' })
  await using _ = await startLogger(vm, { handlers: { default: null, pino: { handler: toPino() } } })
  logger.error(vm, 'no %s', ['more'], { order: 7 })
  logger.emergency(vm, { label: ['shop', 'fire'], where: 'kitchen' })
  await logger.sync(vm, 'pino')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 50, msg: 'no more', severity: 'error', order: 7, process: vm.pid.$pid },
    { level: 60, severity: 'emergency', report: { where: 'kitchen' } },
  ])
})

/** What a program of its own prints. */
function printedBy(schedulers: string, to: string): { readonly out: string; readonly err: string } {
  const program = `
    import { logger, startLogger } from '@heddle/otp'
    import { startVm } from '@heddle/scheduler'
    const vm = await startVm({ schedulers: ${schedulers} })
    const running = await startLogger(vm, { handlers: { default: { handler: logger.terminal(${to}) } } })
    logger.warning(vm, 'about to end')
    await running.stop()
    await vm.stop()
  `
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: new URL('../../', import.meta.url),
    encoding: 'utf8',
  })
  return { out: stdout, err: stderr }
}

test.each(["'inline'", '1'])(
  'the terminal gets what is logged before the logger is stopped, schedulers %s',
  (schedulers) => {
    const line = /^\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d warning: about to end\n$/
    expect(printedBy(schedulers, '').err).toMatch(line)
    expect(printedBy(schedulers, "{ to: 'standard_io' }").out).toMatch(line)
  },
)

/** What is written to standard error from here on. */
function listening(): string[] {
  const lines: string[] = []
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    lines.push(String(text))
    return true
  })
  onTestFinished(() => spy.mockRestore())
  return lines
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('a file that cannot be written any more is told of, once, where people see it', async () => {
  const path = join(newFolder(), 'audit.log')
  const errors = listening()
  await using vm = await startVm({ schedulers: 'inline' })
  await using _ = await startLogger(vm, { handlers: { ...memory, file: { handler: logger.file({ path }) } } })
  rmSync(path)
  mkdirSync(path)
  logger.notice(vm, 'lost')
  await until(async () => (errors.length > 0 ? true : undefined))
  logger.notice(vm, 'lost, too')
  const told = await until(async () => {
    const found = await eventsOf(vm, { where: { path } })
    return found.length > 0 ? found : undefined
  })
  expect(told).toMatchObject([
    {
      level: 'error',
      report: { label: ['logger', 'file_write_failed'], reason: { fields: { code: 'EISDIR' } } },
    },
  ])
  expect(errors).toEqual([expect.stringContaining(`the log file ${path} cannot be written: EISDIR`)])
  rmSync(path, { recursive: true })
  logger.notice(vm, 'there again')
  await logger.sync(vm, 'file')
  expect(errors).toHaveLength(1)
})

test('a handler that cannot be had again is told of, and the logger starts again without it', async () => {
  const folder = join(newFolder(), 'logs')
  const { reports } = collecting()
  const errors = listening()
  await using vm = await startVm({ schedulers: 2, onReport: reports })
  const handlers = { ...memory, file: { handler: logger.file({ path: join(folder, 'a.log') }) } }
  await using running = await startLogger(vm, { handlers, reports, scheduler: 1 })
  const before = running.pid
  rmSync(folder, { recursive: true })
  writeFileSync(folder, 'no folder any more')
  await vm.killScheduler(1)
  const told = await until(async () => {
    if (running.pid.$pid === before.$pid || vm.whereis('logger') === undefined) return undefined
    const found = await eventsOf(vm, { where: { handler: 'file' } }).catch(() => [])
    return found.length > 0 ? found : undefined
  })
  expect(told).toMatchObject([{ level: 'error', report: { label: ['logger', 'handler_not_restarted'] } }])
  expect(errors.join('')).toContain('the log handler file could not be started again: ')
  expect(await logger.getHandlerConfig(vm, 'all')).toMatchObject({ status: 'ok' })
})

test('who logs comes first, and at which level: what is neither is refused with a code', async () => {
  await using vm = await startVm({ schedulers: 'inline' })
  const refused = expect.objectContaining({ code: 'ERR_BAD_ARGUMENT' })
  const log = logger.at(import.meta.url)
  for (const wrong of ['a text', undefined, {}, vm.pid]) {
    expect(() => logger.error(wrong as never, 'x')).toThrow(refused)
    expect(() => log.error(wrong as never, 'x')).toThrow(refused)
    expect(() => logger.setProcessMetadata(wrong as never, {})).toThrow(refused)
    expect(() => logger.getConfig(wrong as never)).toThrow(refused)
    expect(() => logger.sync(wrong as never, 'default')).toThrow(refused)
  }
  expect(() => logger.log(vm, 'loud' as never, 'x')).toThrow(refused)
})
