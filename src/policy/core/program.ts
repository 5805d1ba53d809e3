import { UDP } from '../connections/packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import { addBits, type Bits, eachBit, share } from './bits.ts'
import type { RuleFacts } from '../facts.ts'
import { FAILSAFE, IP_IN_IP, VXLAN_PORT } from '../failsafe.ts'
import type { Group } from './groups.ts'
import type { EndMatch, Matches } from './matches.ts'

/**
 * What a group of rules says about packets between an endpoint and each place: those that may be allowed, and those that may be denied. A header in
 * both cannot be told; in most worlds there is none.
 */
export interface Answers {
  readonly allowed: Int32Array
  /** Undefined when everything can be told: what is not allowed is denied. */
  readonly denied: Int32Array | undefined
}

/** Follows a group's rules for all peers of one family at once. `own[i]`: with which headers the endpoint itself fulfils rule i of those about itself. */
export function run(space: ConnectionSpace, matches: Matches, group: Group, family: 4 | 6, own: readonly ConnectionSet[], size: number): Answers {
  const before = always(space, group)
  const peers = matches.ofFamily(family)
  let parts: Part[] = [{ places: peers.slice(), ...before, passed: NOTHING }]
  const ownHeaders = new Map(group.aboutItself.map((rule, index) => [rule, own[index] ?? NOTHING]))
  const peerSide = group.direction === 'ingress' ? 'source' : 'destination'
  for (const { rules, end } of group.stages) {
    for (const rule of rules) {
      if (rule.action === 'Log') continue
      const headers = space.intersect(matches.headers(rule, family), ownHeaders.get(rule) ?? EVERYTHING)
      if (headers !== NOTHING) for (const match of matches.end(rule[peerSide], peerSide)) apply(space, parts, rule, match, headers)
    }
    for (const part of parts) finish(space, part, end)
    if (parts.length > 4) parts = merge(parts)
    if (parts.every((part) => part.open === NOTHING)) break
  }
  for (const part of parts) part.denied = space.union(part.denied, part.open)
  return answer(space, parts, size)
}

/** What holds before any policy: failsafe ports of hosts, tunnels that workloads must not build (`reference/felix.md 1.4, 1.7`). */
export function always(space: ConnectionSpace, group: Pick<Group, 'kind' | 'direction'>): Pick<Part, 'allowed' | 'denied' | 'open'> {
  let [allowed, denied] = [NOTHING, NOTHING]
  if (group.kind === 'host') for (const [protocol, port] of FAILSAFE[group.direction]) allowed = space.union(allowed, toPort(space, protocol, port))
  else if (group.direction === 'egress') denied = space.union(toPort(space, UDP, VXLAN_PORT), space.protocol(IP_IN_IP))
  return { allowed, denied, open: space.complement(space.union(allowed, denied)) }
}

// --- internal ---

/** Peers for which the rules came to the same so far. The four sets may overlap where a rule may match or not. */
interface Part {
  readonly places: Bits
  allowed: ConnectionSet
  denied: ConnectionSet
  /** Not yet decided. */
  open: ConnectionSet
  /** Passed on by a rule, to what follows the stage. */
  passed: ConnectionSet
}

function apply(space: ConnectionSpace, parts: Part[], rule: RuleFacts, match: EndMatch, ruleHeaders: ConnectionSet): void {
  const headers = space.intersect(ruleHeaders, match.headers)
  if (headers === NOTHING) return
  const count = parts.length
  for (let i = 0; i < count; i++) {
    const part = parts[i]
    if (!part || part.open === NOTHING) continue
    const hit = space.intersect(part.open, headers)
    if (hit === NOTHING) continue
    const shared = share(part.places, match.places)
    if (shared === 'none') continue
    if (shared === 'all') {
      decide(space, part, rule, hit)
      continue
    }
    const inside = { ...part, places: new Uint32Array(part.places.length) }
    for (let word = 0; word < part.places.length; word++) {
      const both = (part.places[word] ?? 0) & (match.places[word] ?? 0)
      inside.places[word] = both
      part.places[word] = (part.places[word] ?? 0) ^ both
    }
    decide(space, inside, rule, hit)
    parts.push(inside)
  }
}

function decide(space: ConnectionSpace, part: Part, rule: RuleFacts, hit: ConnectionSet): void {
  if (rule.action === 'Allow') part.allowed = space.union(part.allowed, hit)
  else if (rule.action === 'Deny') part.denied = space.union(part.denied, hit)
  else part.passed = space.union(part.passed, hit)
  if (!rule.maybe) part.open = space.subtract(part.open, hit)
}

function finish(space: ConnectionSpace, part: Part, end: 'Deny' | 'Pass'): void {
  if (end === 'Deny') {
    part.denied = space.union(part.denied, part.open)
    part.open = part.passed
  } else part.open = space.union(part.open, part.passed)
  part.passed = NOTHING
}

/** Puts together parts that came to the same. */
function merge(parts: readonly Part[]): Part[] {
  const merged = new Map<string, Part>()
  for (const part of parts) {
    const key = `${part.allowed},${part.denied},${part.open}`
    const same = merged.get(key)
    if (same) addBits(same.places, part.places)
    else merged.set(key, part)
  }
  return [...merged.values()]
}

function answer(space: ConnectionSpace, parts: readonly Part[], size: number): Answers {
  const certain = parts.every(({ allowed, denied }) => space.intersect(allowed, denied) === NOTHING)
  const allowed = new Int32Array(size)
  const denied = certain ? undefined : new Int32Array(size)
  for (const part of parts) {
    eachBit(part.places, (place) => {
      allowed[place] = part.allowed
      if (denied) denied[place] = part.denied
    })
  }
  return { allowed, denied }
}

function toPort(space: ConnectionSpace, protocol: number, port: number): ConnectionSet {
  return space.ports(protocol, [0, 65_535], [port, port])
}
