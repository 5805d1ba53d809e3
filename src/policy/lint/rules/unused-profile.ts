import { BUILT_IN } from '../../world/origin.ts'
import { finding, type LintRule, nameOf } from '../rule.ts'

export const unusedProfile: LintRule = {
  code: 'unused-profile',
  severity: 'warning',
  summary: 'a profile that no endpoint has',
  explanation: {
    why: `Nobody is protected by it, and nobody takes labels from it: often it belonged to a network that is gone, or endpoints list another spelling of its name.
Profiles of Kubernetes namespaces and service accounts (kns., ksa.) are left out. Where there are no endpoints at all, this is not looked for.`,
    bad: `kind: Profile
metadata: {name: net-9}       # endpoints have profiles: [net9]`,
    good: `kind: Profile
metadata: {name: net9}`,
    fix: 'Delete the profile, or give it to the endpoints that are meant to have it.',
  },
  *find(study) {
    if (!study.hasEndpoints) return
    const used = new Set(study.world.endpoints.flatMap(({ profiles }) => profiles))
    for (const profile of study.world.profiles.values()) {
      if (used.has(profile.name) || profile.origin === BUILT_IN || /^k(?:ns|sa)\./.test(profile.name)) continue
      yield finding(this, profile, ['metadata', 'name'], {
        message: `no endpoint has ${nameOf(profile)}`,
        help: `delete it, or list it in the profiles of the endpoints that are meant; it is so for the ${study.world.endpoints.length} endpoints there are`,
      })
    }
  },
}
