import { type Family, formatIp, type Ip, type Net } from '../../model/net.ts'
import { type ConnectionSet, ConnectionSpace } from '../connections/space.ts'
import { witness } from '../connections/witness.ts'
import type { Packet } from '../interpreter/packet.ts'
import { type Walk, walk } from '../interpreter/walk.ts'
import { isWithinHost } from '../why/examine.ts'
import { type Outside, outsideOf } from '../reach/outside.ts'
import type { Endpoint, World } from '../world/world.ts'
import { type Change, findChanges, type Presence, presenceOf, type State } from './changes.ts'
import { type DecisionPair, decisionsOf } from './decision.ts'
import type { Joint, JointEndpoint, JointPlace, Member } from './joint.ts'
import { type Pair, pairOf } from './pair.ts'

/** What becomes of packets when one world takes the place of another. */
export interface Comparison {
  /** In which the connection sets of rows are. */
  readonly space: ConnectionSpace
  /** All endpoints of both worlds. */
  readonly endpoints: readonly JointEndpoint[]
  /** Every header between two ends that fares differently is in exactly one row; what is in no row fares as before. */
  readonly rows: readonly Row[]
  /** The network, of those that rules of either world name, in which an address lies. */
  netOf(ip: Ip): Net
}

/** Headers that fare differently between each of some sources and each of some destinations. */
export interface Row {
  readonly before: State
  readonly after: State
  readonly source: Group
  readonly destination: Group
  /** Versions of IP. */
  readonly families: readonly Family[]
  readonly connections: ConnectionSet
  readonly witness: Witness
}

/** Endpoints, and addresses that no endpoint has on either side. */
export interface Group {
  /** Whether the endpoints are on both sides; where they are not, nothing passes. */
  readonly presence: Presence
  readonly endpoints: readonly JointEndpoint[]
  /** The addresses by which the endpoints are meant. */
  readonly members: readonly Member[]
  /** Whether some of the endpoints have further addresses, of the same version of IP, by which they are not meant. */
  readonly partial: boolean
  /** Undefined when there are none. */
  readonly outside: Outside | undefined
}

/** A packet of a row, followed through both worlds by the interpreter. */
export interface Witness {
  /** Undefined on a side where one of its endpoints is not there. */
  readonly before: Walk | undefined
  readonly after: Walk | undefined
  readonly source: Endpoint | undefined
  readonly destination: Endpoint | undefined
  /** As it is after; before, where it can only be sent then. */
  readonly packet: Packet
  readonly decisions: readonly DecisionPair[]
}

/**
 * Compares what two worlds let through (`reference/beyond.md 4.2`, semantic diff). Endpoints are the same by their id, even at another address. From and to
 * an endpoint that is not there nothing passes. The witness of every row has been followed through both worlds.
 * @throws Error when the two engines contradict each other: a fault of this program
 */
export function compareWorlds(before: World, after: World): Comparison {
  const space = new ConnectionSpace()
  const pair = pairOf(before, after, space)
  const { joint } = pair
  const drafts = findChanges(space, joint, pair.before, pair.after).map((change) => draftOf(joint, change))
  const outside = joint.places.flatMap((place) => place.outside?.atom ?? [])
  const rows = acrossFamilies(drafts).flatMap((draft) => rowOf({ ...pair, space, outside }, draft) ?? [])
  const netOf = (ip: Ip) => joint.atoms.netOf(joint.atoms.atomOf(ip))
  return { space, endpoints: joint.endpoints, rows: rows.sort(byWeight), netOf }
}

// --- internal ---

interface Sides extends Pair {
  readonly space: ConnectionSpace
  /** All atoms with addresses that no endpoint has. */
  readonly outside: readonly number[]
}

/** A row in the making. Changes of IPv4 and IPv6 that are the same between the same endpoints are one. */
interface Draft {
  readonly key: string
  readonly changes: readonly Change[]
  readonly families: readonly Family[]
  readonly source: Ends
  readonly destination: Ends
}

interface Ends {
  readonly presence: Presence
  readonly endpoints: readonly JointEndpoint[]
  readonly members: readonly Member[]
  readonly atoms: readonly number[]
}

function draftOf(joint: Joint, whole: Change): Draft {
  const change = withoutSelf(joint, whole)
  const [source, destination] = [endsOf(joint, change.sources), endsOf(joint, change.destinations)]
  const text = ({ presence, endpoints }: Ends) => `${presence}${endpoints.map(({ index }) => index).join()}`
  const key = `${change.before}/${change.after}/${change.connections}/${text(source)}/${text(destination)}`
  return { key, changes: [change], families: [joint.places[whole.sources[0] ?? 0]?.family ?? 4], source, destination }
}

/** Where one side is a single endpoint, it is not among the other side: what it sends to itself does not leave it. */
function withoutSelf({ places }: Joint, change: Change): Change {
  const only = (numbers: readonly number[]) => {
    const endpoints = new Set<JointEndpoint | undefined>()
    for (const number of numbers) {
      const { members = [] } = places[number] ?? {}
      for (const { endpoint } of members) endpoints.add(endpoint)
      if (members.length === 0 || endpoints.size > 1) return undefined
    }
    return [...endpoints][0]
  }
  const without = (numbers: readonly number[], single: JointEndpoint | undefined) =>
    single ? numbers.filter((number) => only([number]) !== single) : numbers
  const { sources, destinations } = change
  return { ...change, sources: without(sources, only(destinations)), destinations: without(destinations, only(sources)) }
}

