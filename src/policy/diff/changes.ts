import { type ConnectionSet, type ConnectionSpace, NOTHING } from '../connections/space.ts'
import { type Bits, eachBit, noBits, setBit } from '../core/bits.ts'
import type { Verdict } from '../core/engine.ts'
import { OPEN } from '../core/outcomes.ts'
import type { Answers } from '../core/program.ts'
import type { Direction } from '../facts.ts'
import type { Joint, JointPlace, Sided } from './joint.ts'

/** What happens to a header: `allow`, `deny`, or `unknown` when it cannot be told. */
export type State = 'allow' | 'deny' | 'unknown'

/** Headers that fare differently, between every one of the sources and every one of the destinations. */
export interface Change {
  readonly before: State
  readonly after: State
  readonly connections: ConnectionSet
  /** Numbers of joint places, all of one version of IP and of one `presence`. */
  readonly sources: readonly number[]
  readonly destinations: readonly number[]
}

/** Whether endpoints are there on both sides, or appear, or disappear. Addresses outside are always there. */
export type Presence = 'both' | 'new' | 'gone'

/** All that fares differently between joint places. Nothing is compared twice, and nothing where the rules at both ends say the same on both sides. */
export function findChanges(space: ConnectionSpace, joint: Joint, before: Sided, after: Sided): Change[] {
  const { places } = joint
  const candidates = new Candidates(joint, before, after)
  const values = new Values(space)
  const cells: { value: number; source: number; destination: number }[] = []
  for (const [source, from] of places.entries()) {
    eachBit(candidates.ofSource(source), (destination) => {
      const to = places[destination]
      if (!to || to.family !== from.family) return
      const a = verdictOf(before, from.before, to.before)
      const b = verdictOf(after, from.after, to.after)
      for (const value of values.of(a, b, from, to)) cells.push({ value, source, destination })
    })
  }
  const byValue = new Map<number, Map<number, number[]>>()
  for (const { value, source, destination } of cells) {
    let rows = byValue.get(value)
    if (!rows) byValue.set(value, (rows = new Map()))
    const row = rows.get(source)
    if (row) row.push(destination)
    else rows.set(source, [destination])
  }
  return [...byValue].flatMap(([value, rows]) => coverOf(rows).map((block) => ({ ...values.get(value), ...block })))
}

export function presenceOf({ before, after }: { readonly before: unknown; readonly after: unknown }): Presence {
  return before === undefined ? 'new' : after === undefined ? 'gone' : 'both'
}

// --- internal ---

const NO_VERDICT: Verdict = { allowed: NOTHING, unknown: NOTHING }

/** To and from an endpoint that is not there nothing passes. */
function verdictOf({ engine }: Sided, source: number | undefined, destination: number | undefined): Verdict {
  return source === undefined || destination === undefined ? NO_VERDICT : engine.verdict(source, destination)
}

/** Pairs of places whose verdicts may differ, because the rules at one of their ends do not say the same. */
class Candidates {
  readonly #size: number
  readonly #all: Bits
  readonly #isOneSided: readonly boolean[]
  /** Per direction: for each place the peers about which its rules say something else; undefined when there are none. */
  readonly #peers: Readonly<Record<Direction, (Bits | undefined)[]>>
  readonly #ingressChanged: readonly number[]

