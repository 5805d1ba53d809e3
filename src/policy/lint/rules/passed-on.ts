import type { Problem } from '../../../model/problem.ts'
import type { Explanation, LintRule } from '../rule.ts'
import type { Study } from '../study.ts'

/** What the world itself cannot resolve: things that resources ask for and that are not there. */
export const unknownRules: readonly LintRule[] = [
  passedOn('missing-profile', 'warning', 'an endpoint lists a profile that is not there, which denies all that reaches it', unknowns, {
    why: 'An endpoint with a profile that is not there is cut off as far as its policies do not decide: what comes to the missing profile is denied, also where a later profile would allow it.',
    bad: `kind: WorkloadEndpoint
spec:
  profiles: [net1]            # there is no profile net1`,
    good: `kind: Profile
metadata: {name: net1}
spec:
  egress: [{action: Allow}]`,
    fix: 'Create the profile, or take its name from the endpoint.',
  }),
  passedOn('missing-tier', 'warning', 'a policy belongs to a tier that is not there', unknowns, {
    why: 'Policies of a tier that is not there act all the same, after all others, and what they do not decide is denied.',
    bad: `kind: GlobalNetworkPolicy
spec: {tier: securty}`,
    good: `kind: GlobalNetworkPolicy
spec: {tier: security}`,
    fix: 'Create the tier, or correct its name.',
  }),
  passedOn('missing-port', 'warning', 'a rule names a port that no endpoint declares', unknowns, {
    why: 'A named port stands for the ports that endpoints declare by that name. If none does, nothing matches.',
    bad: `- action: Allow
  protocol: TCP
  destination: {ports: [htpp]}`,
    good: `- action: Allow
  protocol: TCP
  destination: {ports: [http]}   # some endpoint has spec.ports with this name`,
    fix: 'Declare the port in spec.ports of the endpoints that have it, or write its number.',
  }),
  passedOn('no-address', 'warning', 'an endpoint without an address, which no rule knows by its labels', unknowns, {
    why: 'Selectors in rules stand for the addresses of the endpoints that they pick. An endpoint that lists none is not among them.',
    bad: `kind: HostEndpoint
spec: {node: host-1, interfaceName: eth0}`,
    good: `kind: HostEndpoint
spec: {node: host-1, interfaceName: eth0, expectedIPs: [10.0.0.1]}`,
    fix: 'List its addresses: ipNetworks of a workload, expectedIPs of a host.',
  }),
]

/** Resources that cannot be understood: what they would do is not known, and neither is what else would be found. */
export const setAsideRules: readonly LintRule[] = [
  passedOn('not-understood', 'error', 'a resource that cannot be understood, and does not act as it is meant', setAside, {
    why: 'A policy that cannot be understood does not act, a profile denies everything. Whether the other findings would hold with it cannot be told: lint ends with exit code 2.',
    bad: `selector: app = 'web'`,
    good: `selector: app == 'web'`,
    fix: 'Correct the resource.',
  }),
  passedOn('unreadable', 'error', 'an entry of the datastore that cannot be read', setAside, {
    why: 'Whoever wrote it wrote something that is no resource. Agents act as if it were not there. Lint ends with exit code 2, as it cannot tell what it would find with it.',
    bad: '{"kind": "Profile", "metada',
    good: '{"kind": "Profile", "metadata": {"name": "net1"}}',
    fix: 'Replace or delete the resource.',
  }),
]

/** Two resources of one name in the manifests; found when they are read. */
export const repeatedResource = passedOn(
  'repeated-resource',
  'warning',
  'two resources of the same kind and name in the manifests',
  ({ noted }) => noted,
  {
    why: 'Only the later one counts. What is told by lint is told about it alone.',
    bad: `kind: Profile
metadata: {name: net1}
---
kind: Profile
metadata: {name: net1}`,
    good: `kind: Profile
metadata: {name: net1}
---
kind: Profile
metadata: {name: net2}`,
    fix: 'Rename one of them, or put them together.',
  },
)

// --- internal ---

function passedOn(
  code: string,
  severity: LintRule['severity'],
  summary: string,
  source: (study: Study) => readonly Problem[],
  explanation: Explanation,
): LintRule {
  return {
    code,
    severity,
    summary,
    explanation,
    find: (study) => source(study).flatMap((problem) => (problem.code === code ? [{ ...problem, severity }] : [])),
  }
}

function unknowns({ world }: Study): readonly Problem[] {
  return world.unknowns.map(({ problem }) => problem)
}

function setAside({ world }: Study): readonly Problem[] {
  return world.setAside.map(({ problem }) => problem)
}
