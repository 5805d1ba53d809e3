import process from 'node:process'
import type { LocalEndpoints } from './dataplane/host.ts'
import type { FollowEvents } from './follow.ts'
import type { MirrorStatus } from './docker/mirror.ts'
import type { NamesStatus } from './dns/name-service.ts'
import type { Log } from './log.ts'
import type { AgentStatus } from './status.ts'

export interface StateOptions {
  readonly node: string
  readonly version: string
  readonly birdFolder: string | undefined
  readonly clock: { now(): Date }
  readonly log: Log
}

/** What the agent tells of itself. */
export class State implements FollowEvents {
  lastError: string | undefined
  readonly #options: StateOptions
  readonly #startedAt: string
  #datastore: AgentStatus['datastore'] = 'connected'
  #revision = 0
  #inSync = false
  #programmedAt: string | undefined
  #lag: number | undefined
  #local: LocalEndpoints | undefined
  #setAside: ReadonlySet<string> = new Set()

  constructor(options: StateOptions) {
    this.#options = options
    this.#startedAt = options.clock.now().toISOString()
  }

  readonly away = (error: Error): void => {
    this.#datastore = 'away'
    this.#options.log('error', 'the datastore is away: what the kernel has stays', { why: error.message })
  }
  readonly back = (): void => {
    this.#datastore = 'connected'
    this.#options.log('info', 'the datastore is back')
  }
  readonly emptied = (): void => {
    this.#datastore = 'emptied'
    this.#options.log('error', 'everything is gone from the datastore: what the kernel has stays, unless the agent is started with --accept-empty')
  }

  /** Tells, once, of each resource that cannot be understood. */
  noteWorld(messages: readonly string[]): void {
    for (const message of messages) if (!this.#setAside.has(message)) this.#options.log('error', 'a resource cannot be understood', { why: message })
    this.#setAside = new Set(messages)
    this.#inSync = false
  }

  programmed(revision: number, local: LocalEndpoints, now: Date, begun: number): void {
    const known = new Set(this.#local?.idle.map(({ endpoint, reason }) => `${endpoint.id} ${reason}`))
    for (const { endpoint, reason } of local.idle) {
      if (!known.has(`${endpoint.id} ${reason}`)) this.#options.log('warning', 'an endpoint cannot act', { endpoint: endpoint.id, why: reason })
    }
    this.#revision = revision
    this.#inSync = true
    this.#local = local
    this.#programmedAt = now.toISOString()
    this.#lag = now.getTime() - begun
  }

  status(
    refused: readonly string[],
    parts: { readonly names: readonly NamesStatus[] | undefined; readonly networks: MirrorStatus | undefined },
  ): AgentStatus {
    const { node, version, birdFolder } = this.#options
    return {
      version,
      node,
      pid: process.pid,
      startedAt: this.#startedAt,
      inSync: this.#inSync && this.#datastore === 'connected',
      revision: this.#revision,
      ...(this.#programmedAt === undefined ? {} : { programmedAt: this.#programmedAt }),
      ...(this.#lag === undefined ? {} : { lagMilliseconds: this.#lag }),
      datastore: this.#datastore,
      backend: birdFolder === undefined ? 'none' : 'bird',
      endpoints: { workloads: this.#local?.workloads.size ?? 0, hosts: this.#local?.hosts.size ?? 0, idle: this.#local?.idle.length ?? 0 },
      refused,
      names: parts.names ?? [],
      ...(parts.networks === undefined ? {} : { networks: parts.networks }),
      ...(this.lastError === undefined ? {} : { lastError: this.lastError }),
    }
  }
}
