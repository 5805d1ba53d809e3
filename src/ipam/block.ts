import { compareBytes, goJson } from '../model/json.ts'
import { formatNet, maskNet, type Net, parseCidr } from '../model/net.ts'

/**
 * An address block as Calico stores it below `/calico/ipam/v2/assignment/` (`reference/model.md 8.1`). Sequence numbers are nanoseconds since 1970 and
 * do not fit a double: they are bigints throughout.
 */
export interface Block {
  readonly net: Net
  /** `host:<node>`, `virtual:<name>`; null: no owner. */
  affinity: string | null
  /** RFC 3339; since when the owner has it. */
  readonly affinityClaimTime?: string
  /** One entry for each address in order: null is free, a number is an index into `attributes`. */
  allocations: (number | null)[]
  /** Ordinals that may be given out, first in, first out. */
  unallocated: number[]
  attributes: Attribute[]
  /** No address was ever given out: Calico writes the attributes as null then. */
  unused: boolean
  sequenceNumber: bigint
  /** Ordinal to the block's number when it was assigned. */
  readonly sequenceNumberForAllocation: Map<number, bigint>
  readonly deleted: boolean
}

export interface Attribute {
  readonly handle_id?: string | null
  readonly secondary?: Readonly<Record<string, string>> | null
  readonly alternateOwnerAttrs?: Readonly<Record<string, string>>
  /** Set while the addresses that point here rest after their release. */
  readonly releasedAt?: string
}

/** A block in which no address is in use. */
export function newBlock(net: Net, owner: string, claimedAt: string, sequenceNumber: bigint): Block {
  const size = 2 ** ((net.family === 4 ? 32 : 128) - net.prefix)
  return {
    net,
    affinity: owner,
    affinityClaimTime: claimedAt,
    allocations: Array.from({ length: size }, () => null),
    unallocated: Array.from({ length: size }, (_, ordinal) => ordinal),
    attributes: [],
    unused: true,
    sequenceNumber,
    sequenceNumberForAllocation: new Map(),
    deleted: false,
  }
}

/** Reads a stored block of any release since v2.6; undefined when the text is no block. */
export function parseBlock(text: string): Block | undefined {
  let raw: Record<string, unknown>
  try {
    raw = JSON.parse(quoteSequenceNumbers(text)) as Record<string, unknown>
  } catch {
    return undefined
  }
  const net = parseCidr(String(raw?.['cidr']))
  if (!net || !isList(raw['allocations'], isIndexOrNull) || !isList(raw['unallocated'], isIndex)) return undefined
  const owner = raw['affinity'] ?? (typeof raw['hostAffinity'] === 'string' ? `host:${raw['hostAffinity']}` : null)
  const numbers = (raw['sequenceNumberForAllocation'] ?? {}) as Record<string, string | number>
  return {
    net: maskNet(net),
    affinity: typeof owner === 'string' ? owner : null,
    ...(typeof raw['affinity_claim_time'] === 'string' ? { affinityClaimTime: raw['affinity_claim_time'] } : {}),
    allocations: raw['allocations'],
    unallocated: raw['unallocated'],
    attributes: (raw['attributes'] ?? []) as Attribute[],
    unused: raw['attributes'] === null,
    sequenceNumber: BigInt((raw['sequenceNumber'] as string | number | undefined) ?? 0),
    sequenceNumberForAllocation: new Map(Object.entries(numbers).map(([ordinal, number]) => [Number(ordinal), BigInt(number)])),
    deleted: raw['deleted'] === true,
  }
}

/** The bytes that Calico v3.33 stores for a block. Written out field by field: a block is written for every address. */
export function encodeBlock(block: Block): string {
  const { affinity, affinityClaimTime } = block
  const claimed = affinityClaimTime === undefined || affinity === null ? '' : `,"affinity_claim_time":${goJson(affinityClaimTime)}`
  const attributes = block.unused && block.attributes.length === 0 ? 'null' : goJson(block.attributes.map(encodeAttribute))
  // Go sorts the keys of maps as texts.
  const numbers = [...block.sequenceNumberForAllocation].map(([ordinal, number]) => `"${ordinal}":${number}`).sort(compareBytes)
  return (
    `{"cidr":"${formatNet(block.net)}","affinity":${goJson(affinity)}${claimed},"allocations":${JSON.stringify(block.allocations)},` +
    `"unallocated":${JSON.stringify(block.unallocated)},"attributes":${attributes},"sequenceNumber":${block.sequenceNumber},` +
    `"sequenceNumberForAllocation":{${numbers.join(',')}},"deleted":${block.deleted}}`
  )
}

// --- internal ---

/** Puts numbers that JSON.parse would round into quotes. Inside a text the field's own quotes are escaped, so no text is hit. */
function quoteSequenceNumbers(text: string): string {
  return text
    .replace(/"sequenceNumber":\s*(\d+)/, '"sequenceNumber":"$1"')
    .replace(/"sequenceNumberForAllocation":\s*\{[^}]*\}/, (map) => map.replaceAll(/:\s*(\d+)/g, ':"$1"'))
}

function isList<T>(value: unknown, fits: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(fits)
}

function isIndex(value: unknown): value is number {
  return Number.isInteger(value)
}

function isIndexOrNull(value: unknown): value is number | null {
  return value === null || isIndex(value)
}

function encodeAttribute(attribute: Attribute): Attribute {
  const { handle_id: handle, secondary, alternateOwnerAttrs: other, releasedAt } = attribute
  return {
    ...(handle ? { handle_id: handle } : {}),
    ...(secondary && Object.keys(secondary).length > 0 ? { secondary: sorted(secondary) } : {}),
    ...(other && Object.keys(other).length > 0 ? { alternateOwnerAttrs: sorted(other) } : {}),
    ...(releasedAt === undefined ? {} : { releasedAt }),
  }
}

function sorted(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => compareBytes(a, b)))
}
