import type { Ip } from '../model/net.ts'
import { coalesce } from './coalesce.ts'
import type { Dataplane } from './dataplane/dataplane.ts'
import type { Endpoint } from '../policy/world/world.ts'
import { Renderer } from './dataplane/render.ts'
import type { Followed } from './feed.ts'
import type { FelixSettings } from './felix-settings.ts'
import { Connections } from './host/connections.ts'
import type { HostInterfaces, InterfaceMap } from './host/interfaces.ts'
import type { Routes } from './host/routes.ts'
import { prepareHost, prepareInterface } from './host/settings.ts'
import { hostFacts } from './host-facts.ts'
import type { Log } from './log.ts'
import type { Programmed } from './programmed.ts'
import type { Routing } from './routing/routing.ts'
import type { State } from './state.ts'

export interface ProgrammingOptions {
  /** The host's name. */
  readonly node: string
  readonly clock: { now(): Date }
  readonly log: Log
  readonly state: State
  readonly dataplane: Dataplane
  readonly interfaces: HostInterfaces
  readonly routes: Routes
  readonly routing: Routing
  readonly felix: FelixSettings
  /** Is told what the kernel has. */
  readonly programmed: Programmed
  /** Where names are answered now. */
  readonly nameServers: () => readonly Ip[]
}

/** Makes the host what the datastore says, the rules first: the kernel's tables, the interfaces of workloads, the routes to them and between hosts. */
export class Programming {
  readonly #options: ProgrammingOptions
  readonly #renderer = new Renderer()
  readonly #connections: Connections
  readonly #prepared = new Set<string>()
  readonly #run: () => Promise<void>
  #followed: Followed | undefined
  #forwards = false
  #isClosed = false
  #settling: NodeJS.Timeout | undefined
  #retrying: NodeJS.Timeout | undefined

  constructor(options: ProgrammingOptions) {
    this.#options = options
    this.#connections = new Connections(options.log)
    this.#run = coalesce(() =>
      this.#program().catch((error: unknown) => {
        options.state.lastError = error instanceof Error ? error.message : String(error)
        options.log('error', 'the host cannot be brought up to date', { why: options.state.lastError })
        this.#retry()
      }),
    )
  }

  /** Looks at the host again, and with a world as it is given: by that from now on. Resolves when it was tried; what did not work is told and tried again. */
  async update(followed = this.#followed): Promise<void> {
    this.#followed = followed
    await this.#run()
  }

  /** Touches nothing any more; what the kernel has stays. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#settling)
    clearTimeout(this.#retrying)
  }

  // --- internal ---

  async #program(): Promise<void> {
    if (!this.#followed || this.#isClosed) return
    const { node, clock, log, state, dataplane, routes, routing, felix, programmed, nameServers } = this.#options
    const { world, others, revision } = this.#followed
    const begun = clock.now().getTime()
    const interfaces = await this.#options.interfaces.read()
    const facts = hostFacts(node, interfaces, others, felix)
    if (facts.settings.forwards && !this.#forwards) await prepareHost(log)
    this.#forwards = facts.settings.forwards
    const { ruleset, local } = this.#renderer.render(world, { ...facts, nameServers: nameServers() })
    if (!(await dataplane.apply(ruleset))) return this.#retry()
    programmed.reached(local.workloads, revision)
    await this.#prepare(local.workloads, interfaces)
    await routes.update(local.workloads, interfaces)
    // Policy waits for nothing of it.
    void routing.update(others, world)
    await this.#connections.update(local.workloads)
    state.programmed(revision, local, clock.now(), begun)
    log('debug', 'the kernel has what the datastore says', { revision })
    this.#settle()
  }

  /** Sets up the interfaces that have come since. */
  async #prepare(workloads: ReadonlyMap<string, Endpoint>, interfaces: InterfaceMap): Promise<void> {
    for (const [name, { addresses }] of workloads) {
      if (!interfaces.has(name)) this.#prepared.delete(name)
      else if (!this.#prepared.has(name)) {
        await prepareInterface(name, addresses).catch((error: unknown) =>
          this.#options.log('error', 'an interface cannot be set up', { name, why: String(error) }),
        )
        this.#prepared.add(name)
      }
    }
  }

  /** Nobody may take an old state for the wanted one: it is tried again, and who waits for the rules goes on waiting. */
  #retry(): void {
    clearTimeout(this.#retrying)
    if (!this.#isClosed) this.#retrying = setTimeout(() => void this.update(), RETRY_MILLISECONDS).unref()
  }

  #settle(): void {
    const { dataplane, log } = this.#options
    clearTimeout(this.#settling)
    if (this.#isClosed) return
    this.#settling = setTimeout(
      () => void dataplane.settle().then(() => log('debug', 'the state of the kernel is noted')),
      SETTLE_MILLISECONDS,
    ).unref()
  }
}

// --- internal ---

/** How long nothing may change before the kernel's state is noted. */
const SETTLE_MILLISECONDS = 1000
/** How long to wait before what did not work is tried again. */
const RETRY_MILLISECONDS = 1000
