import type { Net } from '../../model/net.ts'
import type { Selector } from '../../model/selector/ast.ts'
import { type ConnectionSet, ConnectionSpace, NOTHING } from '../connections/space.ts'
import { cutAddresses, type Atoms } from './atoms.ts'
import { failsafeRules } from '../failsafe.ts'
import type { Direction, Facts, PolicyFacts, RuleFacts, RuleLists } from '../facts.ts'
import { type Group, GroupRegistry, groupsOf } from './groups.ts'
import { classifyLabels, type LabelClasses } from './label-classes.ts'
import { Matches } from './matches.ts'
import { OPEN, type Outcomes, outcomesOf, type Verdict } from './outcomes.ts'
import type { PeerClasses } from './peers.ts'
import { findPlaces, type Places } from './places.ts'
import { type Answers, Runner } from './program.ts'
import { States } from './states.ts'

export type { Verdict } from './outcomes.ts'

/** What is asked about besides what facts ask, so that it can be told apart. */
export interface Besides {
  readonly nets?: readonly Net[]
  readonly policies?: readonly PolicyFacts[]
  readonly profiles?: readonly RuleLists[]
}

/**
 * The indexed engine (`reference/beyond.md 4.2`): sorts endpoints and addresses into places that no rule can tell apart, and answers for all headers
 * at once. Nothing is computed before it is asked for, and nothing twice.
 */
export class Engine {
  readonly space: ConnectionSpace
  readonly places: Places
  readonly atoms: Atoms
  readonly labels: LabelClasses
  /** What rules ask, answered for all places. */
  readonly matches: Matches
  /** What numbers in answers mean. */
  readonly outcomes: Outcomes
  readonly #facts: Facts
  readonly #besides: Besides
  readonly #runners: Readonly<Record<Direction, Runner>>
  readonly #registry: GroupRegistry
  /** The group of each endpoint class. */
  readonly #groups: Readonly<Record<Direction, readonly Group[]>>
  /** By group, then by family and what the endpoint itself fulfils. */
  readonly #answers: Map<Group, Map<string, Answers>>
  readonly #ofPlace: Readonly<Record<Direction, (Answers | undefined)[]>>

  /**
   * `space`: shared by engines whose results are to be compared. `before`: for `updated` alone, with its places.
   */
  constructor(
    facts: Facts,
    space: ConnectionSpace = new ConnectionSpace(),
    besides: Besides = {},
    before?: { readonly engine: Engine; readonly places: Places },
  ) {
    this.space = space
    this.outcomes = outcomesOf(space)
    this.#facts = facts
    this.#besides = besides
    if (before) {
      const { engine, places } = before
      this.places = places
      this.atoms = engine.atoms
      this.labels = engine.labels
      this.matches = engine.matches
      this.#runners = engine.#runners
      this.#registry = engine.#registry
      this.#answers = engine.#answers
    } else {
      const policies = [...policiesOf(facts), ...(besides.policies ?? [])]
      const rules = rulesOf([...policies, ...facts.profiles.values(), ...(besides.profiles ?? []), ...failsafesOf(facts)])
      const labels = facts.endpoints.map((endpoint) => endpoint.labels)
      for (const set of facts.networkSets) labels.push(set.labels)
      this.labels = classifyLabels(labels, selectorsOf(rules, policies))
      this.atoms = cutAddresses([...(besides.nets ?? []), ...netsOf(facts, rules)])
      this.places = findPlaces(facts.endpoints, this.labels, this.atoms)
      const setClasses = facts.networkSets.map((_, index) => this.labels.classOf[facts.endpoints.length + index] ?? 0)
      this.matches = new Matches(space, this.places, this.atoms, this.labels, facts.networkSets, setClasses)
      const states = new States(space, this.outcomes)
      this.#runners = { ingress: new Runner(this.matches, states, 'ingress'), egress: new Runner(this.matches, states, 'egress') }
      this.#registry = new GroupRegistry()
      this.#answers = new Map()
    }
    const sameRules = before !== undefined && before.engine.#facts.tiers === facts.tiers && before.engine.#facts.profiles === facts.profiles
    this.#groups = sameRules ? before.engine.#groups : groupsOf(facts, this.places.endpointClasses, this.labels, this.#registry)
    this.#ofPlace = sameRules ? before.engine.#ofPlace : { ingress: [], egress: [] }
    if (before && !sameRules) this.#takeOver(before.engine)
  }

