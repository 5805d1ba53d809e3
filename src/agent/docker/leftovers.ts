import { readAffinities, readKeys } from '../../ipam/affinity.ts'
import { holderOf } from '../../ipam/allocation.ts'
import { parseBlock } from '../../ipam/block.ts'
import { releaseAddresses } from '../../ipam/release.ts'
import { blockKey, BLOCKS, HOSTS, type Ipam } from '../../ipam/store.ts'
import { formatIp, ipAt, parseIp } from '../../model/net.ts'
import { type KeyValue, prefixRange } from '../../store/datastore.ts'
import { listResources } from '../../store/resources/read.ts'
import { readStored } from '../../store/resources/stored.ts'
import { hasNode } from '../own-node.ts'
import { dockerEndpointRange, type Endpoints, WORKLOAD_ENDPOINT } from './endpoints.ts'
import type { Interfaces } from './interfaces.ts'
import { DOCKER_HOLDER } from './ipam-driver.ts'

/** What was removed, since no container has it any more. */
export interface Removed {
  /** Docker's ids of endpoints whose interface is gone, or never came into a container. */
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
 * what has been left over since an earlier one for the time of grace; what is whole is not touched. Sweeps are frequent, so they read what is of this host;
 * only the first looks for addresses in all blocks, as it may have borrowed some. Nothing is taken for left over while the datastore does not know this host: then
 * it was emptied, and the containers go on.
 */
export function leftovers({ ipam, node, endpoints, interfaces, grace }: LeftoversOptions): { sweep(): Promise<Removed> } {
  /** What is without its counterpart, and since when. */
  let suspects = new Map<string, number>()
  let isFirst = true

  async function sweep(): Promise<Removed> {
    const now = ipam.clock.now().getTime()
    const still = new Map<string, number>()
    const isDue = (kind: string, name: string, wait = grace): boolean => {
      const since = suspects.get(`${kind} ${name}`) ?? now
      still.set(`${kind} ${name}`, since)
      return now - since >= wait
    }
    // The interfaces first: an endpoint that comes after has its interface later still.
    const links = await interfaces.list()
    const own = await dockerEndpoints(ipam, node)
    const joined = new Map(links.map(({ name, isJoined }) => [name, isJoined]))
    // An interface that never came into its container is as good as none; but a busy Docker takes its time until it puts it there.
    const isLost = ({ id, interfaceName }: OwnEndpoint) => {
      const isJoined = joined.get(interfaceName)
      return !isJoined && isDue('endpoint', `${id} ${isJoined ?? 'gone'}`, isJoined === undefined ? grace : grace * STARTING)
    }
    const lost = own.filter(isLost)
    const foreign = links.map(({ name }) => name).filter((link) => !own.some((endpoint) => endpoint.interfaceName === link))
    const known = foreign.length > 0 ? await interfacesOf(ipam, node) : new Set<string>()
    const loose = foreign.filter((link) => !known.has(link) && isDue('interface', link))
    const held = new Set(own.flatMap((endpoint) => endpoint.addresses))
    const blocks = isFirst ? (await ipam.datastore.range(prefixRange(BLOCKS))).keyValues : await ownBlocks(ipam, node)
    const idle = dockerAddresses(blocks, node).filter((address) => !held.has(address) && isDue('address', address))
    // Last of all: what was emptied before it was read is found to be so.
    if (!(await hasNode(ipam.datastore, node))) {
      suspects = new Map()
      return { endpoints: [], interfaces: [], addresses: [] }
    }
    for (const endpoint of lost) await endpoints.remove(endpoint.id)
    for (const link of loose) await interfaces.removeNamed(link)
    const freed = [...idle, ...lost.flatMap((endpoint) => endpoint.addresses)]
    await releaseAddresses(
      ipam,
      freed.map((address) => ({ address })),
    )
    suspects = still
    // What is borrowed and not due yet is looked at again.
    isFirst = isFirst && [...still.keys()].some((suspect) => suspect.startsWith('address '))
    return { endpoints: lost.map(({ id }) => id), interfaces: loose, addresses: freed }
  }

  return { sweep }
}

// --- internal ---

interface OwnEndpoint {
  readonly id: string
  readonly interfaceName: string
  readonly addresses: readonly string[]
}

interface EndpointSpec {
  readonly node?: string
  readonly endpoint?: string
  readonly interfaceName?: string
  readonly ipNetworks?: readonly string[]
}

/** So many times the grace has a container to start. */
const STARTING = 6

/** The most keys that are read at once. */
const CHUNK = 100

async function dockerEndpoints({ datastore }: Ipam, node: string): Promise<OwnEndpoint[]> {
  const { keyValues } = await datastore.range(dockerEndpointRange(node))
  return keyValues.flatMap((keyValue) => {
    const spec = readStored(WORKLOAD_ENDPOINT, keyValue)?.resource.spec as EndpointSpec | undefined
    if (spec?.node !== node || !spec.endpoint) return []
    const addresses = (spec.ipNetworks ?? []).flatMap((network) => parseIp(network.replace(/\/\d+$/, '')) ?? [])
    return [{ id: spec.endpoint, interfaceName: spec.interfaceName ?? '', addresses: addresses.map(formatIp) }]
  })
}

/** The interfaces of all workloads of this host, whoever runs them. */
async function interfacesOf({ datastore }: Ipam, node: string): Promise<Set<string>> {
  const { resources } = await listResources(datastore, WORKLOAD_ENDPOINT)
  const specs = resources.map((resource) => (resource.spec ?? {}) as EndpointSpec)
  return new Set(specs.flatMap((spec) => (spec.node === node && spec.interfaceName !== undefined ? [spec.interfaceName] : [])))
}

async function ownBlocks(ipam: Ipam, node: string): Promise<KeyValue[]> {
  const { keyValues } = await ipam.datastore.range(prefixRange(`${HOSTS}${node}/`), { keysOnly: true })
  const keys = readAffinities(keyValues).map(({ block }) => blockKey(block))
  const found: (KeyValue | undefined)[] = []
  for (let from = 0; from < keys.length; from += CHUNK) found.push(...(await readKeys(ipam, keys.slice(from, from + CHUNK))))
  return found.filter((stored) => stored !== undefined)
}

/** The addresses that the IPAM driver of this host has taken. */
function dockerAddresses(blocks: readonly KeyValue[], node: string): string[] {
  return blocks.flatMap(({ value }) => {
    const block = parseBlock(value)
    if (!block) return []
    return [...block.allocations.keys()].flatMap((ordinal) => {
      const held = holderOf(block, ordinal)?.secondary
      return held?.['type'] === DOCKER_HOLDER && held['node'] === node ? [formatIp(ipAt(block.net, ordinal))] : []
    })
  })
}