  constructor({ places }: Joint, before: Sided, after: Sided) {
    this.#size = places.length
    this.#all = noBits(this.#size)
    for (let i = 0; i < this.#size; i++) setBit(this.#all, i)
    this.#isOneSided = places.map((place) => presenceOf(place) !== 'both')
    const numbers = [Int32Array.from(places, (place) => place.before ?? -1), Int32Array.from(places, (place) => place.after ?? -1)] as const
    const changed = (direction: Direction) => {
      const known = new Map<Answers | undefined, Map<Answers | undefined, Bits | undefined>>()
      return places.map((place) => {
        if (place.before === undefined || place.after === undefined) return undefined
        const [a, b] = [before.engine.answersAt(direction, place.before), after.engine.answersAt(direction, place.after)]
        let forA = known.get(a)
        if (!forA) known.set(a, (forA = new Map()))
        if (!forA.has(b)) forA.set(b, differing(numbers, a, b))
        return forA.get(b)
      })
    }
    this.#peers = { egress: changed('egress'), ingress: changed('ingress') }
    const ends = [...this.#isOneSided.keys()]
    this.#ingressChanged = ends.filter((place) => this.#isOneSided[place] || this.#peers.ingress[place] !== undefined)
  }

  /** The destinations for which a packet from a source may fare differently. */
  ofSource(source: number): Bits {
    if (this.#isOneSided[source]) return this.#all
    const found = this.#peers.egress[source]?.slice() ?? noBits(this.#size)
    for (const destination of this.#ingressChanged) {
      const peers = this.#peers.ingress[destination]
      if (this.#isOneSided[destination] || (peers && ((peers[source >>> 5] ?? 0) >>> (source & 31)) & 1)) setBit(found, destination)
    }
    return found
  }
}

/** The peers about which two lists of answers do not say the same; undefined when there are none. `numbers`: of each joint place, those on either side, or -1. */
function differing([befores, afters]: readonly [Int32Array, Int32Array], before: Answers | undefined, after: Answers | undefined): Bits | undefined {
  if (before === after) return undefined
  let found: Bits | undefined
  for (let index = 0; index < befores.length; index++) {
    const a = befores[index] ?? -1
    const b = afters[index] ?? -1
    // Where there are no answers, no rule acts.
    if (a !== -1 && b !== -1 && (before?.about(a) ?? OPEN) !== (after?.about(b) ?? OPEN)) setBit((found ??= noBits(befores.length)), index)
  }
  return found
}

type Value = Omit<Change, 'sources' | 'destinations'>

/** What two verdicts differ in, each different answer with one number. */
class Values {
  readonly #space: ConnectionSpace
  readonly #list: Value[] = []
  readonly #ids = new Map<string, number>()
  /** By the nature of the ends, then by verdict before and after. */
  readonly #ofVerdicts = new Map<string, Map<Verdict, Map<Verdict, readonly number[]>>>()

  constructor(space: ConnectionSpace) {
    this.#space = space
  }

  get(value: number): Value {
    return this.#list[value] as Value
  }

  /** Values of different versions of IP, or of endpoints of different presence, are never the same. */
  of(before: Verdict, after: Verdict, from: JointPlace, to: JointPlace): readonly number[] {
    if (before.allowed === after.allowed && before.unknown === after.unknown) return SAME
    const nature = `${from.family}/${presenceOf(from)}/${presenceOf(to)}`
    let ofNature = this.#ofVerdicts.get(nature)
    if (!ofNature) this.#ofVerdicts.set(nature, (ofNature = new Map()))
    let ofBefore = ofNature.get(before)
    if (!ofBefore) ofNature.set(before, (ofBefore = new Map()))
    let found = ofBefore.get(after)
    if (!found) ofBefore.set(after, (found = this.#compute(before, after).map((value) => this.#intern(nature, value))))
    return found
  }

  // --- internal ---

  #compute(before: Verdict, after: Verdict): Value[] {
    const values: Value[] = []
    const [from, to] = [this.#states(before), this.#states(after)]
    for (const [a, x] of from) {
      for (const [b, y] of to) {
        const connections = a === b ? NOTHING : this.#space.intersect(x, y)
        if (connections !== NOTHING) values.push({ before: a, after: b, connections })
      }
    }
    return values
  }

  #states({ allowed, unknown }: Verdict): readonly (readonly [State, ConnectionSet])[] {
    return [
      ['allow', allowed],
      ['deny', this.#space.complement(this.#space.union(allowed, unknown))],
      ['unknown', unknown],
    ]
  }

  #intern(nature: string, value: Value): number {
    const key = `${nature}/${value.before}/${value.after}/${value.connections}`
    let id = this.#ids.get(key)
    if (id === undefined) {
      id = this.#list.length
      this.#ids.set(key, id)
      this.#list.push(value)
    }
    return id
  }
}

const SAME: readonly number[] = []

type Block = Pick<Change, 'sources' | 'destinations'>

/** Few pairs of lists that together are exactly a relation: sources with the same destinations are put together, or the other way round. */
function coverOf(rows: ReadonlyMap<number, readonly number[]>): Block[] {
  const bySource = grouped(rows).map(([sources, destinations]): Block => ({ sources, destinations }))
  const columns = new Map<number, number[]>()
  for (const [source, destinations] of rows) {
    for (const destination of destinations) {
      const column = columns.get(destination)
      if (column) column.push(source)
      else columns.set(destination, [source])
    }
  }
  const byDestination = grouped(columns).map(([destinations, sources]): Block => ({ sources, destinations }))
  return byDestination.length < bySource.length ? byDestination : bySource
}

/** Keys with the same list, and the list. */
function grouped(rows: ReadonlyMap<number, readonly number[]>): [keys: number[], list: readonly number[]][] {
  const groups = new Map<string, [number[], readonly number[]]>()
  for (const [key, list] of rows) {
    const text = list.join()
    const group = groups.get(text)
    if (group) group[0].push(key)
    else groups.set(text, [[key], list])
  }
  return [...groups.values()]
}
