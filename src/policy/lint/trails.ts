import { type ConnectionSet, NOTHING } from '../connections/space.ts'
import { eachBit } from '../core/bits.ts'
import type { Engine } from '../core/engine.ts'
import { Matches } from '../core/matches.ts'
import type { EndpointClass } from '../core/places.ts'
import type { Direction } from '../facts.ts'
import type { Policy, Profile, Rule, Tier, World } from '../world/world.ts'
import { OWN } from './headers.ts'

/** A rule and whose it is; one object a rule. */
export interface Step {
  readonly owner: Policy | Profile
  readonly rule: Rule
}

/** The policies of a tier, or one profile: rules that are tried in order, and what happens to what none of them decides. */
export interface TrailLayer {
  /** Undefined for a profile. */
  readonly tier: Tier | undefined
  readonly policies: readonly Policy[]
  readonly steps: readonly Step[]
  readonly end: 'Deny' | 'Pass'
}

/**
 * What packets of some kind meet at some endpoints in one direction (`reference/felix.md 1.4, 1.6`). An endpoint can have several: what hosts do before
 * tracking, before NAT, to their own and to forwarded packets are trails of their own, as packets change or part ways between them.
 * What is decided before any policy, such as failsafe ports, is left out: it can be configured otherwise.
 */
export interface Trail {
  readonly kind: 'workload' | 'host'
  readonly direction: Direction
  readonly layers: readonly TrailLayer[]
  /** What happens to what no layer decided. `Open`: another trail follows. */
  readonly end: 'Allow' | 'Deny' | 'Open'
}

/** Addresses at which a trail acts and that none of its rules can tell apart. */
export interface Site {
  readonly trail: Trail
  readonly family: 4 | 6
  /** Places of the engine: of workloads their own; of hosts all there are, since what they forward goes anywhere and not all of their addresses are known. */
  readonly places: readonly number[]
  /** With which headers the endpoint's own end fulfils a rule; for rules where it hangs on the place. */
  readonly own: ReadonlyMap<Rule, ConnectionSet>
}

/** All trails of a world, also those of endpoints without an address, and where they act. */
export function findTrails(world: World, engine: Engine): { readonly trails: readonly Trail[]; readonly sites: readonly Site[] } {
  const { places } = engine
  const ofClass: number[][] = places.endpointClasses.map(() => [])
  for (const [index, { endpointClass }] of places.list.entries()) if (endpointClass !== undefined) ofClass[endpointClass]?.push(index)
  const everywhere = places.list.map((_, index) => index)
  const acting = actingPolicies(world, engine)
  const trails = new Map<string, { readonly trail: Trail; readonly about: readonly Rule[] }>()
  const sites = new Map<string, Site & { readonly places: number[] }>()
  for (const [index, endpointClass] of places.endpointClasses.entries()) {
    for (const { key, make } of trailsOf(world, endpointClass, acting[index] ?? [])) {
      const known = trails.get(key)
      if (known?.trail.kind === 'host') continue
      const { trail, about } = known ?? withQuestions(make())
      if (!known) trails.set(key, { trail, about })
      for (const place of trail.kind === 'host' ? everywhere : (ofClass[index] ?? [])) {
        const own = about.map((rule) => engine.matches.headersAt(rule[OWN[rule.direction]], OWN[rule.direction], place))
        const family = places.list[place]?.family ?? 4
        const siteKey = `${key}/${family}/${own.join()}`
        const site = sites.get(siteKey)
        if (site) site.places.push(place)
        else sites.set(siteKey, { trail, family, places: [place], own: new Map(about.map((rule, at) => [rule, own[at] ?? NOTHING])) })
      }
    }
  }
  return { trails: [...trails.values()].map(({ trail }) => trail), sites: [...sites.values()] }
}

/** The rules of a policy or profile in one direction. */
export function stepsOf(owner: Policy | Profile, direction: Direction): readonly Step[] {
  const rules = owner[direction]
  if (!rules) return []
  let steps = known.get(rules)
  if (!steps) known.set(rules, (steps = rules.map((rule) => ({ owner, rule }))))
  return steps
}

