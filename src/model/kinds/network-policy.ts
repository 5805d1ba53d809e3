import { defineKind } from '../kind.ts'
import {
  checkPolicy,
  completeTypes,
  namespacedPolicyName,
  hintsField,
  orderField,
  type Policy,
  policyColumns,
  readPolicy,
  selectorField,
  storePolicy,
  tierField,
  typesField,
} from '../policy.ts'
import { ruleList } from '../rule.ts'
import { struct } from '../schema.ts'

export const networkPolicy = defineKind(
  { kind: 'NetworkPolicy', plural: 'networkpolicies', aliases: ['np', 'nps', 'policy', 'policies', 'pol', 'pols'], scope: 'namespaced' },
  () => ({
    description: 'Rules for the endpoints of one namespace.',
    spec: struct('What the policy says.', {
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
    complete: (resource) => completeTypes(((resource as Policy).spec ??= {})),
    toStored: (resource) => storePolicy(resource),
    fromStored: (resource) => readPolicy(resource),
    rules: (resource, report) => checkPolicy(resource, { global: false }, report),
    example: `apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata:
  name: allow-web
  namespace: default
spec:
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
