import type { Side, Walk } from '../interpreter/walk.ts'
import type { Direction } from '../facts.ts'
import type { Policy, Profile, Rule, Tier } from '../world/world.ts'

/** What settled a packet at one end. */
export type Decision =
  | { readonly type: 'rule'; readonly owner: Policy | Profile; readonly rule: Rule }
  /** A rule that may match or not: nobody can tell from a packet. */
  | { readonly type: 'perhaps'; readonly owner: Policy | Profile; readonly rule: Rule }
  /** No rule of the tier's policies matched. `policy`: the last of them. */
  | { readonly type: 'end-of-tier'; readonly tier: Tier; readonly policy: Policy }
  | { readonly type: 'missing-profile'; readonly name: string }
  | { readonly type: 'no-profile' }
  | { readonly type: 'failsafe' }
  | { readonly type: 'tunnel' }

/** What settled a packet at one end, before and after; undefined where the endpoint is not there. */
export interface DecisionPair {
  readonly direction: Direction
  readonly before: Decision | undefined
  readonly after: Decision | undefined
}

/** The decisions that make the difference: those of ends that say something else, or, where an endpoint appears or disappears, those of all ends. */
export function decisionsOf(before: Walk | undefined, after: Walk | undefined): DecisionPair[] {
  return (['egress', 'ingress'] as const).flatMap((direction) => {
    const [a, b] = [before?.[direction], after?.[direction]]
    if ((!a && !b) || (before && after && a?.verdict === b?.verdict)) return []
    return [{ direction, before: a && decisionOf(a), after: b && decisionOf(b) }]
  })
}

// --- internal ---

function decisionOf({ verdict, layers }: Side): Decision {
  if (verdict === 'unknown') {
    for (const layer of layers) {
      const steps =
        layer.type === 'tier'
          ? layer.steps.map(({ policy, tried }) => ({ owner: policy, tried }))
          : layer.type === 'profile' && layer.profile
            ? [{ owner: layer.profile, tried: layer.tried }]
            : []
      for (const { owner, tried } of steps) {
        const found = tried.find(({ rule, misses }) => rule.maybe && rule.action !== 'Log' && misses.length === 0)
        if (found) return { type: 'perhaps', owner, rule: found.rule }
      }
    }
  }
  const last = layers.at(-1)
  switch (last?.type) {
    case 'always':
      return { type: last.note === 'failsafe' ? 'failsafe' : 'tunnel' }
    case 'tier': {
      if (last.by) return { type: 'rule', owner: last.by.policy, rule: last.by.rule }
      const policy = last.steps.at(-1)?.policy
      return policy ? { type: 'end-of-tier', tier: last.tier, policy } : { type: 'no-profile' }
    }
    case 'profile':
      if (!last.profile) return { type: 'missing-profile', name: last.name }
      return last.by ? { type: 'rule', owner: last.profile, rule: last.by } : { type: 'no-profile' }
    default:
      return { type: 'no-profile' }
  }
}
