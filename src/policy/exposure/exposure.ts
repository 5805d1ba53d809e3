import type { Family } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'
import { type ConnectionSet, EVERYTHING, NOTHING } from '../connections/space.ts'
import { witness } from '../connections/witness.ts'
import { Engine } from '../core/engine.ts'
import type { Direction } from '../facts.ts'
import { type Side, walkSide } from '../interpreter/walk.ts'
import { criteriaAt, cut } from '../why/parts.ts'
import { tunnels } from '../why/traffic.ts'
import { rulePath } from '../words.ts'
import type { Endpoint, Policy, Profile, Rule, World } from '../world/world.ts'
import { imaginePeers, type Peer } from './peers.ts'

/** What endpoints that do not exist yet, or addresses outside, may do with endpoints that do: as far as these decide. */
export interface Exposure {
  readonly engine: Engine
  readonly rows: readonly ExposureRow[]
  /** Endpoints that anybody may reach with anything, whoever it is. */
  readonly unprotected: readonly Endpoint[]
}

export interface ExposureRow {
  /** As the endpoints see it: `ingress` from the peers, `egress` to them. */
  readonly direction: Direction
  readonly peers: readonly Peer[]
  /** Atoms of the address space. */
  readonly outside: readonly number[]
  /** Indexes in the world. */
  readonly endpoints: readonly number[]
  readonly allowed: ConnectionSet
  readonly unknown: ConnectionSet
  /** The rules that allow it; where nothing is allowed, those that deny it. */
  readonly by: readonly Decider[]
}

/** What decided: a rule, or the end of the rules of the policy or profile that came last. */
export interface Decider {
  readonly owner: Policy | Profile | undefined
  readonly rule: Rule | undefined
}

/**
 * Asks for each endpoint what peers that are not there yet could do (`reference/beyond.md 1.1, 4.2`): one without labels, one for each label that rules name,
 * and addresses outside. Labels that make no difference are left out.
 * @throws UserError when there are too many of both
 */
export function exposure(world: World, isAbout: (endpoint: Endpoint) => boolean): Exposure {
  const peers = imaginePeers(world)
  const wider: World = { ...world, endpoints: [...world.endpoints, ...peers.map(({ endpoint }) => endpoint)] }
  const engine = new Engine(wider)
  const subjects = subjectsOf(world, engine, isAbout)
  const atPeers = peers.map((_, at) => engine.places.ofEndpoint(world.endpoints.length + at))
  const outside = engine.places.list.flatMap(({ endpointClass }, place) => (endpointClass === undefined ? [place] : []))
  if (subjects.length * (peers.length + outside.length) > MOST_PAIRS) {
    throw new UserError('there are too many endpoints and labels to ask about at once', 'name a SUBJECT: an endpoint, a network, a selector')
  }
  const deciders = new Deciders(wider, engine)
  const rows = new Rows()
  const open = new Set(subjects.map(({ endpoints }) => endpoints).flat())
  for (const subject of subjects) {
    const { family } = subject
    for (const direction of ['ingress', 'egress'] as const) {
      const ask = (peer: number) => sideOf(engine, direction, subject, peer)
      const plain = atPeers[0]?.find((place) => engine.places.list[place]?.family === family)
      const usual = plain === undefined ? undefined : ask(plain)
      const add = (place: number, peer: Peer | undefined) => {
        const { allowed, unknown } = ask(place)
        const isUsual = usual?.allowed === allowed && usual.unknown === unknown
        // What a label changes nothing about is told by the peer without labels.
        if (peer && peer !== peers[0] && isUsual) return
        if (allowed === NOTHING && unknown === NOTHING && (!peer || peer === peers[0])) return
        rows.add({
          direction,
          peer,
          atom: peer ? undefined : (engine.places.list[place]?.atom ?? 0),
          subject,
          allowed,
          unknown,
          by: deciders.of(direction, subject, place, allowed),
        })
      }
      for (const [at, peer] of peers.entries()) {
        const place = atPeers[at]?.find((place) => engine.places.list[place]?.family === family)
        if (place !== undefined) add(place, peer)
      }
      for (const place of outside) if (engine.places.list[place]?.family === family) add(place, undefined)
      if (direction === 'egress') continue
      const all = [...atPeers.flat(), ...outside].filter((place) => engine.places.list[place]?.family === family)
      if (all.some((place) => ask(place).allowed !== EVERYTHING)) for (const endpoint of subject.endpoints) open.delete(endpoint)
    }
  }
  return { engine, rows: rows.list(), unprotected: [...open].sort((a, b) => a - b).flatMap((index) => world.endpoints[index] ?? []) }
}

// --- internal ---

/** So many pairs of a place and a peer are asked about. */
const MOST_PAIRS = 4_000_000
/** So many packets are followed to find deciding rules for each place; then one place stands for those with the same connections. */
const MOST_WALKS = 4_000

/** Endpoints at one place. */
interface Subject {
  readonly place: number
  readonly family: Family
  readonly endpoints: readonly number[]
  readonly example: Endpoint
  readonly address: number
}

function subjectsOf(world: World, engine: Engine, isAbout: (endpoint: Endpoint) => boolean): Subject[] {
  const found = new Map<number, { place: number; family: Family; endpoints: number[]; example: Endpoint; address: number }>()
  for (const [index, endpoint] of world.endpoints.entries()) {
    if (!isAbout(endpoint)) continue
    for (const [address, place] of engine.places.ofEndpoint(index).entries()) {
      const known = found.get(place)
      if (!known) found.set(place, { place, family: engine.places.list[place]?.family ?? 4, endpoints: [index], example: endpoint, address })
      else if (known.endpoints.at(-1) !== index) known.endpoints.push(index)
    }
  }
  return [...found.values()]
}

