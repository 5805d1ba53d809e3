import { type ConnectionSet, type ConnectionSpace, EVERYTHING, NOTHING } from '../connections/space.ts'
import type { Bits } from '../core/bits.ts'
import type { Engine } from '../core/engine.ts'
import type { EndMatch } from '../core/matches.ts'
import type { Direction } from '../facts.ts'
import type { Policy, Rule } from '../world/world.ts'
import { headersAtSite, PEER } from './headers.ts'
import { Outlines } from './outline.ts'
import { both, merge, type Part, type Region, split, without } from './regions.ts'
import type { Site, Step, TrailLayer } from './trails.ts'

/** What decides instead of a rule: another rule, the end of a tier, or the end of everything. */
export type Decider = Step | TrailLayer | 'end'

/** What is proven about the rules of a world, for all packets between the addresses there are. */
export interface Proofs {
  /** Rules that match some packet, though none ever reaches them; undecided ones are not among them. */
  readonly shadowed: readonly Step[]
  /** Rules that could go: what they decide is decided in the same way by what comes after them. Together with all shadowed rules they could go, too. */
  readonly redundant: ReadonlyMap<Step, ReadonlySet<Decider>>
  /** Policies that act at some address though nothing ever reaches their tier there. */
  readonly unreached: readonly { readonly policy: Policy; readonly direction: Direction }[]
  /** There were too many rules upon rules to prove anything: nothing is told. */
  readonly gaveUp: boolean
  /** What takes the packets that a shadowed rule matches. */
  takers(step: Step): ReadonlySet<Decider>
}

/**
 * Follows all packets through the rules at all sites at once, and what a rule decides on through those that come after it. A rule about which all is known
 * is not looked at again, so that a site costs little when others like it came before (`reference/beyond.md 4.2`). After `maxLooks` looks at a rule from some
 * packets it gives up.
 */
export function proveRules(engine: Engine, sites: readonly Site[], maxLooks = MAX_LOOKS): Proofs {
  const prover = new Prover(engine, maxLooks)
  for (const site of sites) prover.visit(site)
  return prover.proofs()
}

// --- internal ---

/** Peers that a rule matches, with these headers. */
type Match = Pick<EndMatch, 'places' | 'headers'>

interface State {
  readonly step: Step
  /** A packet can match it, whether or not it gets there. */
  matches: boolean
  reached: boolean
  /** Not shown to be needed. */
  spare: boolean
  /** What decides when it does not. */
  readonly instead: Set<Decider>
  /** Some of the sites where it stands. */
  readonly sites: Site[]
}

const DIRECTIONS = ['ingress', 'egress'] as const
/** So many looks at a rule from a region are made in all; what is not proven by then is not told. */
const MAX_LOOKS = 20_000_000
/** At so many sites the takers of a rule are looked up. */
const TAKER_SITES = 8

class Prover {
  readonly #engine: Engine
  readonly #space: ConnectionSpace
  readonly #outlines: Outlines
  readonly #states = new Map<Rule, State>()
  /** Per direction, policies that act, and whether anything reaches their tier. */
  readonly #reached: Readonly<Record<Direction, Map<Policy, boolean>>> = { ingress: new Map(), egress: new Map() }
  readonly #maxLooks: number
  #looks = 0
  /** The site that is looked at, and what its rules match there. */
  #site: Site | undefined
  #matches = new Map<Rule, readonly Match[]>()

  constructor(engine: Engine, maxLooks: number) {
    this.#engine = engine
    this.#maxLooks = maxLooks
    this.#space = engine.space
    this.#outlines = new Outlines(engine.space)
  }

