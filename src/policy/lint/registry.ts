import type { LintRule } from './rule.ts'
import { contradictorySelector } from './rules/contradictory-selector.ts'
import { dnsBlocked } from './rules/dns-blocked.ts'
import { emptySelector } from './rules/empty-selector.ts'
import { equalOrder } from './rules/equal-order.ts'
import { impossibleRule } from './rules/impossible-rule.ts'
import { labelTypo } from './rules/label-typo.ts'
import { logOnly } from './rules/log-only.ts'
import { neverSelected } from './rules/never-selected.ts'
import { notChecked } from './rules/not-checked.ts'
import { openToWorld } from './rules/open-to-world.ts'
import { repeatedResource, setAsideRules, unknownRules } from './rules/passed-on.ts'
import { redundantRule } from './rules/redundant-rule.ts'
import { reversedOrder } from './rules/reversed-order.ts'
import { shadowedRule } from './rules/shadowed-rule.ts'
import { unreachedPolicy } from './rules/unreached-policy.ts'
import { unusedProfile } from './rules/unused-profile.ts'

/** All that lint looks for. */
export const LINT_RULES: readonly LintRule[] = [
  shadowedRule,
  redundantRule,
  unreachedPolicy,
  reversedOrder,
  equalOrder,
  contradictorySelector,
  impossibleRule,
  neverSelected,
  emptySelector,
  labelTypo,
  logOnly,
  dnsBlocked,
  openToWorld,
  unusedProfile,
  ...unknownRules,
  ...setAsideRules,
  repeatedResource,
  notChecked,
]
