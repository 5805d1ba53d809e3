import { UDP } from '../connections/packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import { type Bits, boundsOf, noBits } from './bits.ts'
import { FAILSAFE, IP_IN_IP, VXLAN_PORT } from '../failsafe.ts'
import type { Group } from './groups.ts'
import type { EndMatch, Matches, Step } from './matches.ts'
import type { Outcomes } from './outcomes.ts'

/** What a group of rules says about packets between an endpoint and each place: outcomes, in the order of places. */
export type Answers = Int32Array

/** Follows rules for all peers of one family at once. */
export class Runner {
  readonly #matches: Matches
  readonly #outcomes: Outcomes
  readonly #rows: Rows

  constructor(matches: Matches, outcomes: Outcomes) {
    this.#matches = matches
    this.#outcomes = outcomes
    this.#rows = new Rows(noBits(matches.size).length)
  }

  /** What a group's rules say. `own[i]`: with which headers the endpoint itself fulfils rule i of those about itself. */
  run(group: Group, family: 4 | 6, own: readonly ConnectionSet[]): Answers {
    const [matches, rows] = [this.#matches, this.#rows]
    const { space } = matches
    const peers = matches.ofFamily(family)
    rows.clear()
    let parts: Part[] = [{ row: rows.add(peers, 0), ...boundsOf(peers), ...always(space, group), passed: NOTHING }]
    const ownHeaders = new Map(group.aboutItself.map((rule, index) => [rule, own[index] ?? NOTHING]))
    for (const { rules, end } of group.stages) {
      for (const rule of rules) {
        const step = matches.step(rule, group.direction, family)
        if (step.matches.length === 0) continue
        const headers = ownHeaders.size === 0 ? step.headers : space.intersect(step.headers, ownHeaders.get(rule) ?? EVERYTHING)
        if (headers !== NOTHING) for (const match of step.matches) apply(space, rows, parts, step, match, space.intersect(headers, match.headers))
      }
      for (const part of parts) finish(space, part, end)
      if (parts.every((part) => part.open === NOTHING)) break
      if (parts.length > MANY) parts = merge(rows, parts)
    }
    const answers = new Int32Array(matches.size)
    for (const part of parts) rows.fill(part, answers, this.#outcomes.intern(part.allowed, space.union(part.denied, part.open)))
    return answers
  }
}

/** What holds before any policy and for all peers alike: default failsafe ports of hosts, tunnels that workloads must not build (`reference/felix.md 1.4, 1.7`). */
export function always(space: ConnectionSpace, group: Pick<Group, 'kind' | 'direction' | 'ownFailsafe'>): Pick<Part, 'allowed' | 'denied' | 'open'> {
  let [allowed, denied] = [NOTHING, NOTHING]
  if (group.kind === 'host' && group.ownFailsafe) allowed = NOTHING
  else if (group.kind === 'host')
    for (const [protocol, port] of FAILSAFE[group.direction]) allowed = space.union(allowed, toPort(space, protocol, port))
  else if (group.direction === 'egress') denied = space.union(toPort(space, UDP, VXLAN_PORT), space.protocol(IP_IN_IP))
  return { allowed, denied, open: space.complement(space.union(allowed, denied)) }
}

// --- internal ---

/** Above as many parts it pays to put together those that came to the same. */
const MANY = 16

/** Peers for which the rules came to the same so far. The four sets may overlap where a rule may match or not. */
interface Part {
  /** Which peers: a row of `Rows`. */
  readonly row: number
  /** First and last word of the row that is not empty. */
  first: number
  last: number
  allowed: ConnectionSet
  denied: ConnectionSet
  /** Not yet decided. */
  open: ConnectionSet
  /** Passed on by a rule, to what follows the stage. */
  passed: ConnectionSet
}

/** Sets of places for one run after another, all in one piece of memory: there are many, and each is soon forgotten. */
class Rows {
  readonly #width: number
  #words: Uint32Array
  #count = 0

  constructor(width: number) {
    this.#width = Math.max(1, width)
    this.#words = new Uint32Array(64 * this.#width)
  }

  clear(): void {
    this.#count = 0
  }

  /** Copies a set in, from the words at an offset. */
  add(bits: Bits, offset: number): number {
    const row = this.#count++
    if (this.#count * this.#width > this.#words.length) {
      const words = new Uint32Array(2 * this.#words.length)
      words.set(this.#words)
      this.#words = words
    }
    for (let i = 0; i < this.#width; i++) this.#words[row * this.#width + i] = bits[offset + i] ?? 0
    return row
  }

  /** How much of a part is in a match. */
  share(part: Part, match: EndMatch): 'none' | 'some' | 'all' {
    const [words, at, places] = [this.#words, part.row * this.#width, match.places]
    const [first, last] = [Math.max(part.first, match.first), Math.min(part.last, match.last)]
    let inside = false
    let outside = part.first < first || part.last > last
    for (let i = first; i <= last; i++) {
      const word = (words[at + i] ?? 0) | 0
      const both = word & (places[i] ?? 0)
      if (both !== 0) inside = true
      if (both !== word) outside = true
      if (inside && outside) return 'some'
    }
    return inside ? 'all' : 'none'
  }

  /** Leaves in a part what is in a set too, and returns the rest of it as another part. */
  splitOff(part: Part, places: Bits): Part {
    const from = part.row * this.#width
    const row = this.add(this.#words, from)
    const [words, to] = [this.#words, row * this.#width]
    for (let i = part.first; i <= part.last; i++) {
      const both = (words[from + i] ?? 0) & (places[i] ?? 0)
      words[from + i] = both
      words[to + i] = (words[to + i] ?? 0) ^ both
    }
    const { first, last, allowed, denied, open, passed } = part
    const rest: Part = { row, first, last, allowed, denied, open, passed }
    this.#narrow(part)
    this.#narrow(rest)
    return rest
  }

  /** Adds the places of another part. */
  unite(part: Part, other: Part): void {
    const [to, from] = [part.row * this.#width, other.row * this.#width]
    for (let i = other.first; i <= other.last; i++) this.#words[to + i] = (this.#words[to + i] ?? 0) | (this.#words[from + i] ?? 0)
    part.first = Math.min(part.first, other.first)
    part.last = Math.max(part.last, other.last)
  }

  /** Gives each place of a part a value. */
  fill({ row, first, last }: Part, into: Int32Array, value: number): void {
    for (let i = first; i <= last; i++) {
      for (let word = this.#words[row * this.#width + i] ?? 0; word !== 0; word &= word - 1) into[(i << 5) + 31 - Math.clz32(word & -word)] = value
    }
  }

  #narrow(part: Part): void {
    const at = part.row * this.#width
    while (part.first <= part.last && this.#words[at + part.first] === 0) part.first++
    while (part.last >= part.first && this.#words[at + part.last] === 0) part.last--
  }
}

/** Lets a rule decide for the peers of a match; a part that has some of them is cut in two. */
function apply(space: ConnectionSpace, rows: Rows, parts: Part[], step: Step, match: EndMatch, headers: ConnectionSet): void {
  if (headers === NOTHING) return
  const count = parts.length
  // Parts often have the same left open as the one before.
  let [open, hit] = [NOTHING, NOTHING]
  for (let i = 0; i < count; i++) {
    const part = parts[i]
    if (!part || part.open === NOTHING || part.first > match.last || part.last < match.first) continue
    if (part.open !== open) {
      open = part.open
      hit = space.intersect(open, headers)
    }
    if (hit === NOTHING) continue
    const shared = rows.share(part, match)
    if (shared === 'none') continue
    if (shared === 'some') parts.push(rows.splitOff(part, match.places))
    decide(space, part, step, hit)
  }
}

function decide(space: ConnectionSpace, part: Part, { action, maybe }: Step, hit: ConnectionSet): void {
  if (action === 'Allow') part.allowed = space.union(part.allowed, hit)
  else if (action === 'Deny') part.denied = space.union(part.denied, hit)
  else part.passed = space.union(part.passed, hit)
  if (!maybe) part.open = space.subtract(part.open, hit)
}

function finish(space: ConnectionSpace, part: Part, end: 'Deny' | 'Pass'): void {
  if (end === 'Deny') {
    part.denied = space.union(part.denied, part.open)
    part.open = part.passed
  } else part.open = space.union(part.open, part.passed)
  part.passed = NOTHING
}

/** Puts together parts that came to the same; only after `finish`, when nothing is passed on. */
function merge(rows: Rows, parts: readonly Part[]): Part[] {
  const merged = new Map<string, Part>()
  for (const part of parts) {
    const key = `${part.allowed},${part.denied},${part.open}`
    const same = merged.get(key)
    if (same) rows.unite(same, part)
    else merged.set(key, part)
  }
  return [...merged.values()]
}

function toPort(space: ConnectionSpace, protocol: number, port: number): ConnectionSet {
  return space.ports(protocol, [0, 65_535], [port, port])
}
