import { containsNet, type Family, formatNet, type Ip, type Net, parseCidr } from '../model/net.ts'
import { type KeyValue, prefixRange } from '../store/datastore.ts'
import { type Affinity, readAffinities, releaseAffinity } from './affinity.ts'
import type { Holder } from './allocation.ts'
import { borrow, ownWithRoom, type Situation, takeFromOwn } from './block-taking.ts'
import { type IpamConfig, readConfig } from './config.ts'
import { existingBlocks, takeFromNext } from './next-block.ts'
import {
  nodeKey,
  type Pool,
  poolRange,
  qualifyingPools,
  readNodeLabels,
  readPools,
  readReservations,
  reservationRange,
  selectsNode,
  type Use,
} from './pools.ts'
import { CONFIG, HOSTS, inLine, type Ipam, IpamError } from './store.ts'

export interface AutoAssignRequest {
  readonly host: string
  readonly use: Use | ''
  readonly holder: Holder
  /** How many addresses of each family. */
  readonly num4?: number
  readonly num6?: number
  /** CIDRs of pools to take from, in this order; without, all that select the host. */
  readonly pools4?: readonly string[]
  readonly pools6?: readonly string[]
  /** 0 or absent: only the configuration's limit, or 20 blocks when it has none either. */
  readonly maxBlocksPerHost?: number
}

export interface AutoAssignResult {
  readonly v4?: Assigned
  readonly v6?: Assigned
  /** What ended the request; what was assigned until then is kept and told. */
  readonly error?: IpamError
}

/** Fewer addresses than requested is no error. */
export interface Assigned {
  /** Each with the prefix length of its block. */
  readonly addresses: readonly Net[]
  readonly requested: number
  readonly shortages: readonly Shortage[]
}

/** Why a request had to look further, or got less. */
export interface Shortage {
  readonly reason: 'exhausted' | 'strict-affinity' | 'block-limit'
  readonly message: string
}

/**
 * Takes addresses for a host: from its own blocks, from a block that it claims, from blocks of others (`reference/model.md 8.4`, `conformance/ipam`
 * rules 1 to 14). The node must exist. Each block is changed together with the host's claim and the handle's count in one transaction.
 */
export async function autoAssign(ipam: Ipam, request: AutoAssignRequest): Promise<AutoAssignResult> {
  const { num4 = 0, num6 = 0, pools4 = [], pools6 = [] } = request
  const result: { v4?: Assigned; v6?: Assigned } = {}
  try {
    checkFamilies(4, pools4)
    checkFamilies(6, pools6)
    for (const [name, family, count, pools] of [['v4', 4, num4, pools4] as const, ['v6', 6, num6, pools6] as const]) {
      if (count === 0) continue
      const { assigned, error } = await assignFamily(ipam, request, { family, count, pools })
      result[name] = assigned
      if (error) return { ...result, error }
    }
    return result
  } catch (error) {
    if (error instanceof IpamError) return { ...result, error }
    throw error
  }
}

// --- internal ---

/** How many blocks of a family a host may have when nobody said. */
const USUAL_LIMIT = 20
function checkFamilies(family: Family, pools: readonly string[]): void {
  const other = pools.find((pool) => (parseCidr(pool)?.family ?? family) !== family)
  if (other !== undefined) throw new IpamError('invalid', `IPv${family} addresses cannot come from the pool ${other}`)
}

interface Demand {
  readonly family: Family
  readonly count: number
  readonly pools: readonly string[]
}

