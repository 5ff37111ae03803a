// What every app here does with its definition: spawn it on the second of two schedulers, and print its reply.

import { type Pid, type Spawnable, startVm, tag } from '@heddle/scheduler'

export interface Order {
  readonly from: Pid
  readonly text: string
}

export interface Reply {
  readonly type: 'reply'
  readonly text: string
  readonly isMainThread: boolean
}

export async function run(definition: Spawnable<Order>): Promise<void> {
  const vm = await startVm({ schedulers: 2 })
  try {
    await vm.spawn(definition, { from: vm.pid, text: 'hello' }, { scheduler: 2 })
    console.log(JSON.stringify(await vm.receive(tag<Reply>('reply'))))
  } finally {
    await vm.stop()
  }
}