/** What an endpoint says about a peer; tunnels, which no workload may send, are no news. */
function sideOf(
  engine: Engine,
  direction: Direction,
  { place, example }: Subject,
  peer: number,
): { readonly allowed: ConnectionSet; readonly unknown: ConnectionSet } {
  const { space } = engine
  const said = direction === 'ingress' ? engine.oneSide('ingress', peer, place) : engine.oneSide('egress', place, peer)
  const { allowed, unknown } = said ?? { allowed: NOTHING, unknown: NOTHING }
  if (direction === 'ingress' || example.kind === 'host') return { allowed, unknown }
  const withTunnels = space.union(allowed, tunnels(space))
  return { allowed: withTunnels === EVERYTHING ? EVERYTHING : space.subtract(allowed, tunnels(space)), unknown }
}

/** Finds the rules that decide, by following packets. */
class Deciders {
  readonly #world: World
  readonly #engine: Engine
  readonly #criteria = new Map<string, ReadonlySet<ConnectionSet>>()
  readonly #known = new Map<string, readonly Decider[]>()
  #walks = 0

  constructor(world: World, engine: Engine) {
    this.#world = world
    this.#engine = engine
  }

  of(direction: Direction, subject: Subject, peer: number, allowed: ConnectionSet): readonly Decider[] {
    const coarse = `${direction}/${peer}/${allowed}`
    if (this.#walks > MOST_WALKS) {
      const known = this.#known.get(coarse)
      if (known) return known
    }
    const found = this.#find(direction, subject, peer, allowed)
    if (!this.#known.has(coarse)) this.#known.set(coarse, found)
    return found
  }

  // --- internal ---

  #find(direction: Direction, { place, example, address }: Subject, peer: number, allowed: ConnectionSet): readonly Decider[] {
    const { space } = this.#engine
    const own = [...example.addresses, ...(example.otherAddresses ?? [])][address]
    const other = this.#addressAt(peer)
    if (!own || !other) return []
    const { family } = own
    const key = `${direction}/${place}/${family}`
    let criteria = this.#criteria.get(key)
    if (!criteria) this.#criteria.set(key, (criteria = criteriaAt(space, this.#world, example, direction, family)))
    const quiet = direction === 'egress' && example.kind === 'workload' ? tunnels(space) : NOTHING
    const asked = space.subtract(allowed === NOTHING ? EVERYTHING : allowed, quiet)
    const found = new Map<string, Decider>()
    for (const part of cut(space, asked, criteria) ?? [asked]) {
      const header = witness(space, part)
      if (!header) continue
      this.#walks++
      const packet = direction === 'ingress' ? { ...header, source: other, destination: own } : { ...header, source: own, destination: other }
      const decider = deciderOf(walkSide(this.#world, example, direction, packet))
      found.set(keyOf(decider), decider)
    }
    return [...found.values()]
  }

  #addressAt(place: number) {
    const { places, atoms } = this.#engine
    const [member] = places.members(place)
    if (member) return this.#world.endpoints[member.endpoint]?.addresses[member.address]
    return atoms.sample(places.list[place]?.atom ?? 0, (ip) => places.isOwned(ip))
  }
}

function deciderOf({ layers }: Side): Decider {
  const last = layers.at(-1)
  if (last?.type === 'tier') return { owner: last.by?.policy ?? last.steps.at(-1)?.policy, rule: last.by?.rule }
  return last?.type === 'profile' ? { owner: last.profile, rule: last.by } : { owner: undefined, rule: undefined }
}

function keyOf({ owner, rule }: Decider): string {
  const name = owner ? `${owner.kind}/${'namespace' in owner ? (owner.namespace ?? '') : ''}/${owner.name}` : ''
  return `${name}/${rule ? rulePath(rule).join('.') : ''}`
}

interface Finding {
  readonly direction: Direction
  readonly peer: Peer | undefined
  readonly atom: number | undefined
  readonly subject: Subject
  readonly allowed: ConnectionSet
  readonly unknown: ConnectionSet
  readonly by: readonly Decider[]
}

/** Puts together findings about the same endpoints, then about the same peers. */
class Rows {
  readonly #byPeer = new Map<string, Finding & { readonly endpoints: number[]; readonly key: string }>()

  add(finding: Finding): void {
    const { direction, peer, atom, subject, allowed, unknown, by } = finding
    const key = `${direction}/${allowed}/${unknown}/${by.map(keyOf).join()}`
    const full = `${key}/${peer ? peer.endpoint.name : atom}`
    const known = this.#byPeer.get(full)
    if (known) known.endpoints.push(...subject.endpoints)
    else this.#byPeer.set(full, { ...finding, endpoints: [...subject.endpoints], key })
  }

  list(): ExposureRow[] {
    const rows = new Map<string, ExposureRow & { readonly peers: Peer[]; readonly outside: number[] }>()
    for (const { direction, peer, atom, endpoints, allowed, unknown, by, key } of this.#byPeer.values()) {
      const distinct = [...new Set(endpoints)].sort((a, b) => a - b)
      const full = `${key}/${distinct.join()}`
      let row = rows.get(full)
      if (!row) rows.set(full, (row = { direction, peers: [], outside: [], endpoints: distinct, allowed, unknown, by }))
      if (peer) row.peers.push(peer)
      else if (atom !== undefined) row.outside.push(atom)
    }
    return [...rows.values()]
  }
}
