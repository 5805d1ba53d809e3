import { containsNet, indexIn, type Ip, ipAt, type Net } from '../model/net.ts'
import type { Attribute, Block } from './block.ts'

/** Whom addresses are given to. */
export interface Holder {
  readonly handle?: string
  readonly attributes?: Readonly<Record<string, string>>
}

/** Takes up to `count` free addresses, those that have been free for longest first; reserved ones keep their place (`conformance/ipam` rules 7 to 10). */
export function take(block: Block, count: number, holder: Holder, reserved: readonly Net[]): Ip[] {
  const kept = reservedIn(block, reserved)
  const ordinals = block.unallocated.filter((ordinal) => !kept(ordinal)).slice(0, count)
  if (ordinals.length > 0) assign(block, ordinals, holder)
  return ordinals.map((ordinal) => ipAt(block.net, ordinal))
}

/** Takes a certain address, reserved or not; false when it is in use or rests. */
export function takeGiven(block: Block, ip: Ip, holder: Holder): boolean {
  const ordinal = indexIn(block.net, ip)
  if (ordinal === undefined || block.allocations[ordinal] !== null) return false
  assign(block, [ordinal], holder)
  return true
}

/** How many addresses could be taken. */
export function freeAddresses(block: Block, reserved: readonly Net[]): number {
  const kept = reservedIn(block, reserved)
  return block.unallocated.filter((ordinal) => !kept(ordinal)).length
}

/** No address is in use or resting. */
export function isEmpty(block: Block): boolean {
  return block.allocations.every((index) => index === null)
}

/** Who has an address; undefined when nobody does, or when it rests. */
export function holderOf(block: Block, ordinal: number): Attribute | undefined {
  const index = block.allocations[ordinal]
  const attribute = typeof index === 'number' ? (block.attributes[index] ?? {}) : undefined
  return attribute?.releasedAt === undefined ? attribute : undefined
}

/** The address was released a short time ago and is not to be given out yet. */
export function isCooling(block: Block, ordinal: number): boolean {
  const index = block.allocations[ordinal]
  return typeof index === 'number' && block.attributes[index]?.releasedAt !== undefined
}

/** The ordinals of all addresses that a handle has in a block, in order. */
export function heldBy(block: Block, handle: string): number[] {
  return block.allocations.flatMap((_, ordinal) => (holderOf(block, ordinal)?.handle_id === handle ? [ordinal] : []))
}

export interface Release {
  /** 0: they are free at once. */
  readonly cooldownSeconds: number
  readonly releasedAt: string
  /** Resting addresses carry the block's number of now instead of that of their assignment. */
  readonly renumber: boolean
}

/** Gives addresses back; gives how many each handle lost. The ordinals are in order and assigned. */
export function release(block: Block, ordinals: readonly number[], how: Release): Map<string, number> {
  const lost = new Map<string, number>()
  for (const ordinal of ordinals) {
    const handle = holderOf(block, ordinal)?.handle_id
    if (handle) lost.set(handle, (lost.get(handle) ?? 0) + 1)
  }
  if (how.cooldownSeconds > 0) {
    block.attributes = [...block.attributes, { releasedAt: how.releasedAt }]
    for (const ordinal of ordinals) {
      block.allocations[ordinal] = block.attributes.length - 1
      if (how.renumber) block.sequenceNumberForAllocation.set(ordinal, block.sequenceNumber)
    }
  } else {
    free(block, ordinals)
  }
  compactAttributes(block)
  return lost
}

/** Frees addresses that have rested long enough, lowest first; true when there were any. */
export function collectCold(block: Block, cooldownSeconds: number, now: Date): boolean {
  const over = block.allocations.flatMap((index, ordinal) => {
    const since = index === null ? undefined : block.attributes[index]?.releasedAt
    return since !== undefined && now.getTime() - Date.parse(since) >= cooldownSeconds * 1000 ? [ordinal] : []
  })
  if (over.length === 0) return false
  free(block, over)
  compactAttributes(block)
  return true
}

// --- internal ---

function assign(block: Block, ordinals: readonly number[], { handle, attributes }: Holder): void {
  const index = attributeIndex(block, handle, attributes)
  const taken = new Set(ordinals)
  block.unallocated = block.unallocated.filter((ordinal) => !taken.has(ordinal))
  for (const ordinal of ordinals) {
    block.allocations[ordinal] = index
    block.sequenceNumberForAllocation.set(ordinal, block.sequenceNumber)
  }
}

/** Addresses of the same holder share an entry, but for attributes that are given and empty: these never match in Calico, and get an entry each time. */
function attributeIndex(block: Block, handle: string | undefined, attributes: Holder['attributes']): number {
  const given = Object.entries(attributes ?? {})
  const found = block.attributes.findIndex((attribute) => {
    const stored = attribute.secondary ?? {}
    return (
      (attribute.handle_id ?? undefined) === handle &&
      attribute.releasedAt === undefined &&
      attribute.alternateOwnerAttrs === undefined &&
      Object.keys(stored).length === given.length &&
      given.every(([key, value]) => stored[key] === value)
    )
  })
  if (found !== -1 && (attributes === undefined || given.length > 0)) return found
  block.attributes = [
    ...block.attributes,
    { ...(handle === undefined ? {} : { handle_id: handle }), ...(given.length > 0 ? { secondary: attributes ?? {} } : {}) },
  ]
  return block.attributes.length - 1
}

function free(block: Block, ordinals: readonly number[]): void {
  for (const ordinal of ordinals) {
    block.allocations[ordinal] = null
    block.unallocated.push(ordinal)
    block.sequenceNumberForAllocation.delete(ordinal)
  }
}

/** Drops attributes that no address points to; the others move up (`conformance/ipam` rule 9). */
function compactAttributes(block: Block): void {
  const used = new Set(block.allocations.filter((index) => index !== null))
  const places = new Map<number, number>()
  block.attributes = block.attributes.filter((_, index) => {
    if (used.has(index)) places.set(index, places.size)
    return used.has(index)
  })
  block.allocations = block.allocations.map((index) => (index === null ? null : (places.get(index) ?? null)))
  block.unused = false
}

function reservedIn(block: Block, reserved: readonly Net[]): (ordinal: number) => boolean {
  const near = reserved.filter((net) => containsNet(net, block.net) || containsNet(block.net, net))
  return near.length === 0 ? () => false : (ordinal) => near.some((net) => containsNet(net, ipAt(block.net, ordinal)))
}
