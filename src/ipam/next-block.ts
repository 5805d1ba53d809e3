import { containsNet, type Family, type Ip, type Net } from '../model/net.ts'
import { type KeyValue, prefixRange } from '../store/datastore.ts'
import { CONFIRMED, claimedBlock, readAffinities, readKeys } from './affinity.ts'
import { isEmpty, take } from './allocation.ts'
import { type Block, parseBlock } from './block.ts'
import { handleKeys, roomIn, type Situation, takeFromOwn, takingEdits } from './block-taking.ts'
import type { Pool } from './pools.ts'
import { affinityKey, BLOCKS, blockKey, commit, type Edit, HOSTS, type Ipam, netInKey, retry } from './store.ts'
import { blockCount, firstFree, startIndex } from './walk.ts'

/** The next block of the host's way: a new one, a left-over of its own, or an empty one of another host. */
export async function takeFromNext(
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

/** All blocks of a pool that exist, in the order of the host's way. */
export async function existingBlocks(ipam: Ipam, situation: Situation, pool: Pool): Promise<readonly Net[]> {
  const start = startOf(ipam, situation, pool)
  const everything = [pool.net]
  return firstFree(pool, start, await blockNets(ipam, pool.net.family), everything).before
}

// --- internal ---

/** An empty block of another host can be taken over when its claim is so old. */
const RECLAIM_AFTER = 60_000
/** How many blocks are read at once on the way to a free one. */
const CHUNK = 64

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

/** Blocks of one address are looked for from anywhere: with a fixed start, one host after the other would try the same ones. */
function startOf(ipam: Ipam, { host }: Situation, pool: Pool): bigint {
  const count = blockCount(pool)
  const single = pool.blockSize === (pool.net.family === 4 ? 32 : 128)
  return single ? BigInt(Math.floor(ipam.random() * Number(count))) % count : startIndex(host, count)
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
