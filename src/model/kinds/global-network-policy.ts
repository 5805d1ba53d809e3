import { defineKind } from '../kind.ts'
import {
  checkPolicy,
  completeTypes,
  globalPolicyName,
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
import { flag, struct } from '../schema.ts'

export const globalNetworkPolicy = defineKind(
  { kind: 'GlobalNetworkPolicy', plural: 'globalnetworkpolicies', aliases: ['gnp', 'gnps'], scope: 'cluster' },
  () => ({
    description: 'Rules for endpoints of any namespace and for host endpoints.',
    spec: struct('What the policy says.', {
      tier: tierField,
      order: orderField,
      ingress: ruleList('Rules for traffic to what the policy selects, tried in order.', { limits: true }),
      egress: ruleList('Rules for traffic from what the policy selects, tried in order.', { limits: true }),
      selector: selectorField('Which endpoints the policy applies to; all when empty.'),
      types: typesField,
      doNotTrack: flag('Applied before connection tracking, to host endpoints only.'),
      preDNAT: flag('Applied before destination NAT, to host endpoints only.'),
      applyOnForward: flag('On host endpoints: applied to forwarded traffic too.'),
      serviceAccountSelector: selectorField('Which service accounts the policy applies to.'),
      namespaceSelector: selectorField('Which namespaces the policy applies to.'),
      performanceHints: hintsField,
    }),
    columns: policyColumns,
    name: globalPolicyName,
    complete: (resource) => completeTypes(((resource as Policy).spec ??= {})),
    toStored: (resource) => storePolicy(resource),
    fromStored: (resource) => readPolicy(resource),
    rules: (resource, report) => checkPolicy(resource, { global: true }, report),
    example: `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: allow-web
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
