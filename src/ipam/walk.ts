import { containsNet, type Family, lastIp, type Net, netOf, sizeOf } from '../model/net.ts'
import { GoRandom } from './go-random.ts'
import type { Pool } from './pools.ts'

/** How many addresses blocks of that many host bits have, and where they lie in their pool: a pool of IPv6 has more than a double can count. */
export function blockCount(pool: Pool): bigint {
  return 1n << BigInt(pool.blockSize - pool.net.prefix)
}

/**
 * Where a host begins to look for a block among `count` (a power of two): always the same place, another for each host (`conformance/ipam` rule 4).
 */
export function startIndex(host: string, count: bigint): bigint {
  return new GoRandom(fnv1(host)).below(count)
}

/** The block at an index of a pool. */
export function blockAt(pool: Pool, index: bigint): Net {
  if (pool.net.family === 4) return { family: 4, value: pool.net.value + Number(index) * 2 ** (32 - pool.blockSize), prefix: pool.blockSize }
  return { family: 6, value: pool.net.value + (index << BigInt(128 - pool.blockSize)), prefix: pool.blockSize }
}

/** Where in its pool a block lies. */
export function blockIndex(pool: Pool, block: Net): bigint {
  const width = pool.net.family === 4 ? 32 : 128
  return (BigInt(block.value) - BigInt(pool.net.value)) >> BigInt(width - pool.blockSize)
}

/** The block of a pool that an address of the pool lies in. */
export function blockOf(pool: Pool, address: { readonly family: Family; readonly value: number | bigint }): Net {
  const width = pool.net.family === 4 ? 32 : 128
  return blockAt(pool, (BigInt(address.value) - BigInt(pool.net.value)) >> BigInt(width - pool.blockSize))
}

/**
 * The first block on a host's way through a pool that does not exist and is not kept back as a whole; `before` are the existing blocks that lie on the way
 * to it. Without one, those are all there are.
 */
export function firstFree(pool: Pool, start: bigint, existing: readonly Net[], reserved: readonly Net[]): FirstFree {
  const count = blockCount(pool)
  const distance = (block: Net): bigint => (blockIndex(pool, block) - start + count) % count
  const taken = existing.filter((block) => block.prefix === pool.blockSize && containsNet(pool.net, block))
  const ordered = taken.map((block) => ({ block, at: distance(block) })).sort((a, b) => (a.at < b.at ? -1 : 1))
  let passed = 0
  let at = 0n
  while (at < count) {
    const next = ordered[passed]
    if (next?.at === at) {
      passed++
      at++
      continue
    }
    const block = blockAt(pool, (start + at) % count)
    const whole = reserved.find((net) => containsNet(net, block))
    if (!whole && isKeptBack(block, reserved)) {
      at++
      continue
    }
    if (!whole) return { free: block, before: ordered.slice(0, passed).map(({ block }) => block) }
    // A reservation may cover more blocks than can be counted one by one.
    const end = blockIndex(pool, { ...netOf(lastIp(containsNet(whole, pool.net) ? pool.net : whole)), prefix: pool.blockSize })
    at += end - ((start + at) % count) + 1n
    while (passed < ordered.length && (ordered[passed]?.at ?? at) < at) passed++
  }
  return { free: undefined, before: ordered.map(({ block }) => block) }
}

export interface FirstFree {
  readonly free: Net | undefined
  readonly before: readonly Net[]
}

// --- internal ---

/** Every address of the block is in one of several reservations, none of which lies within another. */
function isKeptBack(block: Net, reserved: readonly Net[]): boolean {
  const inside = reserved.filter((net) => containsNet(block, net))
  return inside.reduce((sum, net) => sum + sizeOf(net), 0) === sizeOf(block)
}

/** FNV-1 of 32 bits over the UTF-8 bytes: multiplied first, then mixed. */
function fnv1(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = (Math.imul(hash, 0x01000193) ^ byte) >>> 0
  return hash
}
