import { goJson } from '../model/json.ts'

/**
 * An address block as Calico stores it below `/calico/ipam/v2/assignment/` (`reference/model.md 8.1`). Sequence numbers are nanoseconds since 1970 and
 * do not fit a double: they are bigints throughout.
 */
export interface Block {
  readonly cidr: string
  /** `host:<node>`, `virtual:<name>`; null: no owner. */
  affinity: string | null
  readonly affinity_claim_time?: string
  /** One entry for each address in order: null is free (or resting in no list), a number is an index into `attributes`. */
  allocations: (number | null)[]
  /** Ordinals that may be given out, first in, first out. */
  unallocated: number[]
  attributes: Attribute[]
  sequenceNumber: bigint
  /** Ordinal to the block's number when it was assigned. */
  sequenceNumberForAllocation: Record<string, bigint>
  readonly deleted: boolean
}

export interface Attribute {
  readonly handle_id?: string | null
  readonly secondary?: Readonly<Record<string, string>> | null
  readonly alternateOwnerAttrs?: Readonly<Record<string, string>>
  /** Set while the addresses that point here rest after their release. */
  readonly releasedAt?: string
}

/** Reads a stored block of any release since v2.6; undefined when the text is no block. */
export function parseBlock(text: string): Block | undefined {
  let raw: Record<string, unknown>
  try {
    raw = JSON.parse(quoteSequenceNumbers(text)) as Record<string, unknown>
  } catch {
    return undefined
  }
  if (typeof raw['cidr'] !== 'string' || !Array.isArray(raw['allocations']) || !Array.isArray(raw['unallocated'])) return undefined
  const legacyOwner = raw['hostAffinity']
  const numbers = (raw['sequenceNumberForAllocation'] ?? {}) as Record<string, string | number>
  return {
    cidr: raw['cidr'],
    affinity: typeof raw['affinity'] === 'string' ? raw['affinity'] : typeof legacyOwner === 'string' ? `host:${legacyOwner}` : null,
    ...(typeof raw['affinity_claim_time'] === 'string' ? { affinity_claim_time: raw['affinity_claim_time'] } : {}),
    allocations: raw['allocations'] as (number | null)[],
    unallocated: raw['unallocated'] as number[],
    attributes: (raw['attributes'] ?? []) as Attribute[],
    sequenceNumber: BigInt((raw['sequenceNumber'] as string | number | undefined) ?? 0),
    sequenceNumberForAllocation: Object.fromEntries(Object.entries(numbers).map(([ordinal, number]) => [ordinal, BigInt(number)])),
    deleted: raw['deleted'] === true,
  }
}

/** The bytes that Calico v3.33 stores for a block. */
export function encodeBlock(block: Block): string {
  const { affinity_claim_time: claimed, ...rest } = block
  return goJson({
    cidr: rest.cidr,
    affinity: rest.affinity,
    ...(claimed === undefined || rest.affinity === null ? {} : { affinity_claim_time: claimed }),
    allocations: rest.allocations,
    unallocated: rest.unallocated,
    attributes: rest.attributes.map(encodeAttribute),
    sequenceNumber: rest.sequenceNumber,
    sequenceNumberForAllocation: rest.sequenceNumberForAllocation,
    deleted: rest.deleted,
  })
}

/** No address is in use or resting. */
export function isEmptyBlock(block: Block): boolean {
  return block.allocations.every((index) => index === null)
}

/** Drops attributes that no address points to; the others move up (`conformance/ipam` rule 9). */
export function compactAttributes(block: Block): void {
  const used = new Set(block.allocations.filter((index) => index !== null))
  const places = new Map<number, number>()
  block.attributes = block.attributes.filter((_, index) => {
    if (used.has(index)) places.set(index, places.size)
    return used.has(index)
  })
  block.allocations = block.allocations.map((index) => (index === null ? null : (places.get(index) ?? null)))
}

// --- internal ---

/** Puts numbers that JSON.parse would round into quotes. Inside a text the field's own quotes are escaped, so no text is hit. */
function quoteSequenceNumbers(text: string): string {
  return text
    .replace(/"sequenceNumber":\s*(\d+)/, '"sequenceNumber":"$1"')
    .replace(/"sequenceNumberForAllocation":\s*\{[^}]*\}/, (map) => map.replaceAll(/:\s*(\d+)/g, ':"$1"'))
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
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
}
