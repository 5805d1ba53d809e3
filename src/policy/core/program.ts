import { UDP } from '../connections/packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import { FAILSAFE, IP_IN_IP, VXLAN_PORT } from '../failsafe.ts'
import type { Direction, RuleFacts } from '../facts.ts'
import type { Group, Stage } from './groups.ts'
import { type EndMatch, headersOf, Matches } from './matches.ts'
import { CLOSED, type Outcome, type Outcomes } from './outcomes.ts'
import { PeerClasses, type PeerSet } from './peers.ts'
import { type Event, type State, States } from './states.ts'

/** What a group of rules says about packets between an endpoint and each place. */
export class Answers {
  readonly #peers: PeerClasses
  readonly #outcomes: Int32Array

  /** `outcomes`: by class of the peer, for as many classes as there were. */
  constructor(peers: PeerClasses, outcomes: Int32Array) {
    this.#peers = peers
    this.#outcomes = outcomes
  }

  about(place: number): Outcome {
    const { length } = this.#outcomes
    return this.#outcomes[this.#peers.among(length, this.#peers.of[place] ?? 0)] ?? CLOSED
  }

  /** The outcomes by class, for all classes that there are now. */
  byClass(): Int32Array {
    const { length } = this.#outcomes
    if (length === this.#peers.size) return this.#outcomes
    const all = new Int32Array(this.#peers.size)
    all.set(this.#outcomes)
    for (let at = length; at < all.length; at++) all[at] = all[this.#peers.among(at, at)] ?? CLOSED
    return all
  }
}

/** Follows rules for all peers of one family at once. */
export class Runner {
  /** Peers as the rules of each direction tell them apart. */
  readonly peers: Readonly<Record<Direction, PeerClasses>>
  readonly #matches: Matches
  readonly #states: States
  readonly #steps: Readonly<Record<Direction, Readonly<Record<4 | 6, Map<readonly RuleFacts[], readonly Step[]>>>>> = {
    ingress: { 4: new Map(), 6: new Map() },
    egress: { 4: new Map(), 6: new Map() },
  }

  /** States before any rule. */
  readonly #starts: Record<string, number> = {}

  constructor(matches: Matches, outcomes: Outcomes) {
    this.#matches = matches
    this.#states = new States(matches.space, outcomes)
    this.peers = { ingress: new PeerClasses(matches.size), egress: new PeerClasses(matches.size) }
    for (const peers of Object.values(this.peers)) for (const family of [4, 6] as const) peers.cut(matches.ofFamily(family))
  }

  /** What a group's rules say. `own[i]`: with which headers the endpoint itself fulfils rule i of those about itself. */
  run({ kind, direction, stages }: Group, family: 4 | 6, own: readonly ConnectionSet[]): Answers {
    const [states, peers, { space }] = [this.#states, this.peers[direction], this.#matches]
    const present = peers.cut(this.#matches.ofFamily(family))
    const stepsOfStage: Step[][] = []
    for (let stage = 0; stage < stages.length; stage++) {
      const [steps, lists]: [Step[], Stage['rules']] = [[], (stages[stage] as Stage).rules]
      for (let i = 0; i < lists.length; i++) this.#addSteps(steps, lists[i] as readonly RuleFacts[], direction, family)
      stepsOfStage.push(steps)
    }
    // Only now, since rules that were not followed before cut classes.
    const cells = new Int32Array(peers.size)
    const start = (this.#starts[`${kind}/${direction}`] ??= states.number({ ...always(space, { kind, direction }), passed: NOTHING }))
    fill(cells, peers.classesOf(present), start)
    let next = 0
    for (let stage = 0; stage < stages.length; stage++) {
      const steps = stepsOfStage[stage] as Step[]
      for (let i = 0; i < steps.length; i++) {
        const { rule, matches, aboutItself } = steps[i] as Step
        const headers = aboutItself ? (own[next++] ?? NOTHING) : EVERYTHING
        if (headers === NOTHING) continue
        for (let j = 0; j < matches.length; j++) {
          const match = matches[j] as StepMatch
          const event = headers === EVERYTHING ? match.event : states.rule(rule, space.intersect(match.headers, headers))
          states.happen(event, cells, peers.classesOf(match.peers))
        }
      }
      states.happen(states.stageEnd((stages[stage] as Stage).end), cells)
    }
    states.toOutcomes(cells)
    return new Answers(peers, cells)
  }

  // --- internal ---

  /** Adds what a list of rules tries, in order. */
  #addSteps(to: Step[], rules: readonly RuleFacts[], direction: Direction, family: 4 | 6): void {
    let steps = this.#steps[direction][family].get(rules)
    if (!steps) {
      steps = rules.filter(({ action }) => action !== 'Log').map((rule) => this.#makeStep(rule, direction, family))
      this.#steps[direction][family].set(rules, steps)
    }
    for (let i = 0; i < steps.length; i++) to.push(steps[i] as Step)
  }

  #makeStep(rule: RuleFacts, direction: Direction, family: 4 | 6): Step {
    const matches = this.#matches
    const { space } = matches
    const own = direction === 'ingress' ? 'destination' : 'source'
    const peer = direction === 'ingress' ? 'source' : 'destination'
    let headers = headersOf(space, rule, family)
    const aboutItself = Matches.asks(rule[own])
    if (!aboutItself) headers = space.intersect(headers, matches.end(rule[own], own)[0]?.headers ?? NOTHING)
    const found: StepMatch[] = []
    const ends = headers === NOTHING ? [] : matches.end(rule[peer], peer)
    for (let i = 0; i < ends.length; i++) {
      const end = ends[i] as EndMatch
      const common = space.intersect(headers, end.headers)
      if (common === NOTHING) continue
      found.push({ peers: this.peers[direction].cut(end.places), headers: common, event: this.#states.rule(rule, common) })
    }
    return { rule, aboutItself, matches: found }
  }
}

/** What holds before any policy: failsafe ports of hosts, tunnels that workloads must not build (`reference/felix.md 1.4, 1.7`). */
export function always(space: ConnectionSpace, group: Pick<Group, 'kind' | 'direction'>): Pick<State, 'allowed' | 'denied' | 'open'> {
  let [allowed, denied] = [NOTHING, NOTHING]
  if (group.kind === 'host') for (const [protocol, port] of FAILSAFE[group.direction]) allowed = space.union(allowed, toPort(space, protocol, port))
  else if (group.direction === 'egress') denied = space.union(toPort(space, UDP, VXLAN_PORT), space.protocol(IP_IN_IP))
  return { allowed, denied, open: space.complement(space.union(allowed, denied)) }
}

// --- internal ---

/** One rule, ready to be tried. */
interface Step {
  readonly rule: RuleFacts
  /** Whether it hangs on the endpoint itself with which headers it matches. */
  readonly aboutItself: boolean
  readonly matches: readonly StepMatch[]
}

/** Peers, and the headers with which a rule matches packets from or to them. */
interface StepMatch {
  readonly peers: PeerSet
  readonly headers: ConnectionSet
  /** That it matches these headers. */
  readonly event: Event
}

function fill(cells: Int32Array, which: readonly number[], value: number): void {
  for (let i = 0; i < which.length; i++) cells[which[i] as number] = value
}

function toPort(space: ConnectionSpace, protocol: number, port: number): ConnectionSet {
  return space.ports(protocol, [0, 65_535], [port, port])
}
