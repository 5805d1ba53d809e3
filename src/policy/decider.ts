import type { Side } from './interpreter/walk.ts'
import type { Policy, Profile, Rule, Tier } from './world/world.ts'

/** What had the last word about a packet at one end. */
export type Decider =
  | { readonly type: 'always'; readonly note: 'failsafe' | 'encapsulated packet from a workload' }
  | { readonly type: 'rule'; readonly owner: Policy | Profile; readonly rule: Rule }
  /** The end of a tier: these policies of it act, and none of their rules matches. */
  | { readonly type: 'tier'; readonly tier: Tier; readonly policies: readonly Policy[] }
  | { readonly type: 'missing-profile'; readonly name: string }
  /** No rule matched: of no policy, and of none of these profiles. */
  | { readonly type: 'nothing'; readonly profiles: readonly Profile[] }

export function deciderOf({ layers }: Side): Decider {
  const last = layers.at(-1)
  switch (last?.type) {
    case 'always':
      return { type: 'always', note: last.note }
    case 'tier':
      return last.by
        ? { type: 'rule', owner: last.by.policy, rule: last.by.rule }
        : { type: 'tier', tier: last.tier, policies: last.steps.map(({ policy }) => policy) }
    case 'profile':
      if (!last.profile) return { type: 'missing-profile', name: last.name }
      if (last.by) return { type: 'rule', owner: last.profile, rule: last.by }
      break
    default:
  }
  return { type: 'nothing', profiles: layers.flatMap((layer) => (layer.type === 'profile' && layer.profile ? [layer.profile] : [])) }
}
