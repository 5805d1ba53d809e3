import { type ConnectionSet, ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import { witness } from '../connections/witness.ts'
import { traceOf } from '../interpreter/trace.ts'
import type { Subject } from '../subject.ts'
import type { World } from '../world/world.ts'
import { type Answer, conclude, type Judgement } from './answer.ts'
import { type End, examine, type Examined } from './examine.ts'
import { criteriaAt, cut } from './parts.ts'
import { countEnds } from './places.ts'
import { connectionsOf, headerFor, type Traffic, tunnels } from './traffic.ts'

/**
 * Judges a question about few ends by following packets: one for each part of the traffic that rules can tell apart. Undefined when there are too many of
 * either; then `judgeAll` is for it.
 */
export function judgeFew(world: World, from: Subject, to: Subject, traffic: Traffic): Judgement | undefined {
  const [sources, targets] = [countEnds(from), countEnds(to)]
  if (!sources || !targets || sources.length * targets.length > MOST_PAIRS) return undefined
  const space = new ConnectionSpace()
  const answers = new Answers()
  for (const source of sources) {
    for (const target of targets) {
      if (source.ip.family !== target.ip.family || isSelf(source, target, sources.length * targets.length)) continue
      const asked = askedOf(space, traffic, source)
      const lone = headerFor(world, traffic, source.ip.family)
      if (lone && asked !== NOTHING) {
        answers.add(asked, 1, [source], [target], examine(world, source, target, lone))
        continue
      }
      const parts = cut(space, asked, criteriaOf(space, world, source, target))
      if (!parts) return undefined
      for (const answer of followed(space, world, source, target, parts)) answers.add(answer.connections, 1, [source], [target], answer.example)
    }
  }
  return conclude(space, askedOf(space, traffic, sources[0]), answers.list)
}

/** Answers by what they have in common. */
export class Answers {
  readonly #found = new Map<string, Answer & { pairs: number; readonly sources: Set<End>; readonly targets: Set<End> }>()

  get list(): Answer[] {
    return [...this.#found.values()]
  }

  /** `key`: what tells answers apart; as a rule, what decided. */
  add(connections: ConnectionSet, pairs: number, sources: readonly End[], targets: readonly End[], example: Examined, key = keyOf(example)): void {
    const by = `${connections}/${key}`
    let answer = this.#found.get(by)
    if (!answer) this.#found.set(by, (answer = { verdict: example.verdict, connections, pairs: 0, sources: new Set(), targets: new Set(), example }))
    answer.pairs += pairs
    for (const end of sources) answer.sources.add(end)
    for (const end of targets) answer.targets.add(end)
  }
}

/** Follows a packet of each part; parts that came to the same by the same rules are put together. */
export function followed(
  space: ConnectionSpace,
  world: World,
  from: End,
  to: End,
  parts: readonly ConnectionSet[],
): { readonly connections: ConnectionSet; readonly example: Examined }[] {
  const found = new Map<string, { connections: ConnectionSet; readonly example: Examined }>()
  for (const part of parts) {
    const header = witness(space, part)
    if (!header) continue
    const example = examine(world, from, to, header)
    const key = keyOf(example)
    const same = found.get(key)
    if (same) same.connections = space.union(same.connections, part)
    else found.set(key, { connections: part, example })
  }
  // The packet that stands for all of them is the plainest.
  return [...found.values()].map(({ connections, example }) => {
    const header = witness(space, connections) ?? example.header
    return { connections, example: examine(world, from, to, header) }
  })
}

/** What a question means for packets from an end. */
export function askedOf(space: ConnectionSpace, traffic: Traffic, from: End | undefined): ConnectionSet {
  const asked = connectionsOf(space, traffic, from?.ip.family ?? 4)
  return asked === EVERYTHING && from?.endpoint?.kind === 'workload' ? space.subtract(asked, tunnels(space)) : asked
}

/** Whether both ends are one endpoint, and that is not all that is asked about. */
export function isSelf(from: End, to: End, pairs: number): boolean {
  return pairs > 1 && from.endpoint !== undefined && from.endpoint === to.endpoint
}

/** What tells apart connections between two ends, at the hosts on the way too. */
export function criteriaOf(space: ConnectionSpace, world: World, from: End, to: End): Set<ConnectionSet> {
  const nodes = new Set([from.endpoint?.node, to.endpoint?.node])
  const criteria = new Set<ConnectionSet>()
  const add = (more: Iterable<ConnectionSet>) => {
    for (const one of more) criteria.add(one)
  }
  const { family } = from.ip
  if (from.endpoint) add(criteriaAt(space, world, from.endpoint, 'egress', family))
  if (to.endpoint) add(criteriaAt(space, world, to.endpoint, 'ingress', family))
  for (const endpoint of world.endpoints) {
    if (endpoint.kind !== 'host' || !nodes.has(endpoint.node)) continue
    add(criteriaAt(space, world, endpoint, 'ingress', family))
    add(criteriaAt(space, world, endpoint, 'egress', family))
  }
  return criteria
}

// --- internal ---

/** How many pairs are followed one by one: the addresses of two endpoints. */
const MOST_PAIRS = 16

/** What decided, as a text. */
function keyOf(example: Examined): string {
  const sides = [example.egress, example.ingress, ...example.forwards.map(({ side }) => side)]
  const deciders = sides.map((side) => side && [side.verdict, traceOf(side).slice(-1)])
  return JSON.stringify([example.verdict, example.exempt, example.toOwnHost, deciders, example.doubts, example.from.ip.family])
}