async function assignFamily(
  ipam: Ipam,
  request: AutoAssignRequest,
  { family, count, pools: named }: Demand,
): Promise<{ assigned: Assigned; error?: IpamError }> {
  const { host, holder, use } = request
  if (use === '') throw new IpamError('no-use', 'it must be said what the address is for')
  const found = await read(ipam, host, family)
  const labels = found.node && readNodeLabels(found.node)
  if (!labels) throw new IpamError('missing', `resource does not exist: Node(${host})`, 'the host must be known: `calicoctl node run` makes its Node')
  const pools = qualifyingPools(found.pools, { host, family, use, pools: named, labels })
  const limits = [found.config.maxBlocksPerHost, request.maxBlocksPerHost ?? 0].filter((limit) => limit > 0)
  const limit = limits.length > 0 ? Math.min(...limits) : USUAL_LIMIT
  const situation: Situation = { host, holder, pools, reserved: found.reserved, config: found.config, limit }

  const lieIn = (pool: Pool, affinity: Affinity) => containsNet(pool.net, affinity.block)
  const own = found.affinities.filter((affinity) => pools.some((pool) => lieIn(pool, affinity)))
  for (const affinity of found.affinities) {
    const pool = found.pools.find((pool) => pool.enabled && lieIn(pool, affinity))
    if (!own.includes(affinity) && pool && !selectsNode(pool, labels)) await releaseIfEmpty(ipam, affinity)
  }

  const addresses: Net[] = []
  const shortages: Shortage[] = []
  const add = (block: Net, ips: readonly Ip[]) => addresses.push(...ips.map((ip) => ({ ...ip, prefix: block.prefix })))
  const done = (error?: IpamError) => ({ assigned: { addresses, requested: count, shortages }, ...(error ? { error } : {}) })
  for await (const { block, seen } of ownWithRoom(ipam, situation, own)) {
    // What was seen of the handle is true only until it gets its first address.
    add(block, await takeFromOwn(ipam, situation, block, count - addresses.length, addresses.length === 0 ? seen : undefined))
    if (addresses.length === count) break
  }
  while (addresses.length < count) {
    if (!found.config.autoAllocateBlocks) return done(new IpamError('no-block', 'the host has no block with room, and may not claim one'))
    // Two requests of a host at once take from one new block, instead of one each.
    const next = await inLine(ipam, `${HOSTS}${host}/ipv${family}`, () => takeFromNext(ipam, situation, family, count - addresses.length))
    if (next === 'limit') {
      const message = `the host has ${limit} blocks of IPv${family}, which is the limit`
      shortages.push({ reason: 'block-limit', message })
      return done(new IpamError('block-limit', message, 'raise maxBlocksPerHost with `calicoctl ipam configure`, or use larger blocks'))
    }
    if (next === 'none') break
    add(next.block, next.ips)
  }
  if (addresses.length === count) return done()
  if (found.config.strictAffinity) {
    shortages.push({ reason: 'strict-affinity', message: 'no block is left to claim, and strict affinity forbids to borrow' })
    return done()
  }
  const exhausted: string[] = []
  for (const pool of pools) {
    for (const block of await existingBlocks(ipam, situation, pool)) {
      if (addresses.length < count) add(block, await borrow(ipam, situation, block, count - addresses.length))
    }
    if (addresses.length === count) break
    exhausted.push(formatNet(pool.net))
  }
  if (exhausted.length > 0) shortages.push({ reason: 'exhausted', message: `no address is free in ${exhausted.join(', ')}` })
  return done()
}

interface Found {
  readonly config: IpamConfig
  readonly node: KeyValue | undefined
  readonly pools: readonly Pool[]
  readonly reserved: readonly Net[]
  readonly affinities: readonly Affinity[]
}

/** All that a request needs to know, at one revision. */
async function read(ipam: Ipam, host: string, family: Family): Promise<Found> {
  const { responses } = await ipam.datastore.txn({
    compare: [],
    then: [
      { type: 'get', range: { start: CONFIG } },
      { type: 'get', range: { start: nodeKey(host) } },
      { type: 'get', range: poolRange() },
      { type: 'get', range: reservationRange() },
      { type: 'get', range: prefixRange(`${HOSTS}${host}/ipv${family}/`) },
    ],
  })
  const [config = [], node = [], pools = [], reservations = [], affinities = []] = responses
  return {
    config: readConfig(config[0]),
    node: node[0],
    pools: readPools(pools),
    reserved: readReservations(reservations),
    affinities: readAffinities(affinities),
  }
}

async function releaseIfEmpty(ipam: Ipam, affinity: Affinity): Promise<void> {
  try {
    await releaseAffinity(ipam, affinity, { mustBeEmpty: true })
  } catch (error) {
    if (!(error instanceof IpamError) || error.code !== 'not-empty') throw error
  }
}
