import { formatNet, type Ip, type Net } from '../model/net.ts'
import type { KeyValue } from '../store/datastore.ts'
import { type Affinity, CONFIRMED, claimedBlock, isConfirmed, readKeys } from './affinity.ts'
import { collectCold, freeAddresses, type Holder, take } from './allocation.ts'
import { type Block, encodeBlock, parseBlock } from './block.ts'
import type { IpamConfig } from './config.ts'
import { countUp } from './handle.ts'
import type { Pool } from './pools.ts'
import { affinityKey, blockKey, commit, type Edit, handleKey, inLine, type Ipam, retry } from './store.ts'

/** What a request for addresses of one family takes from, and for whom. */
export interface Situation {
  readonly host: string
  readonly holder: Holder
  readonly pools: readonly Pool[]
  readonly reserved: readonly Net[]
  readonly config: IpamConfig
  readonly limit: number
}

/**
 * Takes from a block that the host has or may have: it is created when it is not there; a claim to another's block is given up. `seen` spares a first look
 * at its keys.
 */
export async function takeFromOwn(ipam: Ipam, situation: Situation, net: Net, count: number, seen?: Seen): Promise<Ip[]> {
  const { host, holder, config, reserved } = situation
  const key = blockKey(net)
  let known = seen
  return await inLine(ipam, key, () =>
    retry(ipam, key, async () => {
      const { stored, affinity, handle } = known ?? (await lookAt(ipam, situation, net))
      known = undefined
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

/** Takes from a block whoever owns it; nothing when it is gone or full. */
export async function borrow(ipam: Ipam, situation: Situation, net: Net, count: number): Promise<Ip[]> {
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

/** The host's own blocks without those that are full; all are read at once. Blocks whose claim is not settled count as ones with room. */
export async function* ownWithRoom(ipam: Ipam, situation: Situation, own: readonly Affinity[]): AsyncIterable<{ block: Net; seen: Seen }> {
  const { host, holder } = situation
  for (let from = 0; from < own.length; from += CHUNK) {
    const chunk = own.slice(from, from + CHUNK)
    const found = await readKeys(ipam, [...chunk.map(({ block }) => blockKey(block)), ...handleKeys(holder)])
    for (const [index, { block: net, stored: affinity }] of chunk.entries()) {
      const stored = found[index]
      const block = stored && parseBlock(stored.value)
      const isSettled = block?.affinity === `host:${host}` && isConfirmed(affinity)
      if (!isSettled || roomIn(ipam, situation, block) > 0) yield { block: net, seen: { stored, affinity, handle: found[chunk.length] } }
    }
  }
}

/** What a block's keys held a moment ago; it is compared when they are written. */
export interface Seen {
  readonly stored: KeyValue | undefined
  readonly affinity: KeyValue | undefined
  readonly handle: KeyValue | undefined
}

/** How many addresses of a block can be taken now. */
export function roomIn(ipam: Ipam, { config, reserved }: Situation, block: Block): number {
  collectCold(block, config.ipCooldownSeconds, ipam.clock.now())
  return freeAddresses(block, reserved)
}

export interface Taking {
  readonly block: Block
  readonly stored: KeyValue | undefined
  readonly handle: KeyValue | undefined
}

/** The writes of a block from which `count` addresses were taken, and of the handle that has them now. */
export function takingEdits({ holder }: Situation, { block, stored, handle }: Taking, count: number): Edit[] {
  if (count > 0) block.sequenceNumber++
  const edits: Edit[] = [{ key: blockKey(block.net), before: stored, value: encodeBlock(block) }]
  if (holder.handle !== undefined && count > 0) edits.push(countUp(holder.handle, handle, formatNet(block.net), count))
  return edits
}

/** The key of the holder's handle, if there is one. */
export function handleKeys({ handle }: Holder): string[] {
  return handle === undefined ? [] : [handleKey(handle)]
}

// --- internal ---

/** How many blocks are read at once on the way to a free one. */
const CHUNK = 64

async function lookAt(ipam: Ipam, { host, holder }: Situation, net: Net): Promise<Seen> {
  const [stored, affinity, handle] = await readKeys(ipam, [blockKey(net), affinityKey(host, net), ...handleKeys(holder)])
  return { stored, affinity, handle }
}
