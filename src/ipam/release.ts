import { containsNet, formatNet, indexIn, type Ip, ipAt, type Net, parseCidr, parseIp } from '../model/net.ts'
import { type KeyValue, prefixRange } from '../store/datastore.ts'
import { readKeys } from './affinity.ts'
import { collectCold, heldBy, holderOf, isEmpty, type Release, release } from './allocation.ts'
import { type Block, encodeBlock, parseBlock } from './block.ts'
import { readConfig } from './config.ts'
import { countDown, readHandle } from './handle.ts'
import { listPools, nodeKey, type Pool, readNodeLabels, selectsNode } from './pools.ts'
import { affinityKey, BLOCKS, blockKey, commit, CONFIG, type Edit, handleKey, inLine, type Ipam, IpamError, netInKey, retry } from './store.ts'
import { blockOf } from './walk.ts'

/** An address to give back; with a handle or sequence number only if it is still held under that one. */
export interface ReleaseOptions {
  readonly address: string
  readonly handle?: string
  readonly sequenceNumber?: bigint
}

/**
 * Gives back addresses: out of their blocks, off the counts of their handles, into the cool-down where one is configured (`conformance/ipam` rules 7 to 12).
 * Gives those that were not assigned; they are passed over.
 * @throws IpamError `invalid` for what is no address; `conflict` when one is held otherwise than expected, and then nothing of its block is changed
 */
export async function releaseAddresses(ipam: Ipam, addresses: readonly ReleaseOptions[]): Promise<{ readonly unassigned: readonly string[] }> {
  const wanted = addresses.map((options) => {
    const ip = parseIp(options.address)
    if (!ip) throw new IpamError('invalid', `"${options.address}" is not an IP address`)
    return { ...options, ip }
  })
  const pools = await listPools(ipam.datastore)
  const groups = new Map<string, { readonly net: Net; readonly wanted: (ReleaseOptions & { readonly ip: Ip })[] }>()
  const unassigned: string[] = []
  for (const one of wanted) {
    const net = await blockWith(ipam, pools, one.ip)
    if (!net) unassigned.push(one.address)
    else {
      const group = groups.get(blockKey(net)) ?? { net, wanted: [] }
      group.wanted.push(one)
      groups.set(blockKey(net), group)
    }
  }
  for (const { net, wanted } of groups.values()) {
    const ordinalOf = (options: { readonly ip: Ip }) => indexIn(net, options.ip) ?? -1
    const distinct = new Map(wanted.map((options) => [ordinalOf(options), options]))
    const choose = (block: Block): number[] => {
      const held = wanted.filter((options) => holderOf(block, ordinalOf(options)) !== undefined)
      for (const options of held) refuseOther(block, ordinalOf(options), options)
      return [...new Set(held.map(ordinalOf))].sort((a, b) => a - b)
    }
    // Calico counts what it was given against what was not assigned, and so writes the block whenever an address is given twice; the number goes on alike.
    const released = await releaseFrom(ipam, pools, net, { choose, renumber: true, always: distinct.size < wanted.length })
    if (!released) unassigned.push(...wanted.map(({ address }) => address))
    else for (const [ordinal, { address }] of distinct) if (!released.includes(ordinal)) unassigned.push(address)
  }
  return { unassigned }
}

/** Gives back all addresses of a handle. @throws IpamError (`missing`) for a handle that nobody has */
export async function releaseByHandle(ipam: Ipam, handle: string): Promise<void> {
  const pools = await listPools(ipam.datastore)
  for (const net of await blocksOfHandle(ipam, handle)) {
    await releaseFrom(ipam, pools, net, { choose: (block) => heldBy(block, handle), renumber: false })
  }
}

/** The addresses of a handle. @throws IpamError (`missing`) for a handle that nobody has */
export async function addressesOfHandle(ipam: Ipam, handle: string): Promise<Ip[]> {
  const nets = await blocksOfHandle(ipam, handle)
  const stored = await readKeys(ipam, nets.map(blockKey))
  return stored.flatMap((keyValue) => {
    const block = keyValue && parseBlock(keyValue.value)
    return block ? heldBy(block, handle).map((ordinal) => ipAt(block.net, ordinal)) : []
  })
}

/** Frees the addresses of all blocks that have rested long enough. */
export async function collectAllCold(ipam: Ipam): Promise<void> {
  const pools = await listPools(ipam.datastore)
  const { keyValues } = await ipam.datastore.range(prefixRange(BLOCKS))
  for (const { key, value } of keyValues) {
    const net = netInKey(key)
    if (net && value.includes('"releasedAt"')) await releaseFrom(ipam, pools, net, { choose: () => [], renumber: false, collect: true })
  }
}

/** The block that holds an address, if there can be one: that of its pool, disabled or not, or one that a pool has left behind. */
export async function blockWith(ipam: Ipam, pools: readonly Pool[], ip: Ip): Promise<Net | undefined> {
  const pool = pools.find(({ net }) => containsNet(net, ip))
  if (pool) return blockOf(pool, ip)
  const { keyValues } = await ipam.datastore.range(prefixRange(`${BLOCKS}ipv${ip.family}/block/`), { keysOnly: true })
  return keyValues.map(({ key }) => netInKey(key)).find((net) => net !== undefined && containsNet(net, ip))
}

