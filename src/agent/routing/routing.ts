import { createIpam } from '../../ipam/store.ts'
import type { Resource } from '../../model/kind.ts'
import { type Family, formatIp, formatNet } from '../../model/net.ts'
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
import { type OwnLink, type TunnelPlan, tunnelPlan } from './tunnels.ts'

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
  readonly #apply = coalesce(() => this.#program().catch((error: unknown) => this.#note([`routing: ${messageOf(error)}`])))
  #blocks: readonly OwnedBlock[] | undefined
  #resources: readonly Resource[] | undefined
  #workloads: readonly PlacedAddress[] = []
  #notes: ReadonlySet<string> = new Set()
  /** Those of an agent before this one may be there. */
  #mayHaveTunnels = true
  #retry: NodeJS.Timeout | undefined

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
    clearTimeout(this.#retry)
    await this.#following
    await this.#bird?.closed()
  }

  // --- internal ---

  async #program(): Promise<void> {
    const [resources, blocks] = [this.#resources, this.#blocks]
    // Half of what is to be known is no reason to take routes away.
    if (!resources || !blocks || this.#abort.signal.aborted) return
    const { node, birdFolder } = this.#options
    const facts = routingFacts(node, resources, blocks, this.#workloads)
    const notes: string[] = []
    // What cannot be done holds up nothing else.
    const step = async (work: () => Promise<readonly string[]>) => {
      try {
        notes.push(...(await work()))
      } catch (error) {
        notes.push(messageOf(error))
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
    this.#note(notes)
  }

  /** Tells each thing once, until it is no longer so. */
  #note(notes: readonly string[]): void {
    if (this.#abort.signal.aborted) return
    for (const why of new Set(notes)) if (!this.#notes.has(why)) this.#options.log('warning', 'part of the routing is not as wanted', { why })
    this.#notes = new Set(notes)
    clearTimeout(this.#retry)
    if (notes.length > 0) this.#retry = setTimeout(() => void this.#apply(), RETRY).unref()
  }

  /** What the agent does itself: blocks of this host end here, those of others are reached through tunnels. */
  async #programHost(facts: RoutingFacts): Promise<string[]> {
    const notes: string[] = []
    const wantsTunnels = facts.pools.some(({ ipip, vxlan }) => ipip !== 'Never' || vxlan !== 'Never')
    const plan = wantsTunnels ? tunnelPlan(facts, await this.#ownLinks(facts, notes)) : NO_TUNNELS
    if (wantsTunnels || this.#mayHaveTunnels) {
      try {
        await updateTunnels(plan.devices, plan.neighbours)
        this.#mayHaveTunnels = wantsTunnels
      } catch (error) {
        notes.push(`tunnels: ${messageOf(error)}`)
      }
    }
    const ends: HostRoute[] = facts.blocks.flatMap(({ node, block }) =>
      node === facts.node && block.prefix < (block.family === 4 ? 32 : 128) ? [{ to: formatNet(block), through: 'blackhole' }] : [],
    )
    await updateHostRoutes([...plan.routes, ...ends])
    return notes
  }

  async #ownLinks({ node, nodes }: RoutingFacts, notes: string[]): Promise<Partial<Record<Family, OwnLink>>> {
    const links: Partial<Record<Family, OwnLink>> = {}
    for (const address of Object.values(nodes.get(node)?.addresses ?? {})) {
      const link = await linkWith(address)
      if (link) links[address.family] = link
      else notes.push(`no interface of this host has its address ${formatIp(address)}: there are no tunnels from it`)
    }
    return links
  }
}

// --- internal ---

const NO_TUNNELS: TunnelPlan = { devices: [], neighbours: [], routes: [] }
/** Milliseconds until what failed is tried again, if nothing changes before. */
const RETRY = 10_000

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
