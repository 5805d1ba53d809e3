import type { Direction } from '../facts.ts'
import type { Policy, World } from '../world/world.ts'
import type { Coverage } from './coverage.ts'
import type { Decider, Proofs } from './proofs.ts'
import { type Step, stepsOf, type Trail } from './trails.ts'

/** What nothing ever reaches, each told once: a policy as a whole before its rules. */
export interface Shadows {
  /** Policies in a tier that nothing reaches at any endpoint they act on. */
  readonly unreached: readonly { readonly policy: Policy; readonly direction: Direction }[]
  /** Policies none of whose rules is reached, since earlier policies of their tier decide otherwise. */
  readonly reversed: readonly { readonly policy: Policy; readonly direction: Direction; readonly takers: readonly Step[] }[]
  readonly rules: readonly Shadowed[]
}

export interface Shadowed {
  readonly step: Step
  /** What takes the packets that it matches. */
  readonly takers: readonly Decider[]
  /** Whether it holds for whatever endpoints there will be, and not only for those there are. */
  readonly always: boolean
}

export function findShadows(world: World, trails: readonly Trail[], proofs: Proofs, coverage: Coverage): Shadows {
  const takers = new Map(proofs.shadowed.map((step) => [step, [...proofs.takers(step)]]))
  const reversed = findReversed(world, takers)
  const told = new Set(reversed.flatMap(({ policy, direction }) => stepsOf(policy, direction)))
  for (const { policy, direction } of proofs.unreached) for (const step of stepsOf(policy, direction)) told.add(step)
  const rules: Shadowed[] = []
  for (const [step, deciders] of takers) {
    if (told.has(step)) continue
    const always = coverage.of(step)
    // That policies leave nothing to the profiles of their endpoints is what policies are for.
    const byPolicies = step.owner.kind === 'Profile' && !deciders.every((decider) => isStep(decider) && decider.owner.kind === 'Profile')
    if (always) rules.push({ step, takers: always, always: true })
    else if (!byPolicies) rules.push({ step, takers: deciders, always: false })
  }
  for (const step of stepsNowhere(world, trails)) {
    const always = coverage.of(step)
    if (always) rules.push({ step, takers: always, always: true })
  }
  return { unreached: proofs.unreached, reversed, rules }
}

export function isStep(decider: Decider): decider is Step {
  return typeof decider === 'object' && 'rule' in decider
}

// --- internal ---

const DIRECTIONS = ['ingress', 'egress'] as const

function findReversed(world: World, takers: ReadonlyMap<Step, readonly Decider[]>): { policy: Policy; direction: Direction; takers: Step[] }[] {
  return world.tiers.flatMap(({ policies }) =>
    policies.flatMap((policy) =>
      DIRECTIONS.flatMap((direction) => {
        const deciding = stepsOf(policy, direction).filter(({ rule }) => rule.action !== 'Log')
        const by = new Set<Step>()
        let otherwise = false
        for (const step of deciding) {
          for (const decider of takers.get(step) ?? ['end' as const]) {
            if (!isStep(decider) || decider.owner === policy || !policies.includes(decider.owner as Policy)) return []
            otherwise ||= decider.rule.action !== step.rule.action
            by.add(decider)
          }
        }
        return otherwise ? [{ policy, direction, takers: [...by] }] : []
      }),
    ),
  )
}

/** The rules that stand in no trail: those of policies and profiles that act at no endpoint. */
function* stepsNowhere(world: World, trails: readonly Trail[]): Generator<Step> {
  const somewhere = new Set(trails.flatMap(({ layers }) => layers.flatMap(({ steps }) => steps)))
  for (const owner of [...world.tiers.flatMap(({ policies }) => policies), ...world.profiles.values()]) {
    for (const direction of DIRECTIONS) for (const step of stepsOf(owner, direction)) if (!somewhere.has(step)) yield step
  }
}