// --- internal ---

/** So many handles change with a block in one transaction; each is two of its operations at most. */
const HANDLES_AT_ONCE = 60

interface Choice {
  /** The ordinals to give back, in order; assigned ones. */
  readonly choose: (block: Block) => readonly number[]
  readonly renumber: boolean
  /** Write the block also when only resting addresses became free. */
  readonly collect?: boolean
  /** Write it even when nothing changes. */
  readonly always?: boolean
}

/** Gives back some addresses of a block, together with their handles' counts. Gives their ordinals; undefined when there is no such block. */
async function releaseFrom(ipam: Ipam, pools: readonly Pool[], net: Net, choice: Choice): Promise<number[] | undefined> {
  const key = blockKey(net)
  const released: number[] = []
  for (;;) {
    const batch = await inLine(ipam, key, () => retry(ipam, key, () => releaseBatch(ipam, pools, net, choice)))
    if (batch === 'no block') return released.length > 0 ? released : undefined
    released.push(...batch.ordinals)
    if (!batch.more) return released
  }
}

async function releaseBatch(
  ipam: Ipam,
  pools: readonly Pool[],
  net: Net,
  choice: Choice,
): Promise<{ readonly ordinals: readonly number[]; readonly more: boolean } | 'no block' | undefined> {
  const [stored, config] = await readKeys(ipam, [blockKey(net), CONFIG])
  const block = stored && parseBlock(stored.value)
  if (!block) return 'no block'
  const cooldownSeconds = readConfig(config).ipCooldownSeconds
  const collected = collectCold(block, cooldownSeconds, ipam.clock.now())
  const all = choice.choose(block)
  const ordinals = firstHandles(block, all)
  if (ordinals.length === 0 && !choice.always && !(choice.collect && collected)) return { ordinals, more: false }
  const how: Release = { cooldownSeconds, releasedAt: ipam.clock.timestamp(), renumber: choice.renumber }
  const lost = release(block, ordinals, how)
  block.sequenceNumber++
  const handles = [...lost.keys()]
  const edits = await blockEdits(ipam, pools, stored, block)
  const counts = handles.length > 0 ? await readKeys(ipam, handles.map(handleKey)) : []
  for (const [index, handle] of handles.entries()) {
    edits.push(countDown(handle, counts[index], formatNet(net), lost.get(handle) ?? 0, heldBy(block, handle).length))
  }
  return (await commit(ipam, edits)) ? { ordinals, more: ordinals.length < all.length } : undefined
}

/** As many of the ordinals as have few enough handles for one transaction. */
function firstHandles(block: Block, ordinals: readonly number[]): readonly number[] {
  const handles = new Set<string>()
  const end = ordinals.findIndex((ordinal) => {
    const handle = holderOf(block, ordinal)?.handle_id
    if (handle) handles.add(handle)
    return handles.size > HANDLES_AT_ONCE
  })
  return end === -1 ? ordinals : ordinals.slice(0, end)
}

/** An empty block goes when nobody owns it, and along with its claim when its pool no longer selects the owner. */
async function blockEdits(ipam: Ipam, pools: readonly Pool[], stored: KeyValue, block: Block): Promise<Edit[]> {
  const key = blockKey(block.net)
  if (!isEmpty(block)) return [{ key, before: stored, value: encodeBlock(block) }]
  if (block.affinity === null) return [{ key, before: stored, value: undefined }]
  const pool = pools.find(({ net, enabled }) => enabled && containsNet(net, block.net))
  const host = /^host:(.+)$/.exec(block.affinity)?.[1]
  if (pool && host !== undefined) {
    const [node, claim] = await readKeys(ipam, [nodeKey(host), affinityKey(host, block.net)])
    const labels = node && readNodeLabels(node)
    if (labels && !selectsNode(pool, labels)) {
      return [
        { key, before: stored, value: undefined },
        { key: affinityKey(host, block.net), before: claim, value: undefined },
      ]
    }
  }
  return [{ key, before: stored, value: encodeBlock(block) }]
}

function refuseOther(block: Block, ordinal: number, { handle, sequenceNumber, address }: ReleaseOptions): void {
  // Old clients leave a carriage return, and what comes after it, at the end of a handle.
  const [expected] = (handle ?? '').split('\r')
  const held = holderOf(block, ordinal)?.handle_id ?? ''
  if (handle !== undefined && expected !== held.split('\r')[0]) {
    throw new IpamError(
      'conflict',
      `update conflict: ${address} is held by the handle "${held}", not by "${handle}"`,
      'it was given to another since',
    )
  }
  const number = block.sequenceNumberForAllocation.get(ordinal)
  if (sequenceNumber !== undefined && sequenceNumber !== number) {
    throw new IpamError('conflict', `update conflict: ${address} was assigned again since`, 'look who has it with `calicoctl ipam show --ip`')
  }
}

async function blocksOfHandle(ipam: Ipam, handle: string): Promise<Net[]> {
  const stored = await ipam.datastore.get(handleKey(handle))
  if (!stored) throw new IpamError('missing', `resource does not exist: handle "${handle}"`)
  return [...readHandle(stored).keys()].flatMap((cidr) => parseCidr(cidr) ?? [])
}
