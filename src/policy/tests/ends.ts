import { type Ip, maskNet, type Net, parseNet } from '../../model/net.ts'
import { Engine } from '../core/engine.ts'
import type { Subject } from '../subject.ts'
import type { Endpoint, World } from '../world/world.ts'

/** A world with the engine that answers about it. */
export interface Asked {
  readonly world: World
  readonly engine: Engine
}

/** `words`: all that will be asked about, as for `findSubject`: networks among them are told apart. */
export function askAbout(world: World, words: Iterable<string>): Asked {
  const nets = new Map<string, Net>()
  for (const word of words) {
    const net = parseNet(word)
    if (net) nets.set(word, net)
  }
  return { world, engine: new Engine(world, undefined, [...nets.values()].map(maskNet)) }
}

/** Where packets come from or go to: an address of an endpoint, or one outside. */
export interface Where {
  readonly endpoint: Endpoint | undefined
  readonly ip: Ip
}

/** Those of some subjects that are at one place: no rule tells them apart. */
export interface End {
  readonly place: number
  /** At least one, each endpoint once; outside, exactly one address stands for all. */
  readonly members: readonly Where[]
}

/** The places of subjects. `silent`: endpoints among them without an address, about which nothing can be told. */
export function endsOf(asked: Asked, subjects: readonly Subject[]): { readonly ends: readonly End[]; readonly silent: readonly Endpoint[] } {
  const { world, engine } = asked
  const byPlace = new Map<number, Map<Endpoint | undefined, Where>>()
  const silent = new Set<Endpoint>()
  const add = (place: number, endpoint: Endpoint | undefined, ip: Ip | undefined) => {
    let members = byPlace.get(place)
    if (!members) byPlace.set(place, (members = new Map()))
    if (ip && !members.has(endpoint)) members.set(endpoint, { endpoint, ip })
  }
  for (const subject of subjects) {
    if (subject.type === 'endpoint' || subject.type === 'group') {
      for (const endpoint of subject.endpoints) {
        const places = engine.places.ofEndpoint(indexesOf(world).get(endpoint) ?? -1)
        if (places.length === 0) silent.add(endpoint)
        for (const [number, place] of places.entries()) add(place, endpoint, addressOf(endpoint, number))
      }
      continue
    }
    const atoms = atomsOf(engine, subject.type === 'set' ? subject.nets : [subject.net])
    for (const [place, { atom, endpointClass }] of engine.places.list.entries()) {
      if (!atoms.has(atom)) continue
      if (endpointClass === undefined) add(place, undefined, outsideAddress(asked, atom))
      for (const { endpoint: index, address } of engine.places.members(place)) {
        const endpoint = world.endpoints[index]
        if (endpoint) add(place, endpoint, addressOf(endpoint, address))
      }
    }
  }
  const ends = [...byPlace].map(([place, members]) => ({ place, members: [...members.values()] }))
  return { ends: ends.filter(({ members }) => members.length > 0), silent: [...silent] }
}

// --- internal ---

const known = new WeakMap<World, ReadonlyMap<Endpoint, number>>()

function indexesOf(world: World): ReadonlyMap<Endpoint, number> {
  let indexes = known.get(world)
  if (!indexes) known.set(world, (indexes = new Map(world.endpoints.map((endpoint, index) => [endpoint, index]))))
  return indexes
}

function atomsOf({ atoms }: Engine, nets: readonly Net[]): ReadonlySet<number> {
  const found = new Set<number>()
  for (const net of nets) {
    const [first, last] = atoms.within(net)
    for (let atom = first; atom <= last; atom++) found.add(atom)
  }
  return found
}

function addressOf({ addresses, otherAddresses = [] }: Endpoint, number: number): Ip | undefined {
  return addresses[number] ?? otherAddresses[number - addresses.length]
}

/** An address of an atom that no endpoint has. There is one, at the beginning of a stretch or behind an address that is taken. */
function outsideAddress({ world, engine }: Asked, atom: number): Ip | undefined {
  const { atoms, places } = engine
  const isFree = (ip: Ip) => !places.isOwned(ip) && atoms.atomOf(ip) === atom
  const plain = atoms.sample(atom, (ip) => places.isOwned(ip))
  if (plain) return plain
  for (const { addresses } of world.endpoints) {
    for (const ip of addresses) {
      const next: Ip = ip.family === 4 ? { family: 4, value: ip.value + 1 } : { family: 6, value: ip.value + 1n }
      if (atoms.familyOf(atom) === ip.family && isFree(next)) return next
    }
  }
  return undefined
}
