import { containsNet, type Family, type Ip, type Net } from '../../model/net.ts'
import type { Engine } from '../core/engine.ts'
import type { Subject } from '../subject.ts'
import type { Endpoint, World } from '../world/world.ts'

/** Endpoints, or addresses outside, that nothing in the map tells apart. */
export interface Group {
  readonly kind: 'endpoints' | 'outside'
  /** Of a group of endpoints; each with the addresses by which it is in the group. */
  readonly members: readonly Member[]
  /** Of a group of addresses outside: the atoms of the address space that it consists of. */
  readonly atoms: readonly number[]
  /** Where it is in the engine: one place for each version of IP that stands for all. */
  readonly places: Readonly<Partial<Record<Family, number>>>
  /** Which of the parts of the question it belongs to, a bit each. */
  readonly focus: number
}

export interface Member {
  /** Its index in the world. */
  readonly index: number
  readonly endpoint: Endpoint
  readonly addresses: readonly Ip[]
}

/**
 * Sorts all that can be an end of a connection into groups. `classOf`: the places of the engine, by what the map says of them. `parts`: what the question is
 * about; a group is in each of them as a whole or not at all. Addresses outside of an IP version that no endpoint has are left out.
 */
export function groupEnds(world: World, engine: Engine, classOf: ArrayLike<number>, parts: readonly (Subject | undefined)[]): Group[] {
  const inPart = parts.map((part) => part && membership(part))
  const focusOf = (endpoint: Endpoint | undefined, ips: readonly (Ip | Net)[]) =>
    inPart.reduce<number>((bits, isIn, at) => (isIn?.(endpoint, ips) ? bits | (1 << at) : bits), 0)
  const found = new Map<string, { -readonly [K in keyof Group]: Group[K] } & { members: Member[]; atoms: number[] }>()
  const families = new Set<Family>()
  for (const [index, endpoint] of world.endpoints.entries()) {
    for (const { addresses, places } of appearances(endpoint, engine.places.ofEndpoint(index), classOf)) {
      const focus = focusOf(endpoint, addresses)
      const key = `${classAt(classOf, places[4])}/${classAt(classOf, places[6])}/${focus}`
      for (const { family } of addresses) families.add(family)
      const group = found.get(key)
      if (group) group.members.push({ index, endpoint, addresses })
      else found.set(key, { kind: 'endpoints', members: [{ index, endpoint, addresses }], atoms: [], places, focus })
    }
  }
  return [...found.values(), ...groupOutside(engine, classOf, families, (net) => focusOf(undefined, [net]))]
}

// --- internal ---

type Places = Partial<Record<Family, number>>

/** As what an endpoint appears: once for all of its addresses that are in the same classes, one of each IP version. */
function appearances(endpoint: Endpoint, placesOf: readonly number[], classOf: ArrayLike<number>): { addresses: Ip[]; places: Places }[] {
  const all = [...endpoint.addresses, ...(endpoint.otherAddresses ?? [])]
  const byFamily: Record<Family, Map<number, { place: number; addresses: Ip[] }>> = { 4: new Map(), 6: new Map() }
  for (const [at, ip] of all.entries()) {
    const place = placesOf[at] ?? 0
    const known = byFamily[ip.family].get(classOf[place] ?? 0)
    if (known) known.addresses.push(ip)
    else byFamily[ip.family].set(classOf[place] ?? 0, { place, addresses: [ip] })
  }
  const [four, six] = [[...byFamily[4].values()], [...byFamily[6].values()]]
  return Array.from({ length: Math.max(four.length, six.length) }, (_, at) => {
    const [v4, v6] = [four[at], six[at]]
    return {
      addresses: [...(v4?.addresses ?? []), ...(v6?.addresses ?? [])],
      places: { ...(v4 ? { 4: v4.place } : {}), ...(v6 ? { 6: v6.place } : {}) },
    }
  })
}

function classAt(classOf: ArrayLike<number>, place: number | undefined): number {
  return place === undefined ? -1 : (classOf[place] ?? -1)
}

/** Addresses outside by class; what is in no network is one group for both versions of IP. */
function groupOutside(engine: Engine, classOf: ArrayLike<number>, families: ReadonlySet<Family>, focusOf: (net: Net) => number): Group[] {
  const found = new Map<string, { kind: 'outside'; members: []; atoms: number[]; places: Places; focus: number }>()
  for (const [place, { endpointClass, atom, family }] of engine.places.list.entries()) {
    if (endpointClass !== undefined || !families.has(family)) continue
    const focus = focusOf(engine.atoms.netOf(atom))
    const key = `${classOf[place]}/${family}/${focus}`
    const group = found.get(key)
    if (group) group.atoms.push(atom)
    else found.set(key, { kind: 'outside', members: [], atoms: [atom], places: { [family]: place }, focus })
  }
  const groups = [...found.values()]
  const isRest = ({ atoms }: Group, family: Family) =>
    atoms.some((atom) => engine.atoms.netOf(atom).prefix === 0 && engine.atoms.familyOf(atom) === family)
  const [rest4, rest6] = ([4, 6] as const).map((family) => groups.find((group) => isRest(group, family)))
  if (!rest4 || !rest6 || rest4.focus !== rest6.focus) return groups
  const rest: Group = { ...rest4, atoms: [...rest4.atoms, ...rest6.atoms], places: { ...rest4.places, ...rest6.places } }
  return [...groups.filter((group) => group !== rest4 && group !== rest6), rest]
}

/** Whether an endpoint by some addresses, or a network outside, is meant by a subject. */
function membership(subject: Subject): (endpoint: Endpoint | undefined, ips: readonly (Ip | Net)[]) => boolean {
  if (subject.type === 'endpoint' || subject.type === 'group') {
    const meant = new Set<Endpoint>(subject.endpoints)
    return (endpoint) => endpoint !== undefined && meant.has(endpoint)
  }
  const nets = subject.type === 'address' ? [subject.net] : subject.nets
  return (_, ips) => ips.some((ip) => nets.some((net) => containsNet(net, ip)))
}