// --- internal ---

const known = new WeakMap<readonly Rule[], readonly Step[]>()

/** A trail with those of its rules that ask something of the endpoint's own end. */
function withQuestions(trail: Trail): { readonly trail: Trail; readonly about: readonly Rule[] } {
  const rules = trail.layers.flatMap(({ steps }) => steps.map(({ rule }) => rule))
  return { trail, about: rules.filter((rule) => Matches.asks(rule[OWN[rule.direction]])) }
}

interface Acting {
  readonly number: number
  readonly tier: Tier
  readonly policy: Policy
}

/** The policies whose selectors pick each endpoint class, in order. */
function actingPolicies(world: World, { labels, places }: Engine): Acting[][] {
  const byLabels: number[][] = Array.from({ length: labels.size }, () => [])
  for (const [index, { labelClass }] of places.endpointClasses.entries()) byLabels[labelClass]?.push(index)
  const acting: Acting[][] = places.endpointClasses.map(() => [])
  let number = 0
  for (const tier of world.tiers) {
    for (const policy of tier.policies) {
      const entry: Acting = { number: number++, tier, policy }
      eachBit(labels.matching(policy.selector), (labelClass) => {
        for (const index of byLabels[labelClass] ?? []) acting[index]?.push(entry)
      })
    }
  }
  return acting
}

interface Planned {
  readonly key: string
  readonly make: () => Trail
}

function* trailsOf(world: World, { example }: EndpointClass, acting: readonly Acting[]): Generator<Planned> {
  const { kind, profiles, allInterfaces } = example
  for (const direction of ['ingress', 'egress'] as const) {
    const of = (which: (policy: Policy) => boolean) => acting.filter(({ policy }) => policy[direction] && which(policy))
    const plan = (name: string, chosen: readonly Acting[], profiles: readonly string[], end: Trail['end'], always = false): Planned[] =>
      chosen.length === 0 && !always
        ? []
        : [
            {
              key: `${name} ${direction} ${JSON.stringify(profiles)} ${chosen.map(({ number }) => number).join()}`,
              make: () => ({ kind, direction, layers: [...tierLayers(chosen, direction, end), ...profileLayers(world, profiles, direction)], end }),
            },
          ]
    yield* plan(
      kind,
      of(({ stage }) => stage === undefined),
      profiles,
      'Deny',
      true,
    )
    if (kind === 'workload') continue
    if (!allInterfaces)
      yield* plan(
        'untracked',
        of(({ stage }) => stage === 'untracked'),
        [],
        'Open',
      )
    yield* plan(
      'preDNAT',
      of(({ stage }) => stage === 'preDNAT'),
      [],
      'Open',
    )
    yield* plan(
      'forwarded',
      of(({ stage, applyOnForward }) => stage === undefined && applyOnForward === true),
      [],
      'Allow',
    )
  }
}

function tierLayers(chosen: readonly Acting[], direction: Direction, end: Trail['end']): TrailLayer[] {
  const byTier = new Map<Tier, Policy[]>()
  for (const { tier, policy } of chosen) {
    const policies = byTier.get(tier)
    if (policies) policies.push(policy)
    else byTier.set(tier, [policy])
  }
  return [...byTier].map(([tier, policies]) => ({
    tier,
    policies,
    steps: policies.flatMap((owner) => stepsOf(owner, direction)),
    // What untracked and preDNAT policies leave undecided goes on to the others.
    end: end === 'Open' ? 'Pass' : tier.defaultAction,
  }))
}

/** A profile that is not there denies, and nothing follows. */
function profileLayers(world: World, names: readonly string[], direction: Direction): TrailLayer[] {
  const layers: TrailLayer[] = []
  for (const name of names) {
    const owner = world.profiles.get(name)
    layers.push({ tier: undefined, policies: [], steps: owner ? stepsOf(owner, direction) : [], end: owner ? 'Pass' : 'Deny' })
    if (!owner) break
  }
  return layers
}