  visit(site: Site): void {
    const { trail, family } = site
    const reached = this.#reached[trail.direction]
    for (const { steps, policies } of trail.layers) {
      for (const policy of policies) if (!reached.has(policy)) reached.set(policy, false)
      for (const step of steps) {
        const state = this.#states.get(step.rule)
        if (!state) {
          const spare = step.rule.action !== 'Log'
          this.#states.set(step.rule, { step, matches: false, reached: false, spare, instead: new Set(), sites: [site] })
        } else if (state.sites.length < TAKER_SITES) state.sites.push(site)
      }
    }
    const last = trail.layers.findLastIndex((layer) => this.#isOpenQuestion(layer, trail.direction))
    let parts: Part[] = [{ places: this.#engine.matches.ofFamily(family).slice(), open: EVERYTHING, passed: NOTHING }]
    for (let at = 0; at <= last; at++) {
      const layer = trail.layers[at]
      if (!layer) break
      if (parts.some(({ open }) => open !== NOTHING)) for (const policy of layer.policies) reached.set(policy, true)
      for (let index = 0; index < layer.steps.length; index++) this.#pass(site, at, index, parts)
      for (const part of parts) {
        part.open = layer.end === 'Pass' ? this.#space.union(part.open, part.passed) : part.passed
        part.passed = NOTHING
      }
      if (parts.length > 4) parts = merge(parts)
    }
  }

  proofs(): Proofs {
    const gaveUp = this.#isSpent()
    const states = gaveUp ? [] : [...this.#states.values()]
    const shadowed = states.filter(({ matches, reached }) => matches && !reached).map(({ step }) => step)
    return {
      shadowed,
      redundant: this.#removable(states, shadowed),
      unreached: gaveUp
        ? []
        : DIRECTIONS.flatMap((direction) =>
            [...this.#reached[direction]].filter(([, reached]) => !reached).map(([policy]) => ({ policy, direction })),
          ),
      gaveUp,
      takers: (step) => this.#takers(step),
    }
  }

  // --- internal ---

  #isOpenQuestion({ steps, policies }: TrailLayer, direction: Direction): boolean {
    if (this.#isSpent()) return false
    if (policies.some((policy) => this.#reached[direction].get(policy) === false)) return true
    return steps.some(({ rule }) => {
      const state = this.#states.get(rule)
      return state !== undefined && (!state.reached || state.spare)
    })
  }

  /** Lets one rule of a layer decide what it matches of what is open. */
  #pass(site: Site, layer: number, index: number, parts: Part[]): void {
    const rule = site.trail.layers[layer]?.steps[index]?.rule
    const state = rule && this.#states.get(rule)
    if (!rule || !state) return
    for (const { places, headers } of this.#matchesOf(site, rule)) {
      state.matches ||= both(this.#engine.matches.ofFamily(site.family), places) !== undefined
      const count = parts.length
      for (let i = 0; i < count; i++) {
        const part = parts[i]
        if (!part) continue
        const hit = this.#look(part, places, headers)
        if (hit === undefined) continue
        state.reached = true
        if (state.spare) state.spare = this.#isSpare(site, layer, index, hit, state.instead)
        if (rule.action === 'Log' || (rule.maybe && rule.action !== 'Pass')) continue
        const inside = split(parts, i, places)
        if (!rule.maybe) inside.open = this.#space.subtract(inside.open, hit.open)
        if (rule.action === 'Pass') inside.passed = this.#space.union(inside.passed, hit.open)
      }
    }
  }

  /** What of a region a rule's match takes; undefined when nothing. */
  #look(region: Region, places: Bits, headers: ConnectionSet): Region | undefined {
    this.#looks++
    if (region.open === NOTHING || !this.#outlines.mayMeet(region.open, headers)) return undefined
    // Places first: where they lie apart, no set of headers need be made.
    const inside = both(region.places, places)
    const open = inside ? this.#space.intersect(region.open, headers) : NOTHING
    return inside && open !== NOTHING ? { places: inside, open } : undefined
  }

  #matchesOf(site: Site, rule: Rule): readonly Match[] {
    if (this.#site !== site) {
      this.#site = site
      this.#matches = new Map()
    }
    let matches = this.#matches.get(rule)
    if (!matches) this.#matches.set(rule, (matches = this.#match(site, rule)))
    return matches
  }

  #match(site: Site, rule: Rule): readonly Match[] {
    const headers = headersAtSite(this.#engine.matches, site, rule)
    if (headers === NOTHING) return []
    const side = PEER[rule.direction]
    return this.#engine.matches
      .end(rule[side], side)
      .map((match) => ({ places: match.places, headers: this.#space.intersect(match.headers, headers) }))
      .filter((match) => match.headers !== NOTHING)
  }

  /** Whether what a rule decides comes out the same without it. */
  #isSpare(site: Site, layer: number, index: number, region: Region, instead: Set<Decider>): boolean {
    const action = site.trail.layers[layer]?.steps[index]?.rule.action
    if (this.#isSpent()) return false
    if (action === 'Allow' || action === 'Deny') return this.#endsAs(action, site, layer, index + 1, [region], instead)
    return this.#passesAnyway(site, layer, index, region, instead)
  }

  /**
   * Whether all packets of some regions, from a rule on, come to the same end in any case: rules that may match or not must agree, and none may note the
   * packets that were not noted.
   */
  #endsAs(end: 'Allow' | 'Deny', site: Site, fromLayer: number, fromIndex: number, from: readonly Region[], instead: Set<Decider>): boolean {
    let regions: Region[] = from.map((region) => ({ ...region }))
    const { layers, end: last } = site.trail
    for (let at = fromLayer; at < layers.length; at++) {
      const layer = layers[at]
      if (!layer) continue
      const passed: Region[] = []
      for (let index = at === fromLayer ? fromIndex : 0; index < layer.steps.length; index++) {
        const step = layer.steps[index]
        if (!step) continue
        const { action, maybe } = step.rule
        const taken = this.#take(site, step.rule, regions)
        if (this.#isSpent()) return false
        if (taken.hits.length === 0) continue
        if (action === 'Pass' ? maybe : action !== end) return false
        instead.add(step)
        if (action === 'Pass') passed.push(...taken.hits)
        if (!maybe) regions = taken.rest
        if (regions.length === 0) break
      }
      if (layer.end === 'Deny' && regions.length > 0) {
        if (end !== 'Deny') return false
        instead.add(layer)
        regions = []
      }
      regions = [...regions, ...passed]
      if (regions.length === 0) return true
    }
    if (end !== last) return false
    instead.add('end')
    return true
  }

  /** Whether what a rule passes on is passed on without it, or comes to the end that it comes to when it is passed on. */
  #passesAnyway(site: Site, at: number, index: number, region: Region, instead: Set<Decider>): boolean {
    const layer = site.trail.layers[at]
    let regions: Region[] = [region]
    for (const step of layer?.steps.slice(index + 1) ?? []) {
      const { action, maybe } = step.rule
      const taken = this.#take(site, step.rule, regions)
      if (taken.hits.length === 0) continue
      if (action === 'Log') return false
      instead.add(step)
      if (action !== 'Pass' && !this.#endsAs(action, site, at + 1, 0, taken.hits, instead)) return false
      if (!maybe) regions = taken.rest
      if (regions.length === 0) return true
    }
    if (layer) instead.add(layer)
    return layer?.end === 'Pass' || this.#endsAs('Deny', site, at + 1, 0, regions, instead)
  }

  #take(site: Site, rule: Rule, regions: readonly Region[]): { readonly hits: readonly Region[]; readonly rest: Region[] } {
    const hits: Region[] = []
    let rest = [...regions]
    for (const { places, headers } of this.#matchesOf(site, rule)) {
      const next: Region[] = []
      for (const region of rest) {
        const hit = this.#look(region, places, headers)
        if (!hit) {
          next.push(region)
          continue
        }
        hits.push(hit)
        const left = this.#space.subtract(region.open, hit.open)
        if (left !== NOTHING) next.push({ places: hit.places, open: left })
        const outside = without(region.places, hit.places)
        if (outside) next.push({ places: outside, open: region.open })
      }
      rest = next
      if (this.#isSpent()) break
    }
    return { hits, rest }
  }

  /** Of the rules that could go each by itself, those that can go together, with the shadowed ones: none rests on one that goes. */
  #removable(states: readonly State[], shadowed: readonly Step[]): ReadonlyMap<Step, ReadonlySet<Decider>> {
    const gone = new Set<Decider>(shadowed)
    const needed = new Set<Decider>()
    const removable = new Map<Step, ReadonlySet<Decider>>()
    for (const { step, reached, spare, instead } of states) {
      if (!reached || !spare || needed.has(step) || [...instead].some((decider) => gone.has(decider))) continue
      gone.add(step)
      for (const decider of instead) needed.add(decider)
      removable.set(step, instead)
    }
    return removable
  }

  #isSpent(): boolean {
    return this.#looks > this.#maxLooks
  }

  #takers(step: Step): Set<Decider> {
    this.#looks = 0
    const takers = new Set<Decider>()
    for (const site of this.#states.get(step.rule)?.sites ?? []) {
      const family = this.#engine.matches.ofFamily(site.family)
      let regions = this.#matchesOf(site, step.rule).flatMap(({ places, headers }): Region[] => {
        const inside = both(places, family)
        return inside ? [{ places: inside, open: headers }] : []
      })
      for (const layer of site.trail.layers) {
        let passed: Region[] = []
        for (const other of layer.steps) {
          if (other.rule === step.rule) break
          if (other.rule.action === 'Log' || other.rule.maybe) continue
          const taken = this.#take(site, other.rule, regions)
          if (taken.hits.length === 0) continue
          takers.add(other)
          regions = taken.rest
          if (other.rule.action === 'Pass') passed = [...passed, ...taken.hits]
        }
        if (layer.steps.some(({ rule }) => rule === step.rule)) break
        if (layer.end === 'Deny' && regions.length > 0) {
          takers.add(layer)
          regions = []
        }
        regions = [...regions, ...passed]
      }
    }
    return takers
  }
}
