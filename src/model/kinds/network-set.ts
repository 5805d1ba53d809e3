import { defineKind } from '../kind.ts'
import { checkNetworkSet, networkSetColumns, networkSetSpec } from '../network-set.ts'

export const networkSet = defineKind({ kind: 'NetworkSet', plural: 'networksets', aliases: ['netsets'], scope: 'namespaced' }, () => ({
  description: 'Addresses outside Calico, with labels that selectors match as if they were endpoints of the namespace.',
  spec: networkSetSpec,
  columns: networkSetColumns,
  rules: checkNetworkSet,
  example: `apiVersion: projectcalico.org/v3
kind: NetworkSet
metadata:
  name: partners
  namespace: default
  labels:
    role: partner
spec:
  nets:
  - 198.51.100.0/28
  - 203.0.113.7
`,
}))
