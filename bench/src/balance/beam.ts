/**
 * The same load on a BEAM, where one is installed: processes bound to one scheduler against processes that are free to
 * move, with two schedulers in both cases. (`{scheduler, N}` is an option of spawn that OTP does not document.)
 */

import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Skew } from './workloads.ts'

const run = promisify(execFile)

const SOURCE = `
-module(skew).
-export([main/1]).

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).

actor(Parent, 0, _) -> Parent ! through;
actor(Parent, Steps, N) ->
    self() ! step,
    receive step -> fib(N) end,
    actor(Parent, Steps - 1, N).

main([Count, Steps, N, Rounds]) ->
    Parent = self(),
    [[once(Parent, Count, Steps, N, [{scheduler, 1}]), once(Parent, Count, Steps, N, [])] || _ <- lists:seq(0, Rounds)].

once(_, Count, Steps, N, Options) ->
    Root = self(),
    spawn_opt(fun() ->
        Self = self(),
        Begin = erlang:monotonic_time(microsecond),
        [spawn_opt(fun() -> actor(Self, Steps, N) end, Options) || _ <- lists:seq(1, Count)],
        [receive through -> ok end || _ <- lists:seq(1, Count)],
        Root ! {took, (erlang:monotonic_time(microsecond) - Begin) / 1000}
    end, Options),
    receive {took, Ms} -> io:format("~p ~.3f~n", [case Options of [] -> free; _ -> bound end, Ms]) end.
`

export interface BeamTimes {
  readonly release: string
  /** In ms, round by round. */
  readonly bound: readonly number[]
  readonly free: readonly number[]
}

/** `undefined`: there is no BEAM here. */
export async function onBeam(
  skew: Skew,
  schedulers: number,
  roundCount: number,
): Promise<BeamTimes | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-balance-'))
  try {
    await writeFile(join(folder, 'skew.erl'), SOURCE)
    await run('erlc', ['-o', folder, join(folder, 'skew.erl')])
    const numbers = [skew.count, skew.stepCount, skew.fibOf, roundCount].join(', ')
    const evaluate = `io:format("release ~s~n", [erlang:system_info(otp_release)]), skew:main([${numbers}]), halt().`
    const options = ['-noshell', '+S', `${schedulers}:${schedulers}`, '+P', '1048576', '-pa', folder]
    const { stdout } = await run('erl', [...options, '-eval', evaluate])
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
    const times = (which: string): number[] =>
      // The first round is for getting warm.
      lines
        .filter(([name]) => name === which)
        .slice(1)
        .map(([, ms]) => Number(ms))
    const release = lines.find(([name]) => name === 'release')?.[1] ?? 'unknown'
    return { release, bound: times('bound'), free: times('free') }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  } finally {
    await rm(folder, { recursive: true })
  }
}
