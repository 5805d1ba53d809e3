import { isObject } from '../model/decode.ts'
import { containsNet, formatNet, type Net } from '../model/net.ts'
import { type KeyValue, prefixRange } from '../store/datastore.ts'
import { collectCold, isEmpty } from './allocation.ts'
import { type Block, encodeBlock, newBlock, parseBlock } from './block.ts'
import { readConfig } from './config.ts'
import { affinityKey, blockKey, commit, CONFIG, type Edit, HOSTS, inLine, type Ipam, IpamError, netInKey, retry } from './store.ts'

/** A host's claim to a block, as stored below `/calico/ipam/v2/host/`. */
export interface Affinity {
  readonly host: string
  readonly block: Net
  readonly stored: KeyValue
}

export const CONFIRMED = '{"state":"confirmed","deleted":false}'

/** In the order of their keys. Keys of other shapes are left out. */
export function readAffinities(keyValues: readonly KeyValue[]): Affinity[] {
  return keyValues.flatMap((stored) => {
    const host = /^([^/]+)\/ipv[46]\/block\/[^/]+$/.exec(stored.key.slice(HOSTS.length))?.[1]
    const block = netInKey(stored.key)
    return host !== undefined && block ? [{ host, block, stored }] : []
  })
}

/** Releases of v2.6 wrote no state, or nothing at all: that counts as confirmed. */
export function isConfirmed(stored: KeyValue): boolean {
  if (stored.value === '') return true
  try {
    const raw: unknown = JSON.parse(stored.value)
    return isObject(raw) && (raw['state'] ?? 'confirmed') === 'confirmed'
  } catch {
    return false
  }
}

/** A block for a host, with nothing in it. */
export function claimedBlock(ipam: Ipam, host: string, net: Net): Block {
  // Nanoseconds as far as the clock knows them; the rest keeps apart two blocks of the same millisecond.
  const number = BigInt(ipam.clock.now().getTime()) * 1_000_000n + BigInt(Math.floor(ipam.random() * 1_000_000))
  return newBlock(net, `host:${host}`, ipam.clock.timestamp(), number)
}

/** Claims a block for a host, in one transaction; false when it is another's. A block that the host has already stays as it is. */
export async function claimBlock(ipam: Ipam, host: string, net: Net): Promise<boolean> {
  const keys = { block: blockKey(net), affinity: affinityKey(host, net) }
  return await inLine(ipam, keys.block, () =>
    retry(ipam, keys.block, async () => {
      const [stored, affinity] = await readKeys(ipam, [keys.block, keys.affinity])
      const owner = stored && parseBlock(stored.value)?.affinity
      if (stored && owner !== `host:${host}`) return false
      const edits: Edit[] = [
        { key: keys.affinity, before: affinity, value: affinity && stored && isConfirmed(affinity) ? affinity.value : CONFIRMED },
      ]
      edits.push({ key: keys.block, before: stored, value: stored?.value ?? encodeBlock(claimedBlock(ipam, host, net)) })
      return (await commit(ipam, edits)) || undefined
    }),
  )
}

/**
 * Gives back a host's claim and the block, which stays without owner when addresses in it are in use.
 * @throws IpamError (`not-empty`) with `mustBeEmpty`, and then nothing is changed
 */
export async function releaseAffinity(ipam: Ipam, { host, block: net }: Affinity, options: { readonly mustBeEmpty?: boolean } = {}): Promise<void> {
  const key = blockKey(net)
  await inLine(ipam, key, () =>
    retry(ipam, key, async () => {
      const [affinity, stored, config] = await readKeys(ipam, [affinityKey(host, net), key, CONFIG])
      const block = stored && parseBlock(stored.value)
      const edits: Edit[] = [{ key: affinityKey(host, net), before: affinity, value: undefined }]
      if (stored && block?.affinity === `host:${host}`) {
        collectCold(block, readConfig(config).ipCooldownSeconds, ipam.clock.now())
        if (options.mustBeEmpty && !isEmpty(block)) throw new IpamError('not-empty', `block ${formatNet(net)} is not empty`)
        block.affinity = null
        block.sequenceNumber++
        edits.push({ key, before: stored, value: isEmpty(block) ? undefined : encodeBlock(block) })
      }
      return (await commit(ipam, edits)) || undefined
    }),
  )
}

/**
 * Gives back all blocks of a host; those with addresses in use stay, without owner.
 * @throws IpamError (`not-empty`) with `mustBeEmpty` for blocks in use; they stay the host's, the others are given back all the same
 */
export async function releaseHost(ipam: Ipam, host: string, options: { readonly mustBeEmpty?: boolean } = {}): Promise<void> {
  const range = prefixRange(`${HOSTS}${host}/`)
  let refusal: IpamError | undefined
  for (const affinity of readAffinities((await ipam.datastore.range(range)).keyValues)) {
    try {
      await releaseAffinity(ipam, affinity, options)
    } catch (error) {
      if (!(error instanceof IpamError)) throw error
      refusal ??= error
    }
  }
  if (refusal) throw refusal
}

/** Gives back all that a host has that is gone for good: its blocks, and keys of other shapes (`reference/model.md 8.6`). */
export async function forgetHost(ipam: Ipam, host: string): Promise<void> {
  await releaseHost(ipam, host)
  await ipam.datastore.txn({
    compare: [],
    then: [
      { type: 'delete', range: prefixRange(`${HOSTS}${host}/`) },
      { type: 'delete', range: { start: `${HOSTS}${host}` } },
    ],
  })
}

/** Gives back all blocks of hosts within a pool. */
export async function releasePool(ipam: Ipam, pool: Net): Promise<void> {
  const affinities = readAffinities((await ipam.datastore.range(prefixRange(HOSTS))).keyValues)
  for (const affinity of affinities) if (containsNet(pool, affinity.block)) await releaseAffinity(ipam, affinity)
}

/** Several keys at one revision, in the order asked. */
export async function readKeys(ipam: Ipam, keys: readonly string[]): Promise<(KeyValue | undefined)[]> {
  const { responses } = await ipam.datastore.txn({ compare: [], then: keys.map((key) => ({ type: 'get', range: { start: key } })) })
  return responses.map(([found]) => found)
}
