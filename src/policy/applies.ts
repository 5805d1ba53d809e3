import { matches } from '../model/selector/evaluate.ts'
import type { Direction } from './facts.ts'
import type { Endpoint, Policy, Profile, World } from './world/world.ts'

/** One policy or profile that acts on an endpoint. */
export type Applying =
  | { readonly type: 'policy'; readonly policy: Policy; readonly directions: readonly Direction[] }
  /** `profile` is undefined when the endpoint lists one that is not there, which denies. */
  | { readonly type: 'profile'; readonly name: string; readonly profile: Profile | undefined; readonly directions: readonly Direction[] }

const STAGES = ['untracked', 'preDNAT', undefined] as const

/** Everything that acts on an endpoint, in the order in which a packet meets it (`reference/felix.md 1.3, 1.6`). */
export function applying(world: World, endpoint: Endpoint): Applying[] {
  const policies = STAGES.flatMap((stage) =>
    world.tiers.flatMap(({ policies }) => policies.filter((policy) => policy.stage === stage && actsOn(policy, endpoint))),
  )
  return [
    ...policies.map((policy): Applying => ({ type: 'policy', policy, directions: directionsOf(policy) })),
    ...endpoint.profiles.map((name): Applying => {
      const profile = world.profiles.get(name)
      return { type: 'profile', name, profile, directions: ['ingress', 'egress'] }
    }),
  ]
}

/** Whether a policy acts on an endpoint in some direction. */
export function actsOn(policy: Policy, endpoint: Endpoint): boolean {
  if (policy.stage !== undefined && endpoint.kind === 'workload') return false
  if (policy.stage === 'untracked' && endpoint.allInterfaces) return false
  return directionsOf(policy).length > 0 && matches(policy.selector, endpoint.labels)
}

// --- internal ---

function directionsOf({ ingress, egress }: Policy): Direction[] {
  return [...(ingress ? (['ingress'] as const) : []), ...(egress ? (['egress'] as const) : [])]
}
