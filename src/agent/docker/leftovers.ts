import { parseBlock } from '../../ipam/block.ts'
import { holderOf } from '../../ipam/allocation.ts'
import { releaseAddresses } from '../../ipam/release.ts'
import { BLOCKS, type Ipam } from '../../ipam/store.ts'
import type { Resource } from '../../model/kind.ts'
import { formatIp, ipAt, parseIp } from '../../model/net.ts'
import { kindNamed } from '../../model/registry.ts'
import { prefixRange } from '../../store/datastore.ts'
import { listResources } from '../../store/resources/read.ts'
import { DOCKER_ORCHESTRATOR, type Endpoints } from './endpoints.ts'
import type { Interfaces } from './interfaces.ts'
import { DOCKER_HOLDER } from './ipam-driver.ts'

/** What was removed, since no container has it any more. */
export interface Removed {
  /** Docker's ids of endpoints whose interface is gone. */
  readonly endpoints: readonly string[]
  /** Interfaces without endpoint. */
  readonly interfaces: readonly string[]
  /** Addresses of this host without endpoint. */
  readonly addresses: readonly string[]
}

export interface LeftoversOptions {
  readonly ipam: Ipam
  readonly node: string
  readonly endpoints: Pick<Endpoints, 'remove'>
  readonly interfaces: Pick<Interfaces, 'list' | 'removeNamed'>
  /** What has been without its counterpart for less than so many milliseconds may be about to get it. */
  readonly grace: number
}

/**
 * Removes what Docker forgot to have removed: it was killed, or the agent was away while containers ended (`reference/docker-e2e.md 3.5`). Each sweep takes
 * what has been left over since an earlier one for the time of grace; what is whole is not touched.
 */
export function leftovers({ ipam, node, endpoints, interfaces, grace }: LeftoversOptions): { sweep(): Promise<Removed> } {
  /** What is without its counterpart, and since when. */
  let suspects = new Map<string, number>()

  async function sweep(): Promise<Removed> {
    const now = ipam.clock.now().getTime()
    const still = new Map<string, number>()
    const isDue = (kind: string, name: string): boolean => {
      const since = suspects.get(`${kind} ${name}`) ?? now
      still.set(`${kind} ${name}`, since)
      return now - since >= grace
    }
    // The interfaces first: an endpoint that comes after has its interface later still.
    const links = await interfaces.list()
    const own = await endpointsOf(ipam, node)
    const lost = own.filter((endpoint) => endpoint.isDocker && !links.includes(endpoint.interfaceName) && isDue('endpoint', endpoint.id))
    const loose = links.filter((link) => !own.some((endpoint) => endpoint.interfaceName === link) && isDue('interface', link))
    const held = new Set(own.flatMap((endpoint) => endpoint.addresses))
    const idle = (await dockerAddresses(ipam, node)).filter((address) => !held.has(address) && isDue('address', address))
    for (const endpoint of lost) await endpoints.remove(endpoint.id)
    for (const link of loose) await interfaces.removeNamed(link)
    const freed = [...idle, ...lost.flatMap((endpoint) => endpoint.addresses)]
    await releaseAddresses(
      ipam,
      freed.map((address) => ({ address })),
    )
    suspects = still
    return { endpoints: lost.map(({ id }) => id), interfaces: loose, addresses: freed }
  }

  return { sweep }
}

// --- internal ---

interface OwnEndpoint {
  readonly id: string
  readonly isDocker: boolean
  readonly interfaceName: string
  readonly addresses: readonly string[]
}

/** All workloads of this host, whoever runs them. */
async function endpointsOf(ipam: Ipam, node: string): Promise<OwnEndpoint[]> {
  const kind = kindNamed('WorkloadEndpoint')
  if (!kind) throw new Error('no kind WorkloadEndpoint')
  const { resources } = await listResources(ipam.datastore, kind)
  return resources.flatMap((resource: Resource) => {
    const spec = (resource.spec ?? {}) as { node?: string; orchestrator?: string; endpoint?: string; interfaceName?: string; ipNetworks?: string[] }
    if (spec.node !== node) return []
    const addresses = (spec.ipNetworks ?? []).flatMap((network) => parseIp(network.replace(/\/\d+$/, '')) ?? []).map(formatIp)
    const isDocker = spec.orchestrator === DOCKER_ORCHESTRATOR && spec.endpoint !== undefined
    return [{ id: spec.endpoint ?? '', isDocker, interfaceName: spec.interfaceName ?? '', addresses }]
  })
}

/** The addresses that the IPAM driver of this host has taken. */
async function dockerAddresses(ipam: Ipam, node: string): Promise<string[]> {
  const { keyValues } = await ipam.datastore.range(prefixRange(BLOCKS))
  return keyValues.flatMap(({ value }) => {
    const block = parseBlock(value)
    if (!block) return []
    return [...block.allocations.keys()].flatMap((ordinal) => {
      const held = holderOf(block, ordinal)?.secondary
      return held?.['type'] === DOCKER_HOLDER && held['node'] === node ? [formatIp(ipAt(block.net, ordinal))] : []
    })
  })
}
