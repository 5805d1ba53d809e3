import type { Family, Ip, Net } from '../../model/net.ts'
import { type Atoms, cutAddresses } from '../core/atoms.ts'
import type { Engine } from '../core/engine.ts'
import { PairPool } from '../core/pool.ts'
import type { Endpoint, World } from '../world/world.ts'

/** An endpoint on both sides of a comparison; on one side only when it appears or disappears. */
export interface JointEndpoint {
  /** Place in the list of all. */
  readonly index: number
  readonly before: Endpoint | undefined
  readonly after: Endpoint | undefined
}

/** One address of an endpoint on both sides. They differ when the endpoint's address changed. */
export interface Member {
  readonly endpoint: JointEndpoint
  readonly before: Ip | undefined
  readonly after: Ip | undefined
}

/** Where a packet comes from or goes to, on both sides: addresses that are one place before, and one place after. */
export interface JointPlace {
  readonly family: Family
  /** Its place in each engine; undefined where the endpoints are not there. */
  readonly before: number | undefined
  readonly after: number | undefined
  /** Addresses that no endpoint has on either side: their atom, and one of them. Undefined for places of endpoints. */
  readonly outside: { readonly atom: number; readonly ip: Ip } | undefined
  readonly members: readonly Member[]
}

/** One side of a comparison. */
export interface Sided {
  readonly world: World
  /** Those of the world, in the order of the engine. */
  readonly endpoints: readonly Endpoint[]
  readonly engine: Engine
}

/** The places of two worlds, brought together: endpoints by their ids, addresses outside by the networks of both. */
export interface Joint {
  readonly places: readonly JointPlace[]
  readonly endpoints: readonly JointEndpoint[]
  /** The address space outside, cut by the networks of both sides. */
  readonly atoms: Atoms
}

/** Brings the places of two engines together. The time is linear in endpoints and networks. */
export function joinPlaces(before: Sided, after: Sided): Joint {
  const places: (JointPlace & { readonly members: Member[] })[] = []
  const ids = new PairPool()
  const put = (family: Family, a: number | undefined, b: number | undefined, outside?: JointPlace['outside']) => {
    const id = ids.intern(a === undefined ? 0 : a + 1, b === undefined ? 0 : b + 1)
    return (places[id] ??= { family, before: a, after: b, outside, members: [] })
  }
  const endpoints: JointEndpoint[] = []
  // Nearly all stand at the same place in both lists.
  const isSameAt = (index: number) => before.endpoints[index]?.id === after.endpoints[index]?.id
  const later = new Map<string, number>()
  for (const [j, { id }] of after.endpoints.entries()) if (!isSameAt(j)) later.set(id, j)
  const join = (i: number | undefined, j: number | undefined) => {
    const [old, now] = [i === undefined ? undefined : before.endpoints[i], j === undefined ? undefined : after.endpoints[j]]
    const endpoint = { index: endpoints.length, before: old, after: now }
    endpoints.push(endpoint)
    const [left, right] = [slotsOf(before, old, i), slotsOf(after, now, j)]
    const [only, other] = [left[0], right[0]]
    // As nearly always.
    if (left.length === 1 && right.length === 1 && only && other && only.ip.family === other.ip.family) {
      put(only.ip.family, only.place, other.place).members.push({ endpoint, before: only.ip, after: other.ip })
      return
    }
    for (const [x, y] of pairSlots(left, right)) {
      const family = (x ?? y)?.ip.family ?? 4
      put(family, x?.place, y?.place).members.push({ endpoint, before: x?.ip, after: y?.ip })
    }
  }
  for (const [i, { id }] of before.endpoints.entries()) {
    join(i, isSameAt(i) ? i : later.get(id))
    later.delete(id)
  }
  for (const j of later.values()) join(undefined, j)
  const atoms = cutAddresses(bothNets(before.engine.atoms, after.engine.atoms))
  const isOwned = (ip: Ip) => before.engine.places.isOwned(ip) || after.engine.places.isOwned(ip)
  for (let atom = 0; atom < atoms.size; atom++) {
    const ip = atoms.sample(atom, isOwned)
    const [a, b] = ip ? [before.engine.places.at(ip), after.engine.places.at(ip)] : []
    if (ip && a !== undefined && b !== undefined) put(ip.family, a, b, { atom, ip })
  }
  return { places, endpoints, atoms }
}

// --- internal ---

/** An address of an endpoint, and its place. */
interface Slot {
  readonly ip: Ip
  readonly place: number
}

function slotsOf({ engine }: Sided, endpoint: Endpoint | undefined, index: number | undefined): readonly Slot[] {
  if (!endpoint || index === undefined) return NO_SLOTS
  const places = engine.places.ofEndpoint(index)
  const { addresses, otherAddresses } = endpoint
  const slots: Slot[] = []
  for (let at = 0; at < places.length; at++) {
    const ip = addresses[at] ?? otherAddresses?.[at - addresses.length]
    if (ip) slots.push({ ip, place: places[at] as number })
  }
  return slots
}

const NO_SLOTS: readonly Slot[] = []

/** Addresses that stayed belong together, then those that changed, in order, each with one of its own version of IP. */
function pairSlots(before: readonly Slot[], after: readonly Slot[]): (readonly [Slot | undefined, Slot | undefined])[] {
  const left = [...after]
  const take = (fits: (slot: Slot) => boolean): Slot | undefined => {
    const at = left.findIndex(fits)
    return at === -1 ? undefined : left.splice(at, 1)[0]
  }
  const same = before.map((slot) => take(({ ip }) => ip.value === slot.ip.value))
  const pairs = before.map((slot, at) => [slot, same[at] ?? take(({ ip }) => ip.family === slot.ip.family)] as const)
  return [...pairs, ...left.map((slot) => [undefined, slot] as const)]
}

function* bothNets(...all: readonly Atoms[]): Generator<Net> {
  for (const atoms of all) for (let atom = 0; atom < atoms.size; atom++) yield atoms.netOf(atom)
}
