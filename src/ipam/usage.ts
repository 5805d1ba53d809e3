import { containsNet, formatIp, formatNet, indexIn, type Ip, ipAt, type Net } from '../model/net.ts'
import { prefixRange } from '../store/datastore.ts'
import { readKeys } from './affinity.ts'
import { collectCold, holderOf, isCooling } from './allocation.ts'
import { type Attribute, type Block, parseBlock } from './block.ts'
import { readConfig } from './config.ts'
import { listPools, readReservations, reservationRange } from './pools.ts'
import { blockWith } from './release.ts'
import { blockKey, BLOCKS, CONFIG, type Ipam, IpamError } from './store.ts'

/** How much of a pool is used. Numbers of addresses are bigints: a pool of IPv6 has more than a double can count. */
export interface PoolUsage extends Usage {
  /** Undefined: blocks that lie in no pool. */
  readonly name: string | undefined
  readonly cidr: string | undefined
  readonly blocks: readonly BlockUsage[]
}

export interface BlockUsage extends Usage {
  readonly cidr: string
}

export interface Usage {
  readonly capacity: bigint
  /** Assigned or resting. */
  readonly inUse: bigint
  /** In a reservation, in use or not. */
  readonly reserved: bigint
  /** Neither in use nor reserved. */
  readonly available: bigint
}

/** Of all pools in the order of their names, then of the blocks in none (if there are any): how much is used. Blocks stand in the order of their keys. */
export async function ipamUsage(ipam: Ipam): Promise<PoolUsage[]> {
  const { datastore } = ipam
  const [pools, reservations, stored] = await Promise.all([
    listPools(datastore),
    datastore.range(reservationRange()),
    datastore.range(prefixRange(BLOCKS)),
  ])
  const reserved = readReservations(reservations.keyValues)
  const blocks = stored.keyValues.flatMap(({ value }) => parseBlock(value) ?? [])
  const usage = pools.map((pool): PoolUsage => {
    const inside = blocks.filter((block) => containsNet(pool.net, block.net))
    const capacity = size(pool.net)
    const kept = countReserved(pool.net, reserved)
    const used = inside.map((block) => blockUsage(block, reserved))
    const inUse = sum(used.map((block) => block.inUse))
    // What is both in use and reserved counts once.
    const both = sum(used.map((block) => block.inUse + block.reserved + block.available - block.capacity))
    return { name: pool.name, cidr: formatNet(pool.net), capacity, inUse, reserved: kept, available: capacity - inUse - kept + both, blocks: used }
  })
  const orphans = blocks.filter((block) => !pools.some((pool) => containsNet(pool.net, block.net))).map((block) => blockUsage(block, reserved))
  if (orphans.length === 0) return usage
  return [...usage, { name: undefined, cidr: undefined, capacity: 0n, inUse: 0n, reserved: 0n, available: 0n, blocks: orphans }]
}

/** Who has an address. @throws IpamError `missing` when nobody does, `cooling` when it was released a short time ago */
export async function assignmentOf(ipam: Ipam, ip: Ip): Promise<Attribute> {
  const net = await blockWith(ipam, await listPools(ipam.datastore), ip)
  const [stored, config] = net ? await readKeys(ipam, [blockKey(net), CONFIG]) : []
  const block = stored && parseBlock(stored.value)
  if (block) collectCold(block, readConfig(config).ipCooldownSeconds, ipam.clock.now())
  const ordinal = block && indexIn(block.net, ip)
  const holder = block && ordinal !== undefined ? holderOf(block, ordinal) : undefined
  if (holder) return holder
  const cooling = block && ordinal !== undefined && isCooling(block, ordinal)
  if (cooling) throw new IpamError('cooling', `${formatIp(ip)} is in cooldown: it was released a short time ago`)
  throw new IpamError('missing', `${formatIp(ip)} is not assigned`)
}

// --- internal ---

function blockUsage(block: Block, reservations: readonly Net[]): BlockUsage {
  const near = reservations.filter((net) => containsNet(net, block.net) || containsNet(block.net, net))
  const kept = (ordinal: number) => near.some((net) => containsNet(net, ipAt(block.net, ordinal)))
  const available = near.length === 0 ? block.unallocated.length : block.unallocated.filter((ordinal) => !kept(ordinal)).length
  return {
    cidr: formatNet(block.net),
    capacity: size(block.net),
    inUse: BigInt(block.allocations.length - block.unallocated.length),
    reserved: countReserved(block.net, reservations),
    available: BigInt(available),
  }
}

function countReserved(net: Net, reservations: readonly Net[]): bigint {
  if (reservations.some((reserved) => containsNet(reserved, net))) return size(net)
  return sum(reservations.filter((reserved) => containsNet(net, reserved)).map(size))
}

function size(net: Net): bigint {
  return 1n << BigInt((net.family === 4 ? 32 : 128) - net.prefix)
}

function sum(numbers: readonly bigint[]): bigint {
  return numbers.reduce((total, number) => total + number, 0n)
}
