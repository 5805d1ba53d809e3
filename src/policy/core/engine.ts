import type { Net } from '../../model/net.ts'
import type { Selector } from '../../model/selector/ast.ts'
import { type ConnectionSet, ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import { cutAddresses, type Atoms } from './atoms.ts'
import { type Deciding, deciding } from './deciding.ts'
import type { Direction, EntityFacts, Facts, RuleFacts } from '../facts.ts'
import { type Group, Groups } from './groups.ts'
import { classifyLabels } from './label-classes.ts'
import { Matches } from './matches.ts'
import { findPlaces, type Places } from './places.ts'
import { TextPool } from './pool.ts'
import { type Answers, run } from './program.ts'

/** What may pass from one place to another. What is in neither set is denied. */
export interface Verdict {
  readonly allowed: ConnectionSet
  /** What cannot be told. */
  readonly unknown: ConnectionSet
}

/**
 * The indexed engine (`reference/beyond.md 4.2`): sorts endpoints and addresses into places that no rule can tell apart, and answers for all headers
 * at once. Nothing is computed before it is asked for, and nothing twice.
 */
export class Engine {
  readonly space: ConnectionSpace
  readonly places: Places
  readonly atoms: Atoms
  readonly #matches: Matches
  readonly #groups: Groups
  /** Per direction, by group and what the endpoint itself fulfils. */
  readonly #answers = new Map<string, Answers>()
  readonly #deciding = new Map<string, readonly Deciding[]>()
  readonly #sideKeys = new TextPool()
  readonly #sides: Readonly<Record<Direction, (number | undefined)[]>> = { ingress: [], egress: [] }
  readonly #ofPlace: Readonly<Record<Direction, (Answers | undefined)[]>> = { ingress: [], egress: [] }

  /** `space`: shared by engines whose results are to be compared. `nets`: networks that are asked about, besides those of rules. */
  constructor(facts: Facts, space: ConnectionSpace = new ConnectionSpace(), nets: readonly Net[] = []) {
    this.space = space
    const labels = classifyLabels(
      [...facts.endpoints, ...facts.networkSets].map((owner) => owner.labels),
      selectorsOf(facts),
    )
    this.atoms = cutAddresses([...nets, ...netsOf(facts)])
    this.places = findPlaces(facts.endpoints, labels, this.atoms)
    const setClasses = facts.networkSets.map((_, index) => labels.classOf[facts.endpoints.length + index] ?? 0)
    this.#matches = new Matches(space, this.places, this.atoms, labels, facts.networkSets, setClasses)
    this.#groups = new Groups(facts, this.places.endpointClasses, labels, (rule, direction) =>
      Matches.asks(direction === 'ingress' ? rule.destination : rule.source),
    )
  }

  /** What may pass between two places; nothing across families. */
  verdict(source: number, destination: number): Verdict {
    const [from, to] = [this.places.list[source], this.places.list[destination]]
    if (!from || !to || from.family !== to.family) return { allowed: NOTHING, unknown: NOTHING }
    const egress = this.#side('egress', source)
    const ingress = this.#side('ingress', destination)
    return both(this.space, sideAt(egress, destination), sideAt(ingress, source))
  }

  /** What one end says alone: `egress` of the source, or `ingress` of the destination. Undefined when that end is no endpoint. */
  oneSide(direction: Direction, source: number, destination: number): Verdict | undefined {
    const [own, peer] = direction === 'egress' ? [source, destination] : [destination, source]
    const answers = this.#side(direction, own)
    return answers && both(this.space, sideAt(answers, peer), OPEN)
  }

  /**
   * The numbers of sets that may pass from a place to every place, in the order of places; `allowed` is filled and returned. `unknown`, when given, is
   * filled with what cannot be told.
   */
  row(source: number, allowed: Int32Array, unknown?: Int32Array): Int32Array {
    return this.#line('egress', source, allowed, unknown)
  }

  /** As `row`: what may pass from every place to one. */
  column(destination: number, allowed: Int32Array, unknown?: Int32Array): Int32Array {
    return this.#line('ingress', destination, allowed, unknown)
  }

  /** What the rules at a place say about all peers; undefined outside. Places with the same rules share it. */
  answersAt(direction: Direction, place: number): Answers | undefined {
    return this.#side(direction, place)
  }

  /** Who decides at one end, and about which headers: at the source (`egress`) or the destination. Undefined when that end is no endpoint. */
  deciding(direction: Direction, source: number, destination: number): readonly Deciding[] | undefined {
    const [at, peer] = direction === 'egress' ? [source, destination] : [destination, source]
    const acting = this.#acting(direction, at)
    if (!acting) return undefined
    const key = `${acting.key}/${peer}`
    let found = this.#deciding.get(key)
    if (!found) this.#deciding.set(key, (found = deciding(this.space, this.#matches, acting.group, acting.family, acting.own, peer)))
    return found
  }

  /** A number for what acts at a place: where it is the same, the same decides about the same peers. Undefined outside. */
  sideAt(direction: Direction, place: number): number | undefined {
    const known = this.#sides[direction][place]
    if (known !== undefined) return known
    const acting = this.#acting(direction, place)
    return acting && (this.#sides[direction][place] = this.#sideKeys.intern(acting.key))
  }

  // --- internal ---

  /** All pairs of one place and each other; `direction` is that in which the one sees them. */
  #line(direction: Direction, own: number, allowed: Int32Array, unknown: Int32Array | undefined): Int32Array {
    const { list } = this.places
    const family = list[own]?.family
    const mine = this.#side(direction, own)
    for (let peer = 0; peer < list.length; peer++) {
      if (unknown) unknown[peer] = NOTHING
      if (list[peer]?.family !== family) {
        allowed[peer] = NOTHING
        continue
      }
      const theirs = this.#side(direction === 'egress' ? 'ingress' : 'egress', peer)
      if (mine?.denied || theirs?.denied) {
        const verdict = both(this.space, sideAt(mine, peer), sideAt(theirs, own))
        allowed[peer] = verdict.allowed
        if (unknown) unknown[peer] = verdict.unknown
      } else {
        const may = mine ? (mine.allowed[peer] ?? NOTHING) : EVERYTHING
        allowed[peer] = may === NOTHING ? NOTHING : this.space.intersect(may, theirs ? (theirs.allowed[own] ?? NOTHING) : EVERYTHING)
      }
    }
    return allowed
  }

  /** What the rules at a place say; undefined outside. */
  #side(direction: Direction, place: number): Answers | undefined {
    const known = this.#ofPlace[direction][place]
    if (known) return known
    const acting = this.#acting(direction, place)
    if (!acting) return undefined
    const { key, group, family, own } = acting
    let answers = this.#answers.get(key)
    if (!answers) this.#answers.set(key, (answers = run(this.space, this.#matches, group, family, own, this.places.list.length)))
    this.#ofPlace[direction][place] = answers
    return answers
  }

  /** What acts at a place, and what the endpoint itself fulfils of it; undefined outside. Places of one key have the same answers. */
  #acting(direction: Direction, place: number): { key: string; group: Group; family: 4 | 6; own: readonly ConnectionSet[] } | undefined {
    const where = this.places.list[place]
    if (where?.endpointClass === undefined) return undefined
    const number = this.#groups.of[direction][where.endpointClass] ?? 0
    const group = this.#groups.list[number]
    if (!group) return undefined
    const own = group.aboutItself.map((rule) => this.#ownHeaders(rule, direction, place))
    return { key: `${number}/${where.family}/${own.join()}`, group, family: where.family, own }
  }

  #ownHeaders(rule: RuleFacts, direction: Direction, place: number): ConnectionSet {
    const side = direction === 'ingress' ? 'destination' : 'source'
    return this.#matches.headersAt(rule[side], side, place)
  }
}