function endsOf({ places }: Joint, numbers: readonly number[]): Ends {
  const found = numbers.flatMap((number) => places[number] ?? [])
  const members = found.flatMap((place) => place.members)
  const endpoints = [...new Set(members.map(({ endpoint }) => endpoint))].sort((a, b) => a.index - b.index)
  const atoms = found.flatMap(({ outside }) => (outside ? [outside.atom] : []))
  return { presence: found[0] ? presenceOf(found[0]) : 'both', endpoints, members, atoms }
}

/** Puts those of IPv4 and of IPv6 together that are otherwise the same. */
function acrossFamilies(drafts: readonly Draft[]): readonly Draft[] {
  const byKey = new Map<string, Draft[]>()
  for (const draft of drafts) {
    const same = byKey.get(draft.key)
    if (same) same.push(draft)
    else byKey.set(draft.key, [draft])
  }
  return [...byKey.values()].flatMap((same) => {
    const [a, b] = same
    if (same.length !== 2 || !a || !b || a.families[0] === b.families[0]) return same
    const join = (x: Ends, y: Ends): Ends => ({ ...x, members: [...x.members, ...y.members], atoms: [...x.atoms, ...y.atoms] })
    const changes = [...a.changes, ...b.changes]
    return [{ key: a.key, changes, families: [4, 6], source: join(a.source, b.source), destination: join(a.destination, b.destination) }]
  })
}

/** Undefined when nothing but packets that policy has no say in fares differently: from an endpoint to itself, or between a host and its own workloads. */
function rowOf(sides: Sides, { changes, families, source, destination }: Draft): Row | undefined {
  for (const change of changes) {
    const example = exampleOf(sides.joint, change)
    if (!example) continue
    const { before, after, connections } = change
    const ends = { source: groupOf(sides, source, families), destination: groupOf(sides, destination, families) }
    return { before, after, ...ends, families, connections, witness: replay(sides, change, example) }
  }
  return undefined
}

function groupOf({ joint, outside }: Sides, { presence, endpoints, members, atoms }: Ends, families: readonly Family[]): Group {
  const chosen = new Set(atoms)
  const rest = outside.filter((atom) => !chosen.has(atom))
  const all = endpoints.reduce((sum, endpoint) => sum + countAddresses(endpoint, families), 0)
  return {
    presence,
    endpoints,
    members,
    partial: members.length < all,
    outside: atoms.length === 0 ? undefined : outsideOf(joint.atoms, [atoms, rest])[0],
  }
}

function countAddresses({ before, after }: JointEndpoint, families: readonly Family[]): number {
  const { addresses = [], otherAddresses = [] } = after ?? before ?? {}
  return [...addresses, ...otherAddresses].filter(({ family }) => families.includes(family)).length
}

/** One end of a packet, on both sides. */
interface End {
  readonly endpoint: JointEndpoint | undefined
  readonly before: Ip | undefined
  readonly after: Ip | undefined
}

/** A source and a destination of a change that policy stands between. */
function exampleOf({ places }: Joint, { sources, destinations }: Change): readonly [End, End] | undefined {
  for (const from of sources) {
    for (const source of endsAt(places[from])) {
      for (const to of destinations) {
        for (const destination of endsAt(places[to])) {
          if (!isAtOnce(source.endpoint, destination.endpoint)) return [source, destination]
        }
      }
    }
  }
  return undefined
}

/** The same endpoint, or a host and what is on it. */
function isAtOnce(from: JointEndpoint | undefined, to: JointEndpoint | undefined): boolean {
  if (!from || !to) return false
  return (
    from === to || isWithinHost(from.before ?? from.after, to.before ?? to.after) || isWithinHost(from.after ?? from.before, to.after ?? to.before)
  )
}

function endsAt(place: JointPlace | undefined): readonly End[] {
  if (!place?.outside) return place?.members ?? []
  const { ip } = place.outside
  return [{ endpoint: undefined, before: ip, after: ip }]
}

/** Follows a packet of a change through both worlds. @throws Error when the interpreter does not agree */
function replay(sides: Sides, change: Change, [source, destination]: readonly [End, End]): Witness {
  const header = witness(sides.space, change.connections)
  if (!header) throw new Error('a change of no connections')
  const through = (side: 'before' | 'after'): Walk | undefined => {
    const [from, to] = [source[side], destination[side]]
    const walked =
      from && to && walk(sides[side].world, source.endpoint?.[side], destination.endpoint?.[side], { ...header, source: from, destination: to })
    const verdict = walked?.verdict ?? 'deny'
    if (verdict === change[side]) return walked
    const packet = `${JSON.stringify(header)} from ${from ? formatIp(from) : '-'} to ${to ? formatIp(to) : '-'}`
    throw new Error(`the engines disagree about a packet ${packet} ${side}: ${change[side]} and ${verdict}`)
  }
  const [before, after] = [through('before'), through('after')]
  const packet = (after ?? before)?.packet
  if (!packet) throw new Error('a change between endpoints that are never there together')
  const side = after ? 'after' : 'before'
  return {
    before,
    after,
    packet,
    source: source.endpoint?.[side],
    destination: destination.endpoint?.[side],
    decisions: decisionsOf(before, after),
  }
}

/** What concerns most pairs comes first; a loss before a gain. */
function byWeight(a: Row, b: Row): number {
  return weightOf(b) - weightOf(a) || Number(a.after === 'allow') - Number(b.after === 'allow')
}

function weightOf({ source, destination }: Row): number {
  const size = ({ endpoints, outside }: Group) => endpoints.length + (outside ? 1 : 0)
  return size(source) * size(destination)
}
