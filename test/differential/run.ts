// Runs one scenario, step by step: what to do, wait until all is quiet, collect what was seen.

import type { Request, Requests, Seen } from '#fixtures/differential/protocol'
import { request } from '#fixtures/differential/protocol'
import { TICK_MS } from '#fixtures/differential/stage'
import type { Json, Part } from '#fixtures/differential/terms'
import type { Observation, Scenario, Step } from './format/scenario.ts'
import type { Stage } from './hosts.ts'
import { Labelling, showRest, showResults } from './observe.ts'

export interface Run {
  readonly observations: readonly Observation[]
  /** What could not be done, if anything: such a run matches nothing. */
  readonly notYet: string | undefined
}

const FINAL_ACTIONS: readonly Part[] = [['flush'], ['links']]

export async function runScenario(scenario: Scenario, stage: Stage): Promise<Run> {
  const performance = new Performance(stage, scenario.unordered_log === true)
  const observations: Observation[] = []
  for (const step of scenario.steps) observations.push(await performance.perform(step))
  return { observations, notYet: performance.notYet }
}

interface Pending {
  readonly puppet: string
  /** The results, once they are there. */
  results: readonly Json[] | undefined
}

class Performance {
  notYet: string | undefined
  private readonly stage: Stage
  private readonly isUnordered: boolean
  private readonly labels: Labelling
  private readonly dead = new Set<string>()
  /** The `do`s that have not finished. */
  private readonly pending = new Map<number, Pending>()
  private doCount = 0
  /** What was seen in this step. */
  private log: Seen['log'][number][] = []
  private down: Seen['down'][number][] = []
  private finished: Pending[] = []

  constructor(stage: Stage, isUnordered: boolean) {
    this.stage = stage
    this.isUnordered = isUnordered
    this.labels = new Labelling(stage.coordinator, stage.prefix)
  }

  async perform(step: Step): Promise<Observation> {
    this.log = []
    this.down = []
    this.finished = []
    const own: Pending[] = []
    let r: Json | undefined
    if (step.op === 'spawn') await this.request('spawn', { label: step.p, trap: step.trap })
    else if (step.op === 'kill') await this.request('kill', { label: step.t, reason: step.reason })
    else if (step.op === 'sleep') await this.stage.advance(step.ticks * TICK_MS)
    else if (step.op === 'do') r = await this.runActions(step.p, step.a as readonly Part[], own)
    else r = await this.runFinal(own)
    if (r === undefined) await this.look()
    const done = this.finished
      .filter((each) => !own.includes(each))
      .map(({ puppet, results = [] }) => [puppet, results] as const)
    const rest = showRest({ log: this.log, down: this.down }, done, this.labels, this.isUnordered)
    return r === undefined ? rest : { r, ...rest }
  }

  private async runFinal(own: Pending[]): Promise<Json> {
    const rows: Json[] = []
    for (const puppet of [...this.labels.puppets]) {
      rows.push([puppet, await this.runActions(puppet, FINAL_ACTIONS, own)])
    }
    return rows
  }

  private async runActions(puppet: string, actions: readonly Part[], own: Pending[]): Promise<Json> {
    const id = ++this.doCount
    const pending: Pending = { puppet, results: undefined }
    own.push(pending)
    this.pending.set(id, pending)
    await this.request('do', { label: puppet, id, actions })
    await this.look()
    // One that never was is not known to be dead: nobody answers.
    if (this.dead.has(puppet)) return '$dead'
    if (pending.results !== undefined) return pending.results
    // From the next step on it is one of the earlier ones.
    own.splice(own.indexOf(pending), 1)
    return '$busy'
  }

  private request<Kind extends keyof Requests>(
    kind: Kind,
    arg: Requests[Kind][0],
  ): Promise<Requests[Kind][1]> {
    return this.stage.ask(request(kind, arg) as Request<Kind>) as Promise<Requests[Kind][1]>
  }

  /** Waits until all is quiet, then takes up what the coordinator saw. */
  private async look(): Promise<void> {
    await this.stage.settled()
    const seen = await this.request('collect', null)
    this.labels.learn(seen)
    this.log.push(...seen.log)
    this.down.push(...seen.down)
    for (const { pid } of seen.down) this.dead.add(this.labels.ofPid(pid))
    for (const { id, outcomes } of seen.finished) {
      const pending = this.pending.get(id)
      if (pending === undefined) continue
      const { results, notYet } = showResults(outcomes, this.labels, this.isUnordered)
      pending.results = results
      this.notYet ??= notYet
      this.pending.delete(id)
      this.finished.push(pending)
    }
  }
}
