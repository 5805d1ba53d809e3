import { isObject } from '../model/decode.ts'
import { compareBytes } from '../model/json.ts'
import type { KeyValue } from '../store/datastore.ts'
import { type Edit, handleKey } from './store.ts'

/** How many addresses a handle has in each block (by CIDR), as stored below `/calico/ipam/v2/handle/`. */
export function readHandle(stored: KeyValue): ReadonlyMap<string, number> {
  let raw: unknown
  try {
    raw = JSON.parse(stored.value)
  } catch {
    return new Map()
  }
  const blocks = isObject(raw) && isObject(raw['block']) ? raw['block'] : {}
  return new Map(Object.entries(blocks).flatMap(([cidr, count]) => (typeof count === 'number' ? [[cidr, count]] : [])))
}

/** A handle gets addresses in a block. */
export function countUp(handle: string, before: KeyValue | undefined, cidr: string, count: number): Edit {
  const counts = new Map(before ? readHandle(before) : [])
  counts.set(cidr, (counts.get(cidr) ?? 0) + count)
  return { key: handleKey(handle), before, value: encode(counts) }
}

/**
 * A handle loses addresses in a block, in which it has `left` then. A count that was too low already is left alone; one that was too high, as Calico's own
 * requests over several blocks leave it, is put right with the last address.
 */
export function countDown(handle: string, before: KeyValue | undefined, cidr: string, count: number, left: number): Edit {
  const counts = new Map(before ? readHandle(before) : [])
  const counted = counts.get(cidr) ?? 0
  if (counted < count) return { key: handleKey(handle), before, value: before?.value }
  if (left === 0) counts.delete(cidr)
  else counts.set(cidr, Math.max(left, counted - count))
  return { key: handleKey(handle), before, value: counts.size === 0 ? undefined : encode(counts) }
}

// --- internal ---

function encode(counts: ReadonlyMap<string, number>): string {
  const block = Object.fromEntries([...counts].sort(([a], [b]) => compareBytes(a, b)))
  return JSON.stringify({ block, deleted: false })
}
