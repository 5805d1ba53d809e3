import { type Family, formatIp, type Ip } from '../../model/net.ts'
import type { Atoms } from './atoms.ts'
import type { EndpointFacts, NamedPort } from '../facts.ts'
import type { LabelClasses } from './label-classes.ts'
import { PairPool, TextPool } from './pool.ts'

/** Endpoints that no policy and no rule can tell apart by anything but their addresses. */
export interface EndpointClass {
  readonly labelClass: number
  /** One of the endpoints of the class, for all that they have in common. */
  readonly example: EndpointFacts
}

/**
 * Where a packet comes from or goes to: an address of an endpoint, or an address outside. Those that no rule can tell apart are one place.
 */
export interface Place {
  /** The endpoint class whose policies act there; undefined outside. */
  readonly endpointClass: number | undefined
  /** The classes of all endpoints that rules know by this address. */
  readonly owners: readonly number[]
  readonly atom: number
  readonly family: Family
}

export interface Places {
  readonly list: readonly Place[]
  readonly endpointClasses: readonly EndpointClass[]
  /** The places of an endpoint, one for each of its addresses, in their order, and of its other addresses after them. */
  ofEndpoint(index: number): readonly number[]
  /** The place of an address: of an endpoint that rules know by it, the first if there are several, otherwise outside. */
  at(ip: Ip): number | undefined
  /** The endpoints at a place, each with the index of its address. */
  members(place: number): readonly { readonly endpoint: number; readonly address: number }[]
  /** How many addresses of endpoints are at a place; 0 outside. */
  count(place: number): number
  /** Whether an endpoint owns an address. */
  isOwned(ip: Ip): boolean
}

/** Sorts the addresses of endpoints, and those outside, into places (`reference/beyond.md 4.2`, step 3). */
export function findPlaces(endpoints: readonly EndpointFacts[], labels: LabelClasses, atoms: Atoms): Places {
  const { classOf, list: endpointClasses } = classifyEndpoints(endpoints, labels)
  const owners = new AddressOwners(endpoints)
  const list: Place[] = []
  const ids = new PairPool()
  const sharing = new TextPool()
  const first = new Int32Array(endpoints.length + 1)
  for (let i = 0; i < endpoints.length; i++) {
    const { addresses = [], otherAddresses = [] } = endpoints[i] ?? {}
    first[i + 1] = (first[i] ?? 0) + addresses.length + otherAddresses.length
  }
  const placeOf = new Int32Array(first[endpoints.length] ?? 0)
  const add = (endpointClass: number | undefined, owning: readonly number[], atom: number): number => {
    const who = sharing.intern(owning.length === 1 && owning[0] === endpointClass ? String(endpointClass) : `${endpointClass}+${owning.join()}`)
    const id = ids.intern(who, atom)
    if (id === list.length) list.push({ endpointClass, owners: owning, atom, family: atoms.familyOf(atom) })
    return id
  }
  for (let i = 0; i < endpoints.length; i++) {
    const own = classOf[i] ?? 0
    const { addresses = [], otherAddresses = NONE } = endpoints[i] ?? {}
    let slot = first[i] ?? 0
    for (const ip of addresses) placeOf[slot++] = add(own, owners.of(ip, classOf) ?? [own], atoms.atomOf(ip))
    for (const ip of otherAddresses) placeOf[slot++] = add(own, owners.has(ip) ? ownersOf(endpoints, ip, classOf) : NONE, atoms.atomOf(ip))
  }
  const within = list.length
  const taken = owners.countByAtom(atoms)
  for (let atom = 0; atom < atoms.size; atom++) if ((taken[atom] ?? 0) < atoms.sizeOf(atom)) add(undefined, [], atom)
  const outsideOf = new Map(list.slice(within).map((place, at) => [place.atom, within + at]))
  const byPlace = groupByPlace(placeOf, list.length)
  const endpointOf = (slot: number): number => {
    let [low, high] = [0, endpoints.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((first[middle] ?? 0) <= slot) low = middle
      else high = middle - 1
    }
    return low
  }
  return {
    list,
    endpointClasses,
    ofEndpoint: (index) => Array.from(placeOf.subarray(first[index] ?? 0, first[index + 1] ?? 0)),
    at: (ip) => {
      if (!owners.has(ip)) return outsideOf.get(atoms.atomOf(ip))
      const owner = endpoints.findIndex(({ addresses }) => indexOf(addresses, ip) !== -1)
      return placeOf[(first[owner] ?? 0) + indexOf(endpoints[owner]?.addresses ?? [], ip)]
    },
    members: (place) =>
      Array.from(byPlace(place), (slot) => {
        const endpoint = endpointOf(slot)
        return { endpoint, address: slot - (first[endpoint] ?? 0) }
      }),
    count: (place) => byPlace(place).length,
    isOwned: (ip) => owners.has(ip),
  }
}

// --- internal ---

