import { containsNet, type Family, formatNet, type Ip, type Net, parseCidr } from '../model/net.ts'
import { type KeyValue, prefixRange } from '../store/datastore.ts'
import { type Affinity, CONFIRMED, claimedBlock, isConfirmed, readAffinities, readKeys, releaseAffinity } from './affinity.ts'
import { collectCold, freeAddresses, type Holder, isEmpty, take } from './allocation.ts'
import { type Block, encodeBlock, parseBlock } from './block.ts'
import { type IpamConfig, readConfig } from './config.ts'
import { countUp } from './handle.ts'
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
import { affinityKey, BLOCKS, blockKey, commit, CONFIG, type Edit, HOSTS, handleKey, inLine, type Ipam, IpamError, netInKey, retry } from './store.ts'
import { blockCount, firstFree, startIndex } from './walk.ts'

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
/** An empty block of another host can be taken over when its claim is so old. */
const RECLAIM_AFTER = 60_000
/** How many blocks are read at once on the way to a free one. */
const CHUNK = 64

function checkFamilies(family: Family, pools: readonly string[]): void {
  const other = pools.find((pool) => (parseCidr(pool)?.family ?? family) !== family)
  if (other !== undefined) throw new IpamError('invalid', `IPv${family} addresses cannot come from the pool ${other}`)
}

