import { again, process } from '@heddle/scheduler'
import { expect, test } from 'vitest'
import { Kernels } from './kernels.ts'

const counter = process(import.meta.url, 'counter', {
  init: (start: number) => start,
  handle: (count, message, self) => {
    const { from, ref } = message as { from?: never; ref?: unknown }
    if (from !== undefined) self.send(from, { count, ref, at: self.scheduler })
    return again(count + 1)
  },
})

test('a callback process goes on elsewhere', async () => {
  const vm = new Kernels()
  const pid = vm.self.spawn(counter, 5, { scheduler: 1 })
  vm.self.send(pid, 'x')
  await vm.settle()
  expect(vm.move(pid, 2)).toBe('moved')
  vm.self.send(pid, { from: vm.self.pid, ref: 1 })
  await vm.settle()
  expect(await vm.self.receive()).toEqual({ count: 6, ref: 1, at: 2 })
})
