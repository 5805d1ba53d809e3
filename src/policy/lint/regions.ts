import type { ConnectionSet } from '../connections/space.ts'
import { addBits, type Bits } from '../core/bits.ts'

/** Packets between an endpoint and some places. */
export interface Part {
  readonly places: Bits
  open: ConnectionSet
  /** Passed on to the next layer by a rule. */
  passed: ConnectionSet
}

export type Region = Pick<Part, 'places' | 'open'>

/** The part of what is at an index that lies in some places: the part itself, or a new one that is cut off from it and put at the end. */
export function split(parts: Part[], index: number, places: Bits): Part {
  const part = parts[index] as Part
  if (part.places.every((word, at) => (word & ~(places[at] ?? 0)) === 0)) return part
  const inside = { ...part, places: new Uint32Array(part.places.length) }
  for (let word = 0; word < part.places.length; word++) {
    const common = (part.places[word] ?? 0) & (places[word] ?? 0)
    inside.places[word] = common
    part.places[word] = (part.places[word] ?? 0) ^ common
  }
  parts.push(inside)
  return inside
}

/** What is in both sets; undefined when nothing is. */
export function both(a: Bits, b: Bits): Bits | undefined {
  let first = 0
  while (first < a.length && ((a[first] ?? 0) & (b[first] ?? 0)) === 0) first++
  if (first === a.length) return undefined
  const result = new Uint32Array(a.length)
  for (let word = first; word < a.length; word++) result[word] = (a[word] ?? 0) & (b[word] ?? 0)
  return result
}

/** What is in the first set only; undefined when nothing is. */
export function without(a: Bits, b: Bits): Bits | undefined {
  const result = new Uint32Array(a.length)
  let any = 0
  for (let word = 0; word < a.length; word++) any |= result[word] = (a[word] ?? 0) & ~(b[word] ?? 0)
  return any === 0 ? undefined : result
}

/** Puts together parts that came to the same. */
export function merge(parts: readonly Part[]): Part[] {
  const merged = new Map<ConnectionSet, Part>()
  for (const part of parts) {
    const same = merged.get(part.open)
    if (same) addBits(same.places, part.places)
    else merged.set(part.open, part)
  }
  return [...merged.values()]
}