function classifyEndpoints(endpoints: readonly EndpointFacts[], labels: LabelClasses): { classOf: Int32Array; list: EndpointClass[] } {
  const classOf = new Int32Array(endpoints.length)
  const list: EndpointClass[] = []
  const ids = new PairPool()
  const natures = new TextPool()
  // Endpoints of one profile often share the list, and most have no ports.
  const profileTexts = new Map<readonly string[], string>()
  for (let i = 0; i < endpoints.length; i++) {
    const endpoint = endpoints[i]
    if (!endpoint) continue
    let profiles = profileTexts.get(endpoint.profiles)
    if (profiles === undefined) profileTexts.set(endpoint.profiles, (profiles = JSON.stringify(endpoint.profiles)))
    const kind = endpoint.kind === 'workload' ? 'w' : endpoint.allInterfaces ? 'a' : 'h'
    const nature = natures.intern(`${kind}${profiles}${endpoint.ports.length === 0 ? '' : portsText(endpoint.ports)}`)
    const labelClass = labels.classOf[i] ?? 0
    const id = ids.intern(labelClass, nature)
    if (id === list.length) list.push({ labelClass, example: endpoint })
    classOf[i] = id
  }
  return { classOf, list }
}

function portsText(ports: readonly NamedPort[]): string {
  return ports
    .map(({ name, protocol, port }) => `${name}:${protocol}:${port}`)
    .sort()
    .join()
}

/** Which addresses endpoints own, and which of them are owned by several. */
class AddressOwners {
  readonly #v4: Float64Array
  readonly #v6: readonly bigint[]
  /** Endpoints by address, for addresses with several. */
  readonly #several = new Map<string, number[]>()

  constructor(endpoints: readonly EndpointFacts[]) {
    const v4: number[] = []
    const v6: bigint[] = []
    for (const { addresses } of endpoints) {
      for (const ip of addresses) {
        if (ip.family === 4) v4.push(ip.value)
        else v6.push(ip.value)
      }
    }
    this.#v4 = Float64Array.from(v4).sort()
    this.#v6 = v6.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    const repeated = new Set([...repeats(this.#v4), ...repeats(this.#v6)])
    if (repeated.size === 0) return
    for (const [index, { addresses }] of endpoints.entries()) {
      for (const ip of addresses) {
        if (!repeated.has(ip.value)) continue
        const key = formatIp(ip)
        this.#several.set(key, [...(this.#several.get(key) ?? []), index])
      }
    }
  }

  has(ip: Ip): boolean {
    const list: ArrayLike<number | bigint> = ip.family === 4 ? this.#v4 : this.#v6
    let [low, high] = [0, list.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((list[middle] ?? 0) < ip.value) low = middle + 1
      else high = middle
    }
    return list[low] === ip.value
  }

  /** The classes of all endpoints with this address, each once, in order; undefined unless there are several endpoints. */
  of(ip: Ip, classOf: Int32Array): readonly number[] | undefined {
    const several = this.#several.size === 0 ? undefined : this.#several.get(formatIp(ip))
    return several && distinct(several.map((index) => classOf[index] ?? 0))
  }

  /** How many different addresses of each atom have an owner. */
  countByAtom(atoms: Atoms): Float64Array {
    const counts = new Float64Array(atoms.size)
    const count = (ip: Ip) => {
      const atom = atoms.atomOf(ip)
      counts[atom] = (counts[atom] ?? 0) + 1
    }
    for (const [i, value] of this.#v4.entries()) if (value !== this.#v4[i - 1]) count({ family: 4, value })
    for (const [i, value] of this.#v6.entries()) if (value !== this.#v6[i - 1]) count({ family: 6, value })
    return counts
  }
}

const NONE: readonly never[] = []

function distinct(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b)
}

/** The classes of the endpoints with an address, by looking at all; for the few addresses of hosts that are listed nowhere. */
function ownersOf(endpoints: readonly EndpointFacts[], ip: Ip, classOf: Int32Array): readonly number[] {
  return distinct(endpoints.flatMap(({ addresses }, index) => (indexOf(addresses, ip) === -1 ? [] : [classOf[index] ?? 0])))
}

function indexOf(addresses: readonly Ip[], ip: Ip): number {
  return addresses.findIndex(({ family, value }) => family === ip.family && value === ip.value)
}

function* repeats(sorted: Iterable<number | bigint>): Generator<number | bigint> {
  let before: number | bigint | undefined
  for (const value of sorted) {
    if (value === before) yield value
    before = value
  }
}

/** Sorts slots by the place that each is at. */
function groupByPlace(placeOf: Int32Array, size: number): (place: number) => Int32Array {
  const starts = new Int32Array(size + 1)
  for (const place of placeOf) starts[place + 1] = (starts[place + 1] ?? 0) + 1
  for (let i = 0; i < size; i++) starts[i + 1] = (starts[i + 1] ?? 0) + (starts[i] ?? 0)
  const next = starts.slice()
  const slots = new Int32Array(placeOf.length)
  for (let slot = 0; slot < placeOf.length; slot++) {
    const place = placeOf[slot] ?? 0
    const at = next[place] ?? 0
    slots[at] = slot
    next[place] = at + 1
  }
  return (place) => slots.subarray(starts[place] ?? 0, starts[place + 1] ?? 0)
}
