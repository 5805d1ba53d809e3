import { type Ip, maskNet, type Net, parseNet } from '../../model/net.ts'
import { Engine } from '../core/engine.ts'
import type { Subject } from '../subject.ts'
import type { End } from '../why/examine.ts'
import { addressesOf, netsOf, numberEndpoints } from '../why/places.ts'
import type { Endpoint, World } from '../world/world.ts'

/** A world with the engine that answers about it. */
export interface Asked {
  readonly world: World
  /** The same, with nothing that is not understood: what it says is what is known. */
  readonly understood: World
  readonly engine: Engine
  /** Whether there are host endpoints, which may have a say about what they forward. */
  readonly withHosts: boolean
}

/** `words`: all that will be asked about, as for `findSubject`: networks among them are told apart. */
export function askAbout(world: World, words: Iterable<string>): Asked {
  const nets = new Map<string, Net>()
  for (const word of words) {
    const net = parseNet(word)
    if (net) nets.set(word, net)
  }
  const understood = world.setAside.length === 0 ? world : { ...world, setAside: [] }
  const withHosts = world.endpoints.some(({ kind }) => kind === 'host')
  return { world, understood, withHosts, engine: new Engine(world, undefined, { nets: [...nets.values()].map(maskNet) }) }
}

/** Those of some subjects that are at one place, and on one host where there are host endpoints: nothing tells them apart. */
export interface Ends {
  readonly place: number
  /** At least one, each endpoint once; outside, exactly one address stands for all. */
  readonly members: readonly End[]
}

/** The places of subjects. `silent`: endpoints among them without an address, about which nothing can be told. */
export function endsOf(asked: Asked, subjects: readonly Subject[]): { readonly ends: readonly Ends[]; readonly silent: readonly Endpoint[] } {
  const { world, engine } = asked
  const byPlace = new Map<string, { readonly place: number; readonly members: Map<Endpoint | undefined, End> }>()
  const silent = new Set<Endpoint>()
  const add = (place: number, endpoint: Endpoint | undefined, ip: Ip | undefined) => {
    const key = asked.withHosts ? `${place}/${endpoint?.node ?? ''}` : `${place}`
    let there = byPlace.get(key)
    if (!there) byPlace.set(key, (there = { place, members: new Map() }))
    if (ip && !there.members.has(endpoint)) there.members.set(endpoint, { endpoint, ip })
  }
  for (const subject of subjects) {
    if (subject.type === 'endpoint' || subject.type === 'group') {
      for (const endpoint of subject.endpoints) {
        const places = engine.places.ofEndpoint(indexesOf(world).get(endpoint) ?? -1)
        if (places.length === 0) silent.add(endpoint)
        for (const [number, place] of places.entries()) add(place, endpoint, addressesOf(endpoint)[number])
      }
      continue
    }
    const atoms = atomsOf(engine, netsOf(subject) ?? [])
    for (const [place, { atom, endpointClass }] of engine.places.list.entries()) {
      if (!atoms.has(atom)) continue
      if (endpointClass === undefined)
        add(
          place,
          undefined,
          engine.atoms.sample(atom, (ip) => engine.places.isOwned(ip)),
        )
      for (const { endpoint: index, address } of engine.places.members(place)) {
        const endpoint = world.endpoints[index]
        if (endpoint) add(place, endpoint, addressesOf(endpoint)[address])
      }
    }
  }
  const ends = [...byPlace.values()].map(({ place, members }) => ({ place, members: [...members.values()] }))
  return { ends: ends.filter(({ members }) => members.length > 0), silent: [...silent] }
}

// --- internal ---

const known = new WeakMap<World, ReadonlyMap<Endpoint, number>>()

function indexesOf(world: World): ReadonlyMap<Endpoint, number> {
  let indexes = known.get(world)
  if (!indexes) known.set(world, (indexes = numberEndpoints(world)))
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