  /**
   * The engine of the world that this one's became, with the same space. Facts that are the same objects as before did not change: what hangs on them alone
   * is taken over, and the rest is computed when it is asked for. Where something new cannot be told by the places there are (a value that no selector
   * named before, a network, an endpoint like no other), all is sorted anew. The results do not hang on which way was taken; the numbers of places do.
   */
  updated(facts: Facts): Engine {
    const places = this.#mayKeep(facts) ? this.places.updated(facts.endpoints) : undefined
    return new Engine(facts, this.space, this.#besides, places && { engine: this, places })
  }

  /** What may pass between two places; nothing across families. */
  verdict(source: number, destination: number): Verdict {
    const [from, to] = [this.places.list[source], this.places.list[destination]]
    if (!from || !to || from.family !== to.family) return { allowed: NOTHING, unknown: NOTHING }
    const [out, into] = [this.answersAt('egress', source), this.answersAt('ingress', destination)]
    return this.outcomes.verdict(this.outcomes.both(out?.about(destination) ?? OPEN, into?.about(source) ?? OPEN))
  }

  /** What one end says alone: `egress` of the source, or `ingress` of the destination. Undefined when that end is no endpoint. */
  oneSide(direction: Direction, source: number, destination: number): Verdict | undefined {
    const [own, peer] = direction === 'egress' ? [source, destination] : [destination, source]
    const answers = this.answersAt(direction, own)
    return answers && this.outcomes.verdict(this.outcomes.both(answers.about(peer), OPEN))
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

  /** What the rules at a place say about packets from (`egress`) or to it, by peer. The same object for all places with the same. */
  answersAt(direction: Direction, place: number): Answers | undefined {
    const isIngress = direction === 'ingress'
    const ofPlace = isIngress ? this.#ofPlace.ingress : this.#ofPlace.egress
    const known = ofPlace[place]
    if (known) return known
    const where = this.places.list[place]
    if (where?.endpointClass === undefined) return undefined
    const group = (isIngress ? this.#groups.ingress : this.#groups.egress)[where.endpointClass]
    if (!group) return undefined
    const own: ConnectionSet[] = []
    for (let i = 0; i < group.aboutItself.length; i++) {
      const { source, destination } = group.aboutItself[i] as RuleFacts
      own.push(isIngress ? this.matches.headersAt(destination, 'destination', place) : this.matches.headersAt(source, 'source', place))
    }
    const key = `${where.family}/${own.join()}`
    let ofGroup = this.#answers.get(group)
    if (!ofGroup) this.#answers.set(group, (ofGroup = new Map()))
    let answers = ofGroup.get(key)
    if (!answers) ofGroup.set(key, (answers = (isIngress ? this.#runners.ingress : this.#runners.egress).run(group, where.family, own)))
    ofPlace[place] = answers
    return answers
  }

  /** Peers, as what rules say so far in a direction tells them apart. */
  peers(direction: Direction): PeerClasses {
    return this.#runners[direction].peers
  }

  /** The headers with which a rule of these facts matches packets between two places, whoever has the rule. */
  matching(rule: RuleFacts, source: number, destination: number): ConnectionSet {
    const family = this.places.list[source]?.family
    if (family === undefined || family !== this.places.list[destination]?.family) return NOTHING
    return this.matches.between(rule, source, destination, family)
  }

  // --- internal ---

  /** All pairs of one place and each other; `direction` is that in which the one sees them. */
  #line(direction: Direction, own: number, allowed: Int32Array, unknown: Int32Array | undefined): Int32Array {
    const { list } = this.places
    const family = list[own]?.family
    const mine = this.answersAt(direction, own)
    for (let peer = 0; peer < list.length; peer++) {
      const theirs = this.answersAt(direction === 'egress' ? 'ingress' : 'egress', peer)
      const id = list[peer]?.family === family ? this.outcomes.both(mine?.about(peer) ?? OPEN, theirs?.about(own) ?? OPEN) : 0
      const verdict = this.outcomes.verdict(id)
      allowed[peer] = verdict.allowed
      if (unknown) unknown[peer] = verdict.unknown
    }
    return allowed
  }

  /** Answers at places whose group is the same. */
  #takeOver(before: Engine): void {
    for (const direction of ['ingress', 'egress'] as const) {
      const [groups, known] = [this.#groups[direction], before.#ofPlace[direction]]
      for (const [place, { endpointClass }] of this.places.list.entries()) {
        if (endpointClass !== undefined && groups[endpointClass] === before.#groups[direction][endpointClass])
          this.#ofPlace[direction][place] = known[place]
      }
    }
  }

  /** Whether the places could as well have been made for other facts, but for their endpoints. */
  #mayKeep(facts: Facts): boolean {
    const before = this.#facts
    // What is no longer asked for is kept, too; not without end.
    if (this.#registry.size > 2 * MANY_GROUPS + 4 * this.places.endpointClasses.length) return false
    const sets = facts.networkSets
    if (sets.length !== before.networkSets.length || sets.some((set, index) => set !== before.networkSets[index])) return false
    if (facts.tiers === before.tiers && facts.profiles === before.profiles) return true
    const policies = policiesOf(facts).filter((policy) => !this.#registry.has(policy))
    const profiles = [...facts.profiles].filter(([name, profile]) => before.profiles.get(name) !== profile)
    const rules = rulesOf([...policies, ...profiles.map(([, profile]) => profile)])
    for (const selector of selectorsOf(rules, policies)) if (!this.labels.knows(selector)) return false
    for (const net of netsOf({ networkSets: [] }, rules)) if (!this.atoms.knows(net)) return false
    return true
  }
}

// --- internal ---

/** Groups that an engine keeps besides, however small its world is. */
const MANY_GROUPS = 500

function policiesOf({ tiers }: Facts): PolicyFacts[] {
  return tiers.flatMap(({ policies }) => policies)
}

function rulesOf(owners: readonly Partial<RuleLists>[]): RuleFacts[] {
  const rules: RuleFacts[] = []
  for (const { ingress, egress } of owners) {
    if (ingress) for (const rule of ingress) rules.push(rule)
    if (egress) for (const rule of egress) rules.push(rule)
  }
  return rules
}

/** Failsafe ports of hosts that are not the default ones, as rules. */
function failsafesOf({ endpoints }: Facts): RuleLists[] {
  const found: RuleLists[] = []
  for (const endpoint of endpoints) {
    if (endpoint.failsafe) found.push({ ingress: failsafeRules(endpoint, 'ingress'), egress: failsafeRules(endpoint, 'egress') })
  }
  return found
}

function selectorsOf(rules: readonly RuleFacts[], policies: readonly PolicyFacts[]): Set<Selector> {
  const selectors = new Set(policies.map(({ selector }) => selector))
  for (let i = 0; i < rules.length; i++) {
    const { source, destination } = rules[i] as RuleFacts
    if (source.selector) selectors.add(source.selector)
    if (source.notSelector) selectors.add(source.notSelector)
    if (destination.selector) selectors.add(destination.selector)
    if (destination.notSelector) selectors.add(destination.notSelector)
  }
  return selectors
}

function netsOf({ networkSets }: Pick<Facts, 'networkSets'>, rules: readonly RuleFacts[]): Net[] {
  const found = networkSets.flatMap(({ nets }) => nets)
  const add = (nets: readonly Net[] | undefined) => {
    if (nets) for (let i = 0; i < nets.length; i++) found.push(nets[i] as Net)
  }
  for (let i = 0; i < rules.length; i++) {
    const { source, destination } = rules[i] as RuleFacts
    add(source.nets)
    add(source.notNets)
    add(destination.nets)
    add(destination.notNets)
  }
  return found
}
