import type { Family, Ip } from '../../model/net.ts'
import type { Atoms } from './atoms.ts'
import type { EndpointFacts, NamedPort } from '../facts.ts'
import type { LabelClasses } from './label-classes.ts'
import { failsafeText } from '../failsafe.ts'
import { AddressOwners, indexOf, ownersOf } from './owners.ts'
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
  /**
   * The places after endpoints have changed, `list` and `endpointClasses` being the same: a place that its last endpoint has left stays, without members.
   * Undefined when an endpoint is like none before or shares its address, so that all has to be sorted anew. Those that are the same are the same objects.
   */
  updated(endpoints: readonly EndpointFacts[]): Places | undefined
}

/** Sorts the addresses of endpoints, and those outside, into places (`reference/beyond.md 4.2`, step 3). */
export function findPlaces(endpoints: readonly EndpointFacts[], labels: LabelClasses, atoms: Atoms): Places {
  const classes = classifyEndpoints(endpoints, labels)
  const { classOf } = classes
  const owners = AddressOwners.of(endpoints)
  const list: Place[] = []
  const ids = new PairPool()
  const shared = new TextPool()
  const first = slotsOf(endpoints)
  const placeOf = new Int32Array(first[endpoints.length] ?? 0)
  /** `owning`: who rules know by the address; left out where that is the endpoint class alone. */
  const add = (endpointClass: number | undefined, owning: readonly number[] | undefined, atom: number): number => {
    const who = owning === undefined ? endpointClass : classes.list.length + shared.intern(`${endpointClass}+${owning.join()}`)
    const id = ids.intern(who ?? 0, atom)
    if (id === list.length) list.push({ endpointClass, owners: owning ?? [endpointClass ?? 0], atom, family: atoms.familyOf(atom) })
    return id
  }
  for (let i = 0; i < endpoints.length; i++) {
    const own = classOf[i] as number
    const { addresses, otherAddresses } = endpoints[i] as EndpointFacts
    let slot = first[i] as number
    for (let at = 0; at < addresses.length; at++) {
      const ip = addresses[at] as Ip
      placeOf[slot++] = add(own, otherThan(own, owners.of(ip, classOf)), atoms.atomAt(ip.family, ip.value))
    }
    if (!otherAddresses) continue
    for (const ip of otherAddresses) {
      placeOf[slot++] = add(own, otherThan(own, owners.has(ip) ? ownersOf(endpoints, ip, classOf) : NONE), atoms.atomOf(ip))
    }
  }
  const within = list.length
  const taken = owners.countByAtom(atoms)
  for (let atom = 0; atom < atoms.size; atom++) if ((taken[atom] ?? 0) < atoms.sizeOf(atom)) add(undefined, [], atom)
  const outsideOf = new Map(list.slice(within).map((place, at) => [place.atom, within + at]))
  const find = (endpointClass: number, atom: number) => ids.find(endpointClass, atom)
  const unlisted = endpoints.some(({ otherAddresses }) => otherAddresses !== undefined)
  return view({ endpoints, classes, atoms, owners, list, first, placeOf, outsideOf, taken, unlisted, find })
}

// --- internal ---

/** All that places are made of. What endpoints have in slots stands in their order, each with its addresses and then its other ones. */
interface Layout {
  readonly endpoints: readonly EndpointFacts[]
  readonly classes: EndpointClasses
  readonly atoms: Atoms
  readonly owners: AddressOwners
  readonly list: readonly Place[]
  /** The first slot of each endpoint, and the end of the last one. */
  readonly first: Int32Array
  /** The place of each slot. */
  readonly placeOf: Int32Array
  /** The place of what nobody owns of an atom. */
  readonly outsideOf: ReadonlyMap<number, number>
  /** How many addresses of each atom have an owner. */
  readonly taken: Float64Array
  /** Whether there are addresses of hosts that are not listed: they hang on who else has them. */
  readonly unlisted: boolean
  /** The place of an address that one endpoint alone owns, -1 when there is none yet. */
  readonly find: (endpointClass: number, atom: number) => number
}

function view(layout: Layout): Places {
  const { endpoints, classes, atoms, owners, list, first, placeOf, outsideOf } = layout
  let byPlace: ((place: number) => Int32Array) | undefined
  const slotsAt = (place: number) => (byPlace ??= groupByPlace(placeOf, list.length))(place)
  return {
    list,
    endpointClasses: classes.list,
    ofEndpoint: (index) => {
      const places: number[] = []
      for (let slot = first[index] ?? 0; slot < (first[index + 1] ?? 0); slot++) places.push(placeOf[slot] as number)
      return places
    },
    at: (ip) => {
      if (!owners.has(ip)) return outsideOf.get(atoms.atomOf(ip))
      const owner = endpoints.findIndex(({ addresses }) => indexOf(addresses, ip) !== -1)
      return placeOf[(first[owner] ?? 0) + indexOf(endpoints[owner]?.addresses ?? [], ip)]
    },
    members: (place) =>
      Array.from(slotsAt(place), (slot) => {
        const endpoint = endpointOf(first, slot)
        return { endpoint, address: slot - (first[endpoint] ?? 0) }
      }),
    count: (place) => slotsAt(place).length,
    isOwned: (ip) => owners.has(ip),
    updated: (changed) => {
      const next = updatedLayout(layout, changed)
      return next && view(next)
    },
  }
}

