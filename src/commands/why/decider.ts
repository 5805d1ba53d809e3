import { formatPath } from '../../model/problem.ts'
import type { Side } from '../../policy/interpreter/walk.ts'
import { rulePath } from '../../policy/words.ts'
import type { Policy, Profile, Rule } from '../../policy/world/world.ts'
import { sourceOf } from '../answer.ts'

/** The rule that decided at a side: its resource, its path in it and where it was read; where no rule did, the policy or profile that came last. */
export function deciderJson({ layers }: Side): Readonly<Record<string, unknown>> | undefined {
  const last = layers.at(-1)
  if (last?.type === 'tier') {
    const policy = last.by?.policy ?? last.steps.at(-1)?.policy
    return policy && placeJson(policy, last.by?.rule)
  }
  return last?.type === 'profile' && last.profile ? placeJson(last.profile, last.by) : undefined
}

/** A policy or profile, or a rule of it, and where it was read. */
export function placeJson(owner: Policy | Profile, rule: Rule | undefined): Readonly<Record<string, unknown>> {
  const { kind, name, origin } = owner
  return {
    kind,
    ...('namespace' in owner && owner.namespace !== undefined ? { namespace: owner.namespace } : {}),
    name,
    ...(rule ? { path: formatPath(rulePath(rule)) } : {}),
    source: sourceOf(origin, rule ? rulePath(rule) : ['metadata', 'name']),
  }
}
