import { createIpam } from '../../ipam/store.ts'
import type { Resource } from '../../model/kind.ts'
import { formatNet } from '../../model/net.ts'
import type { World } from '../../policy/world/world.ts'
import type { Datastore } from '../../store/datastore.ts'
import type { Clock } from '../../store/resources/clock.ts'
import { coalesce } from '../coalesce.ts'
import type { Log } from '../log.ts'
import { followAffinities } from './affinity-feed.ts'
import { bgpPlan } from './bgp.ts'
import { Bird, birdLog } from './bird.ts'
import { birdConfig } from './bird-config.ts'
import { type OwnedBlock, type PlacedAddress, type RoutingFacts, routingFacts } from './facts.ts'
import { type HostRoute, updateHostRoutes } from './host-routes.ts'
import { TunnelAddresses } from './tunnel-addresses.ts'
import { linkWith, updateTunnels } from './tunnel-devices.ts'
import { tunnelPlan } from './tunnels.ts'

export interface RoutingOptions {
  /** The host's name. */
  readonly node: string
  readonly datastore: Datastore
  readonly clock: Clock
  readonly log: Log
  readonly acceptEmpty: boolean
  /** Where BIRD's files are; undefined: BGP is somebody else's. */
  readonly birdFolder: string | undefined
}

/** Leads traffic between hosts: blocks of this host are announced by BIRD and go nowhere else, those of others are reached as their pool says. */
export class Routing {
  readonly #options: RoutingOptions
  readonly #abort = new AbortController()
  readonly #following: Promise<void>
  readonly #bird: Bird | undefined
  readonly #tunnelAddresses: TunnelAddresses
  readonly #apply = coalesce(() => this.#program())
  #blocks: readonly OwnedBlock[] | undefined
  #resources: readonly Resource[] | undefined
  #workloads: readonly PlacedAddress[] = []
  #notes: ReadonlySet<string> = new Set()

  constructor(options: RoutingOptions) {
    this.#options = options
    const { birdFolder, datastore, clock, log, acceptEmpty } = options
    this.#bird = birdFolder === undefined ? undefined : new Bird({ folder: birdFolder, clock, log }, this.#abort.signal)
    this.#tunnelAddresses = new TunnelAddresses(createIpam(datastore, clock), options.node)
    this.#following = followAffinities(datastore, this.#abort.signal, {
      clock,
      acceptEmpty,
      changed: (blocks) => {
        this.#blocks = blocks
        void this.#apply()
      },
    })
  }

  /** Takes in the resources and the world as they are now; resolves when the host is as they say. */
  async update(resources: readonly Resource[], world: World): Promise<void> {
    this.#resources = resources
    this.#workloads = world.endpoints.flatMap(({ kind, node, addresses }) => (kind === 'workload' ? addresses.map((ip) => ({ node, ip })) : []))
    await this.#apply()
  }

  /** Lets go of everything; BIRD and the routes stay. */
  async close(): Promise<void> {
    this.#abort.abort()
    await this.#following
    await this.#bird?.closed()
  }

  // --- internal ---

  async #program(): Promise<void> {
    const [resources, blocks] = [this.#resources, this.#blocks]
    // Half of what is to be known is no reason to take routes away.
    if (!resources || !blocks || this.#abort.signal.aborted) return
    const { node, log, birdFolder } = this.#options
    const facts = routingFacts(node, resources, blocks, this.#workloads)
    const notes: string[] = []
    // What cannot be done holds up nothing else.
    const step = async (work: () => Promise<readonly string[]>) => {
      try {
        notes.push(...(await work()))
      } catch (error) {
        notes.push(error instanceof Error ? error.message : String(error))
      }
    }
    await step(() => this.#tunnelAddresses.update(facts))
    await step(() => this.#programHost(facts))
    if (this.#bird && birdFolder !== undefined) {
      const bird = this.#bird
      await step(async () => {
        const plan = bgpPlan(facts, () => undefined)
        const { text, notes } = birdConfig(plan, birdLog(birdFolder))
        await bird.configure(text)
        return [...(plan?.notes ?? []), ...notes]
      })
    }
    if (this.#abort.signal.aborted) return
    for (const why of new Set(notes)) if (!this.#notes.has(why)) log('warning', 'part of the routing is not as wanted', { why })
    this.#notes = new Set(notes)
  }

  /** What the agent does itself: blocks of this host end here, those of others are reached through tunnels. */
  async #programHost(facts: RoutingFacts): Promise<string[]> {
    const own = facts.nodes.get(facts.node)
    const [four, six] = [own?.addresses[4], own?.addresses[6]]
    const [link4, link6] = [four && (await linkWith(four)), six && (await linkWith(six))]
    const plan = tunnelPlan(facts, { ...(link4 ? { 4: link4 } : {}), ...(link6 ? { 6: link6 } : {}) })
    const notes: string[] = []
    await updateTunnels(plan.devices, plan.neighbours).catch(
      (error: unknown) => void notes.push(`tunnels: ${error instanceof Error ? error.message : String(error)}`),
    )
    const ends: HostRoute[] = facts.blocks.flatMap(({ node, block }) =>
      node === facts.node && block.prefix < (block.family === 4 ? 32 : 128) ? [{ to: formatNet(block), through: 'blackhole' }] : [],
    )
    await updateHostRoutes([...plan.routes, ...ends])
    return notes
  }
}
