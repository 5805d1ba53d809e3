import { defineKind } from '../kind.ts'
import {
  checkPolicy,
  checkStaged,
  completeStaged,
  namespacedPolicyName,
  hintsField,
  orderField,
  type Policy,
  policyColumns,
  readPolicy,
  selectorField,
  stagedActionField,
  storePolicy,
  tierField,
  typesField,
} from '../policy.ts'
import { ruleList } from '../rule.ts'
import { struct } from '../schema.ts'

export const stagedNetworkPolicy = defineKind(
  {
    kind: 'StagedNetworkPolicy',
    plural: 'stagednetworkpolicies',
    aliases: ['stagedpolicy', 'stagedpolicies', 'snp', 'snps', 'spol', 'spols'],
    scope: 'namespaced',
  },
  () => ({
    description: 'A policy of one namespace that is tried out: what it would do is reported, not done.',
    spec: struct('What the policy says.', {
      stagedAction: stagedActionField,
      tier: tierField,
      order: orderField,
      ingress: ruleList('Rules for traffic to what the policy selects, tried in order.', { limits: true }),
      egress: ruleList('Rules for traffic from what the policy selects, tried in order.', { limits: true }),
      selector: selectorField('Which endpoints of the namespace the policy applies to; all when empty.'),
      types: typesField,
      serviceAccountSelector: selectorField('Which service accounts the policy applies to.'),
      performanceHints: hintsField,
    }),
    columns: policyColumns,
    name: namespacedPolicyName,
    complete: (resource) => completeStaged(((resource as Policy).spec ??= {})),
    toStored: (resource) => storePolicy(resource),
    fromStored: (resource) => readPolicy(resource),
    rules: (resource, report) => {
      checkPolicy(resource, { global: false }, report)
      checkStaged(resource, report)
    },
    example: `apiVersion: projectcalico.org/v3
kind: StagedNetworkPolicy
metadata:
  name: allow-web
  namespace: default
spec:
  stagedAction: Set
  order: 100
  selector: app == 'web'
  types:
  - Ingress
  ingress:
  - action: Allow
    protocol: TCP
    source:
      selector: role == 'frontend'
    destination:
      ports:
      - 80
      - "8000:8080"
`,
  }),
)
