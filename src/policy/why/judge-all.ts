import type { ConnectionSet } from '../connections/space.ts'
import { NOTHING } from '../connections/space.ts'
import { witness } from '../connections/witness.ts'
import { Engine } from '../core/engine.ts'
import type { Subject } from '../subject.ts'
import type { World } from '../world/world.ts'
import { conclude, type Judgement } from './answer.ts'
import { type End, examine, type Examined, isWithinHost } from './examine.ts'
import { Answers, askedOf, criteriaOf, followed, isSelf } from './judge.ts'
import { cut } from './parts.ts'
import { type EndGroup, groupEnds, netsOf, numberEndpoints } from './places.ts'
import type { Traffic } from './traffic.ts'

/**
 * Judges every pair of two groups and every connection of the traffic, by the indexed engine; each answer stands for the pairs and connections with the same
 * verdict by the same rules (of very many pairs, with the same verdict), and has a packet of them that was followed through.
 */
export function judgeAll(world: World, from: Subject, to: Subject, traffic: Traffic): Judgement {
  const engine = new Engine(world, undefined, { nets: [...(netsOf(from) ?? []), ...(netsOf(to) ?? [])] })
  const { space } = engine
  const indexes = numberEndpoints(world)
  const onHosts = world.endpoints.some(({ kind }) => kind === 'host')
  const [sources, targets] = [groupEnds(engine, indexes, from, onHosts), groupEnds(engine, indexes, to, onHosts)]
  const answers = new Answers()
  const coarse = sources.length * targets.length > MOST_PAIRS
  /** One packet of each verdict on the same connections, to stand for the others where the engine knows all that decides. */
  const told =
    coarse && world.setAside.length === 0 && !world.tiers.some(({ policies }) => policies.some(({ applyOnForward }) => applyOnForward))
      ? new Map<string, Examined>()
      : undefined
  for (const source of sources) {
    for (const target of targets) {
      const pair = source.family === target.family ? pairOf(source, target) : undefined
      if (!pair) continue
      const asked = askedOf(space, traffic, pair.from)
      if (isWithinHost(pair.from.endpoint, pair.to.endpoint)) {
        const parts = cut(space, asked, criteriaOf(space, world, pair.from, pair.to)) ?? [asked]
        for (const { connections, example } of followed(space, world, pair.from, pair.to, parts))
          answers.add(connections, pair.count, source.ends, target.ends, example)
        continue
      }
      for (const { verdict, connections } of partsOf(engine, source, target, asked)) {
        const key = `${verdict}/${connections}`
        const known = told?.get(key)
        if (known) {
          answers.add(connections, pair.count, source.ends, target.ends, known, verdict)
          continue
        }
        for (const { connections: part, example } of follow(world, engine, pair, connections)) {
          told?.set(key, example)
          answers.add(part, pair.count, source.ends, target.ends, example, coarse ? example.verdict : undefined)
        }
      }
    }
  }
  return conclude(space, askedOf(space, traffic, sources[0]?.ends[0]), answers.list, coarse)
}

// --- internal ---

/** Of more pairs of kinds than this, answers are told apart by their verdict alone. */
const MOST_PAIRS = 400

interface Pair {
  readonly from: End
  readonly to: End
  /** How many pairs of ends the groups make, none of an endpoint with itself. */
  readonly count: number
}

/** Two different ends of the groups; undefined when there are none. */
function pairOf({ ends: sources }: EndGroup, { ends: targets }: EndGroup): Pair | undefined {
  const all = sources.length * targets.length
  if (all === 1) {
    const [from, to] = [sources[0], targets[0]]
    return from && to && !isSelf(from, to, 2) ? { from, to, count: 1 } : undefined
  }
  const shared = new Map<unknown, number>()
  for (const { endpoint } of targets) if (endpoint) shared.set(endpoint, (shared.get(endpoint) ?? 0) + 1)
  const selves = sources.reduce((sum, { endpoint }) => sum + (shared.get(endpoint) ?? 0), 0)
  for (const from of sources) {
    const to = targets.find((to) => !isSelf(from, to, all))
    if (to) return { from, to, count: all - selves }
  }
  return undefined
}

/** The traffic by verdict of the engine. */
function partsOf(engine: Engine, source: EndGroup, target: EndGroup, asked: ConnectionSet): { verdict: string; connections: ConnectionSet }[] {
  const { space } = engine
  const { allowed, unknown } = engine.verdict(source.place, target.place)
  const parts = [
    { verdict: 'allow', connections: space.intersect(asked, allowed) },
    { verdict: 'unknown', connections: space.intersect(asked, unknown) },
    { verdict: 'deny', connections: space.subtract(space.subtract(asked, allowed), unknown) },
  ]
  return parts.filter(({ connections }) => connections !== NOTHING)
}

/** A packet of a part, followed; where hosts on the way have a say of their own, one for each part that they tell apart. */
function follow(
  world: World,
  { space }: Engine,
  { from, to }: Pair,
  connections: ConnectionSet,
): { connections: ConnectionSet; example: Examined }[] {
  const header = witness(space, connections)
  if (!header) return []
  const example = examine(world, from, to, header)
  if (example.forwards.length === 0) return [{ connections, example }]
  const parts = cut(space, connections, criteriaOf(space, world, from, to)) ?? [connections]
  return followed(space, world, from, to, parts)
}