/** The same places for other endpoints; what the lists have in common at their beginning and end is taken over. */
function updatedLayout(before: Layout, endpoints: readonly EndpointFacts[]): Layout | undefined {
  const [old, { atoms, classes }] = [before.endpoints, before]
  let start = 0
  while (start < old.length && start < endpoints.length && old[start] === endpoints[start]) start++
  let same = 0
  while (same < old.length - start && same < endpoints.length - start && old[old.length - 1 - same] === endpoints[endpoints.length - 1 - same]) same++
  const [gone, come] = [old.slice(start, old.length - same), endpoints.slice(start, endpoints.length - same)]
  const [lost, gained] = [gone.flatMap(({ addresses }) => addresses), come.flatMap(({ addresses }) => addresses)]
  if (before.unlisted || come.some(({ otherAddresses }) => otherAddresses !== undefined)) return undefined
  const owners = before.owners.changed(lost, gained)
  if (!owners) return undefined
  const taken = before.taken.slice()
  for (const [ips, by] of [[lost, -1] as const, [gained, 1] as const]) {
    for (const ip of ips) taken[atoms.atomOf(ip)] = (taken[atoms.atomOf(ip)] ?? 0) + by
  }
  for (const ip of [...lost, ...gained]) {
    const atom = atoms.atomOf(ip)
    if ((taken[atom] ?? 0) < atoms.sizeOf(atom) !== before.outsideOf.has(atom)) return undefined
  }
  const middle: number[] = []
  const classesOf: number[] = []
  for (const endpoint of come) {
    const own = classes.find(endpoint)
    if (own === undefined) return undefined
    classesOf.push(own)
    for (const ip of endpoint.addresses) middle.push(before.find(own, atoms.atomOf(ip)))
  }
  if (middle.includes(-1)) return undefined
  const end = old.length - same
  return {
    ...before,
    endpoints,
    classes: { ...classes, classOf: spliced(classes.classOf, start, end, classesOf) },
    owners,
    first: slotsOf(endpoints),
    placeOf: spliced(before.placeOf, before.first[start] ?? 0, before.first[end] ?? 0, middle),
    taken,
  }
}

function spliced(list: Int32Array, start: number, end: number, middle: readonly number[]): Int32Array {
  const result = new Int32Array(list.length - (end - start) + middle.length)
  result.set(list.subarray(0, start))
  result.set(middle, start)
  result.set(list.subarray(end), start + middle.length)
  return result
}

function slotsOf(endpoints: readonly EndpointFacts[]): Int32Array {
  const first = new Int32Array(endpoints.length + 1)
  for (let i = 0; i < endpoints.length; i++) {
    const { addresses = NONE, otherAddresses = NONE } = endpoints[i] ?? {}
    first[i + 1] = (first[i] ?? 0) + addresses.length + otherAddresses.length
  }
  return first
}

function endpointOf(first: Int32Array, slot: number): number {
  let [low, high] = [0, first.length - 2]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((first[middle] ?? 0) <= slot) low = middle
    else high = middle - 1
  }
  return low
}

/** The owners of an address, undefined where they are an endpoint class alone. */
function otherThan(endpointClass: number, owning: readonly number[] | undefined): readonly number[] | undefined {
  return owning?.length === 1 && owning[0] === endpointClass ? undefined : owning
}

interface EndpointClasses {
  readonly classOf: Int32Array
  readonly list: readonly EndpointClass[]
  /** The class of another endpoint, if it is like one of those that there are. */
  find(endpoint: EndpointFacts): number | undefined
}

function classifyEndpoints(endpoints: readonly EndpointFacts[], labels: LabelClasses): EndpointClasses {
  const classOf = new Int32Array(endpoints.length)
  const list: EndpointClass[] = []
  const ids = new PairPool()
  const natures = new Natures()
  for (let i = 0; i < endpoints.length; i++) {
    const endpoint = endpoints[i] as EndpointFacts
    const labelClass = labels.classOf[i] ?? 0
    const id = ids.intern(labelClass, natures.of(endpoint))
    if (id === list.length) list.push({ labelClass, example: endpoint })
    classOf[i] = id
  }
  const find = (endpoint: EndpointFacts) => {
    const labelClass = labels.find(endpoint.labels)
    const id = labelClass === undefined ? -1 : ids.find(labelClass, natures.of(endpoint))
    return id === -1 ? undefined : id
  }
  return { classOf, list, find }
}

/** Gives endpoints numbers, the same to those that are alike in all but labels and addresses. */
class Natures {
  readonly #names = new TextPool()
  readonly #lists = new PairPool()
  readonly #kinds = new TextPool()
  readonly #ids = new PairPool()

  of(endpoint: EndpointFacts): number {
    const { kind, allInterfaces, ports, profiles } = endpoint
    let listed = 0
    for (let i = 0; i < profiles.length; i++) listed = 1 + this.#lists.intern(listed, this.#names.intern(profiles[i] as string))
    const own = kind === 'workload' ? 'w' : `${allInterfaces ? 'a' : 'h'}${failsafeText(endpoint)}`
    return this.#ids.intern(listed, this.#kinds.intern(ports.length === 0 ? own : `${own}${portsText(ports)}`))
  }
}

function portsText(ports: readonly NamedPort[]): string {
  return ports
    .map(({ name, protocol, port }) => `${name}:${protocol}:${port}`)
    .sort()
    .join()
}

const NONE: readonly never[] = []

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
