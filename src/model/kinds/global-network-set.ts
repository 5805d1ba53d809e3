import { defineKind } from '../kind.ts'
import { checkNetworkSet, networkSetColumns, networkSetSpec } from '../network-set.ts'

export const globalNetworkSet = defineKind(
  { kind: 'GlobalNetworkSet', plural: 'globalnetworksets', aliases: ['gnetsets'], scope: 'cluster' },
  () => ({
    description: 'Addresses outside Calico, with labels that selectors of any policy match.',
    spec: networkSetSpec,
    columns: networkSetColumns,
    rules: checkNetworkSet,
    example: `apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata:
  name: partners
  labels:
    role: partner
spec:
  nets:
  - 198.51.100.0/28
  - 203.0.113.7
`,
  }),
)
