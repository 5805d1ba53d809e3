import type { Policy } from '../../world/world.ts'
import type { Site } from '../trails.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'

export const unreachedPolicy: LintRule = {
  code: 'unreached-policy',
  severity: 'warning',
  summary: 'a policy in a tier that nothing reaches: earlier tiers decide everything for its endpoints',
  explanation: {
    why: `Where a policy of a tier acts on an endpoint, the tier's end denies what no rule decided, unless its defaultAction is Pass. Policies of later tiers then see nothing of it.
It is proven for every packet to and from the endpoints that the policy picks now.`,
    bad: `kind: GlobalNetworkPolicy
metadata: {name: security.block-telnet}
spec:
  tier: security          # its end denies all the rest
  selector: all()
  ingress:
  - action: Deny
    protocol: TCP
    destination: {ports: [23]}`,
    good: `kind: GlobalNetworkPolicy
metadata: {name: security.block-telnet}
spec:
  tier: security
  selector: all()
  ingress:
  - action: Deny
    protocol: TCP
    destination: {ports: [23]}
  - action: Pass          # all else goes on to the next tier`,
    fix: 'Let an earlier tier pass on what it does not mean to decide: a Pass rule as the last one of a policy, or defaultAction: Pass of the tier.',
  },
  *find(study) {
    const told = new Map<object, string[]>()
    for (const { policy, direction } of study.shadows.unreached) {
      const known = told.get(policy)
      if (known) known.push(direction)
      else told.set(policy, [direction])
    }
    for (const { policies } of study.world.tiers) {
      for (const policy of policies) {
        const directions = told.get(policy)
        if (!directions) continue
        const before = tiersBefore(study.sites, policy)
        yield finding(this, policy, ['metadata', 'name'], {
          message: `nothing reaches ${nameOf(policy)} (${directions.join(' and ')}): an earlier tier decides everything for its endpoints`,
          help: `let ${before} pass on what is not its own, with a Pass rule at its end or defaultAction: Pass`,
        })
      }
    }
  },
}

// --- internal ---

function tiersBefore(sites: readonly Site[], policy: Policy): string {
  const names = new Set<string>()
  for (const { trail } of sites) {
    const at = trail.layers.findIndex(({ policies }) => policies.includes(policy))
    for (const { tier } of trail.layers.slice(0, Math.max(at, 0))) if (tier) names.add(`"${tier.name}"`)
  }
  return names.size === 0 ? 'the tier before it' : `tier ${[...names].join(' or ')}`
}
