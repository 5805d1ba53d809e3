import { UDP } from '../connections/packet.ts'
import { type ConnectionSet, type ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import { FAILSAFE, IP_IN_IP, VXLAN_PORT } from '../failsafe.ts'
import type { Direction, RuleFacts } from '../facts.ts'
import type { Group, Stage } from './groups.ts'
import { type EndMatch, headersOf, Matches } from './matches.ts'
import { CLOSED, type Outcome } from './outcomes.ts'
import { PeerClasses, type PeerSet } from './peers.ts'
import type { Event, State, States } from './states.ts'

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

/** Follows rules of one direction for all peers of one family at once. */
export class Runner {
  /** Peers as the rules tell them apart. */
  readonly peers: PeerClasses
  readonly #direction: Direction
  readonly #matches: Matches
  readonly #states: States
  readonly #steps4 = new Map<readonly RuleFacts[], readonly Step[]>()
  readonly #steps6 = new Map<readonly RuleFacts[], readonly Step[]>()
  /** States before any rule, of workloads and of hosts with the default failsafe ports or their own. */
  readonly #starts: Readonly<Record<Group['kind'] | 'ownFailsafe', number>>

  /** `states`: may be shared with other runners of the same space. */
  constructor(matches: Matches, states: States, direction: Direction) {
    this.#direction = direction
    this.#matches = matches
    this.#states = states
    this.peers = new PeerClasses(matches.size)
    for (const family of [4, 6] as const) this.peers.cut(matches.ofFamily(family))
    const start = (kind: Group['kind'], ownFailsafe: boolean) => {
      const { allowed, denied, open } = always(matches.space, { kind, direction, ownFailsafe })
      return states.number(allowed, denied, open, NOTHING)
    }
    this.#starts = { workload: start('workload', false), host: start('host', false), ownFailsafe: start('host', true) }
  }

  /** What a group's rules say. `own[i]`: with which headers the endpoint itself fulfils rule i of those about itself. */
  run({ kind, ownFailsafe, stages }: Group, family: 4 | 6, own: readonly ConnectionSet[]): Answers {
    const states = this.#states
    const peers = this.peers
    const space = this.#matches.space
    const present = peers.cut(this.#matches.ofFamily(family))
    const stepsOfStage: Step[][] = []
    for (let stage = 0; stage < stages.length; stage++) {
      const steps: Step[] = []
      const lists = (stages[stage] as Stage).rules
      for (let i = 0; i < lists.length; i++) this.#addSteps(steps, lists[i] as readonly RuleFacts[], family)
      stepsOfStage.push(steps)
    }
    // Only now, since rules that were not followed before cut classes.
    const cells = new Int32Array(peers.size)
    const { workload, host, ownFailsafe: bare } = this.#starts
    fill(cells, peers.classesOf(present), kind === 'workload' ? workload : ownFailsafe ? bare : host)
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
      states.happen(states.stageEnd((stages[stage] as Stage).end), cells, undefined)
    }
    states.toOutcomes(cells)
    return new Answers(peers, cells)
  }

  // --- internal ---

  /** Adds what a list of rules tries, in order. */
  #addSteps(to: Step[], rules: readonly RuleFacts[], family: 4 | 6): void {
    const known = family === 4 ? this.#steps4 : this.#steps6
    let steps = known.get(rules)
    if (!steps) {
      steps = rules.filter(({ action }) => action !== 'Log').map((rule) => this.#makeStep(rule, family))
      known.set(rules, steps)
    }
    for (let i = 0; i < steps.length; i++) to.push(steps[i] as Step)
  }

  #makeStep(rule: RuleFacts, family: 4 | 6): Step {
    const matches = this.#matches
    const { space } = matches
    const isIngress = this.#direction === 'ingress'
    const own = isIngress ? rule.destination : rule.source
    let headers = headersOf(space, rule, family)
    const aboutItself = Matches.asks(own)
    if (!aboutItself) headers = space.intersect(headers, matches.end(own, isIngress ? 'destination' : 'source')[0]?.headers ?? NOTHING)
    const found: StepMatch[] = []
    if (headers === NOTHING) return { rule, aboutItself, matches: found }
    const ends = isIngress ? matches.end(rule.source, 'source') : matches.end(rule.destination, 'destination')
    for (let i = 0; i < ends.length; i++) {
      const end = ends[i] as EndMatch
      const common = space.intersect(headers, end.headers)
      if (common !== NOTHING) found.push({ peers: this.peers.cut(end.places), headers: common, event: this.#states.rule(rule, common) })
    }
    return { rule, aboutItself, matches: found }
  }
}

/** What holds before any policy and for all peers alike: default failsafe ports of hosts, tunnels that workloads must not build (`reference/felix.md 1.4, 1.7`). */
export function always(space: ConnectionSpace, group: Pick<Group, 'kind' | 'direction' | 'ownFailsafe'>): Pick<State, 'allowed' | 'denied' | 'open'> {
  let [allowed, denied] = [NOTHING, NOTHING]
  if (group.kind === 'host' && group.ownFailsafe) allowed = NOTHING
  else if (group.kind === 'host')
    for (const [protocol, port] of FAILSAFE[group.direction]) allowed = space.union(allowed, toPort(space, protocol, port))
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