interface Situation {
  readonly host: string
  readonly holder: Holder
  readonly pools: readonly Pool[]
  readonly reserved: readonly Net[]
  readonly config: IpamConfig
  readonly limit: number
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
  for (const { block } of own) {
    if (addresses.length < count) add(block, await takeFromOwn(ipam, situation, block, count - addresses.length))
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

/** Takes from a block that the host has or may have: it is created when it is not there; a claim to another's block is given up. */
async function takeFromOwn(ipam: Ipam, situation: Situation, net: Net, count: number): Promise<Ip[]> {
  const { host, holder, config, reserved } = situation
  const key = blockKey(net)
  return await inLine(ipam, key, () =>
    retry(ipam, key, async () => {
      const [stored, affinity, handle] = await readKeys(ipam, [key, affinityKey(host, net), ...handleKeys(holder)])
      const block = stored ? parseBlock(stored.value) : claimedBlock(ipam, host, net)
      if (!block) return []
      if (block.affinity !== `host:${host}`) {
        return (await commit(ipam, [{ key: affinityKey(host, net), before: affinity, value: undefined }])) ? [] : undefined
      }
      const settled = affinity === undefined || isConfirmed(affinity)
      // A claim that was under way is made again, which is a write of the block in itself.
      if (stored && !settled) block.sequenceNumber++
      collectCold(block, config.ipCooldownSeconds, ipam.clock.now())
      const ips = take(block, count, holder, reserved)
      if (ips.length === 0 && stored && settled) return []
      const edits = [{ key: affinityKey(host, net), before: affinity, value: affinity && stored && settled ? affinity.value : CONFIRMED }]
      return (await commit(ipam, [...edits, ...takingEdits(situation, { block, stored, handle }, ips.length)])) ? ips : undefined
    }),
  )
}

async function borrow(ipam: Ipam, situation: Situation, net: Net, count: number): Promise<Ip[]> {
  const { holder, config, reserved } = situation
  const key = blockKey(net)
  return await inLine(ipam, key, () =>
    retry(ipam, key, async () => {
      const [stored, handle] = await readKeys(ipam, [key, ...handleKeys(holder)])
      const block = stored && parseBlock(stored.value)
      if (!block) return []
      collectCold(block, config.ipCooldownSeconds, ipam.clock.now())
      const ips = take(block, count, holder, reserved)
      if (ips.length === 0) return []
      return (await commit(ipam, takingEdits(situation, { block, stored, handle }, ips.length))) ? ips : undefined
    }),
  )
}

interface Taking {
  readonly block: Block
  readonly stored: KeyValue | undefined
  readonly handle: KeyValue | undefined
}

function handleKeys({ handle }: Holder): string[] {
  return handle === undefined ? [] : [handleKey(handle)]
}

/** The writes of a block from which `count` addresses were taken, and of the handle that has them now. */
function takingEdits({ holder }: Situation, { block, stored, handle }: Taking, count: number): Edit[] {
  if (count > 0) block.sequenceNumber++
  const edits: Edit[] = [{ key: blockKey(block.net), before: stored, value: encodeBlock(block) }]
  if (holder.handle !== undefined && count > 0) edits.push(countUp(holder.handle, handle, formatNet(block.net), count))
  return edits
}

/** The next block of the host's way: a new one, a left-over of its own, or an empty one of another host. */
async function takeFromNext(
  ipam: Ipam,
  situation: Situation,
  family: Family,
  count: number,
): Promise<'limit' | 'none' | { readonly block: Net; readonly ips: readonly Ip[] }> {
  const { host, pools } = situation
  return await retry(ipam, `${HOSTS}${host}/ipv${family}`, async () => {
    const { responses } = await ipam.datastore.txn({
      compare: [],
      then: [{ type: 'get', range: prefixRange(`${HOSTS}${host}/ipv${family}/`) }],
    })
    const mine = readAffinities(responses[0] ?? []).filter(({ block }) => pools.some((pool) => containsNet(pool.net, block)))
    if (mine.length >= situation.limit) return 'limit'
    const existing = await blockNets(ipam, family)
    for (const pool of pools) {
      const { free, before } = firstFree(pool, startOf(ipam, situation, pool), existing, situation.reserved)
      for await (const { net, block } of readBlocks(ipam, before)) {
        if (block.affinity !== `host:${host}` || roomIn(ipam, situation, block) === 0) continue
        const ips = await takeFromOwn(ipam, situation, net, count)
        if (ips.length > 0) return { block: net, ips }
      }
      if (!free) continue
      const ips = await takeFromOwn(ipam, situation, free, count)
      // Nothing: another host was faster.
      return ips.length > 0 ? { block: free, ips } : undefined
    }
    for (const pool of pools) {
      const way = firstFree(pool, startOf(ipam, situation, pool), existing, situation.reserved).before
      for await (const { net, block, stored } of readBlocks(ipam, way)) {
        if (!canBeTakenOver(ipam, situation, block)) continue
        const ips = await takeOver(ipam, situation, { block, stored }, count)
        return ips && { block: net, ips }
      }
    }
    return 'none'
  })
}

function canBeTakenOver(ipam: Ipam, situation: Situation, block: Block): boolean {
  const owner = /^host:(.+)$/.exec(block.affinity ?? '')?.[1]
  if (owner === undefined || owner === situation.host || roomIn(ipam, situation, block) === 0 || !isEmpty(block)) return false
  return block.affinityClaimTime === undefined || ipam.clock.now().getTime() - Date.parse(block.affinityClaimTime) >= RECLAIM_AFTER
}

/** The other host's claim and block go, and are made anew for this one. */
async function takeOver(
  ipam: Ipam,
  situation: Situation,
  { block: old, stored }: { readonly block: Block; readonly stored: KeyValue },
  count: number,
): Promise<Ip[] | undefined> {
  const { host, holder, reserved } = situation
  const theirs = affinityKey((old.affinity ?? '').replace(/^host:/, ''), old.net)
  const [theirClaim, claim, handle] = await readKeys(ipam, [theirs, affinityKey(host, old.net), ...handleKeys(holder)])
  const block = claimedBlock(ipam, host, old.net)
  const ips = take(block, count, holder, reserved)
  const claims: Edit[] = [
    { key: theirs, before: theirClaim, value: undefined },
    { key: affinityKey(host, old.net), before: claim, value: CONFIRMED },
  ]
  return (await commit(ipam, [...claims, ...takingEdits(situation, { block, stored, handle }, ips.length)])) ? ips : undefined
}

function roomIn(ipam: Ipam, { config, reserved }: Situation, block: Block): number {
  collectCold(block, config.ipCooldownSeconds, ipam.clock.now())
  return freeAddresses(block, reserved)
}

/** Blocks of one address are looked for from anywhere: with a fixed start, one host after the other would try the same ones. */
function startOf(ipam: Ipam, { host }: Situation, pool: Pool): bigint {
  const count = blockCount(pool)
  const single = pool.blockSize === (pool.net.family === 4 ? 32 : 128)
  return single ? BigInt(Math.floor(ipam.random() * Number(count))) % count : startIndex(host, count)
}

/** All blocks of a pool that exist, in the order of the host's way. */
async function existingBlocks(ipam: Ipam, situation: Situation, pool: Pool): Promise<readonly Net[]> {
  const start = startOf(ipam, situation, pool)
  const everything = [pool.net]
  return firstFree(pool, start, await blockNets(ipam, pool.net.family), everything).before
}

async function blockNets(ipam: Ipam, family: Family): Promise<Net[]> {
  const { keyValues } = await ipam.datastore.range(prefixRange(`${BLOCKS}ipv${family}/block/`), { keysOnly: true })
  return keyValues.flatMap(({ key }) => netInKey(key) ?? [])
}

async function* readBlocks(ipam: Ipam, nets: readonly Net[]): AsyncIterable<{ net: Net; block: Block; stored: KeyValue }> {
  for (let from = 0; from < nets.length; from += CHUNK) {
    const chunk = nets.slice(from, from + CHUNK)
    for (const [index, stored] of (await readKeys(ipam, chunk.map(blockKey))).entries()) {
      const net = chunk[index]
      const block = stored && parseBlock(stored.value)
      if (net && block) yield { net, block, stored }
    }
  }
}
