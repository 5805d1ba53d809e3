import { type ConnectionSet, NOTHING } from '../connections/space.ts'
import type { Direction, RuleFacts } from '../facts.ts'
import type { Side } from '../interpreter/walk.ts'
import { pairsOf, partsAtHosts, resolveEnds } from './check.ts'
import { type Deciding, decidingAt } from './deciding.ts'
import type { Asked } from './ends.ts'
import type { Entry } from './entry.ts'

/**
 * Adds the rules that decide about some packet of an entry: the first rule of its stage that matches it, on a packet that gets there. One that passes on or
 * logs decides in this sense; a rule of the destination does only for packets that the source lets out. Whether the entry is true does not matter.
 */
export function addReached(asked: Asked, entry: Entry, reached: Set<RuleFacts>): void {
  const resolved = resolveEnds(asked, entry)
  if ('status' in resolved) return
  const { engine } = asked
  const { space } = engine
  const places = engine.places.list.length
  const sides = new Sides(asked)
  /** What goes on from a side, for those that have been looked at. */
  const passed = new Map<number, ConnectionSet>()
  const follow = (deciding: readonly Deciding[], arriving: ConnectionSet): ConnectionSet => {
    let [allowed, denied] = [NOTHING, NOTHING]
    for (const { by, headers, outcome } of deciding) {
      if (by.type === 'rule' && space.intersect(headers, arriving) !== NOTHING) reached.add(by.rule)
      if (outcome === 'Allow') allowed = space.union(allowed, headers)
      if (outcome === 'Deny') denied = space.union(denied, headers)
    }
    // What may be allowed goes on.
    return space.subtract(arriving, space.subtract(denied, allowed))
  }
  for (const pairs of pairsOf(asked, entry, resolved.from, resolved.to)) {
    const { from, to, packets } = pairs
    const parts = partsAtHosts(asked, pairs)
    if (typeof parts !== 'string') {
      for (const { example } of parts)
        for (const side of [example.egress, ...example.forwards.map((one) => one.side), example.ingress]) if (side) addMet(side, reached)
      continue
    }
    let arriving = packets
    for (const direction of ['egress', 'ingress'] as const) {
      const [at, peer] = direction === 'egress' ? [from.place, to.place] : [to.place, from.place]
      const side = sides.at(direction, at)
      if (side === undefined || arriving === NOTHING) continue
      const key = (side * places + peer) * BELOW + arriving
      let leaving = arriving < BELOW ? passed.get(key) : undefined
      if (leaving === undefined) passed.set(key, (leaving = follow(decidingAt(asked, direction, from.place, to.place) ?? [], arriving)))
      arriving = leaving
    }
  }
}

// --- internal ---

/** Sets with numbers below this are remembered. */
const BELOW = 2 ** 16

/** Numbers for what acts at places: where it is the same, the same decides about the same peers. */
class Sides {
  readonly #asked: Asked
  readonly #numbers = new Map<string, number>()
  readonly #answers = new Map<unknown, number>()
  readonly #known: Readonly<Record<Direction, (number | undefined)[]>> = { ingress: [], egress: [] }

  constructor(asked: Asked) {
    this.#asked = asked
  }

  /** Undefined outside. */
  at(direction: Direction, place: number): number | undefined {
    return (this.#known[direction][place] ??= this.#find(direction, place))
  }

  #find(direction: Direction, place: number): number | undefined {
    const { places } = this.#asked.engine
    const endpointClass = places.list[place]?.endpointClass
    const answers = this.#asked.engine.answersAt(direction, place)
    if (endpointClass === undefined || !answers) return undefined
    // Profiles with the same rules share answers, but are not one.
    const profiles = places.endpointClasses[endpointClass]?.example.profiles ?? []
    return numberOf(this.#numbers, `${direction}${numberOf(this.#answers, answers)}${JSON.stringify(profiles)}`)
  }
}

function numberOf<T>(numbers: Map<T, number>, key: T): number {
  const known = numbers.get(key)
  if (known === undefined) numbers.set(key, numbers.size)
  return known ?? numbers.size - 1
}

/** The rules that a packet matched on its way through a side. */
function addMet({ layers }: Side, reached: Set<RuleFacts>): void {
  for (const layer of layers) {
    const tried = layer.type === 'tier' ? layer.steps.flatMap((step) => step.tried) : layer.type === 'profile' ? layer.tried : []
    for (const { rule, misses } of tried) if (misses.length === 0) reached.add(rule)
  }
}