// --- internal ---

/** What may be allowed and what may be denied, between an endpoint and one peer. */
interface Possible {
  readonly allowed: ConnectionSet
  /** Undefined: all that is not allowed. */
  readonly denied: ConnectionSet | undefined
}

const OPEN: Possible = { allowed: EVERYTHING, denied: NOTHING }

function sideAt(answers: Answers | undefined, peer: number): Possible {
  return answers ? { allowed: answers.allowed[peer] ?? NOTHING, denied: answers.denied?.[peer] } : OPEN
}

function both(space: ConnectionSpace, a: Possible, b: Possible): Verdict {
  const may = space.intersect(a.allowed, b.allowed)
  if (may === NOTHING || (a.denied === undefined && b.denied === undefined)) return { allowed: may, unknown: NOTHING }
  const mayNot = space.union(a.denied ?? space.complement(a.allowed), b.denied ?? space.complement(b.allowed))
  return { allowed: space.subtract(may, mayNot), unknown: space.intersect(may, mayNot) }
}

function* rulesOf(facts: Facts): Generator<RuleFacts> {
  for (const { policies } of facts.tiers) {
    for (const { ingress = [], egress = [] } of policies) {
      yield* ingress
      yield* egress
    }
  }
  for (const { ingress, egress } of facts.profiles.values()) {
    yield* ingress
    yield* egress
  }
}

function* entitiesOf(facts: Facts): Generator<EntityFacts> {
  for (const rule of rulesOf(facts)) {
    yield rule.source
    yield rule.destination
  }
}

function* selectorsOf(facts: Facts): Generator<Selector> {
  for (const { policies } of facts.tiers) for (const { selector } of policies) yield selector
  for (const { selector, notSelector } of entitiesOf(facts)) {
    if (selector) yield selector
    if (notSelector) yield notSelector
  }
}

function* netsOf(facts: Facts): Generator<Net> {
  for (const { nets } of facts.networkSets) yield* nets
  for (const { nets = [], notNets = [] } of entitiesOf(facts)) {
    yield* nets
    yield* notNets
  }
}
