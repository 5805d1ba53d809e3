import { defineKind } from '../kind.ts'
import { ruleList } from '../rule.ts'
import { map, struct, text } from '../schema.ts'

export const profile = defineKind({ kind: 'Profile', plural: 'profiles', aliases: ['pro', 'pros'], scope: 'cluster' }, () => ({
  description: 'Rules and labels for the endpoints that carry the profile; on Docker hosts, one for each network.',
  spec: struct('What the profile says.', {
    ingress: ruleList('Rules for traffic to the endpoints, tried in order.'),
    egress: ruleList('Rules for traffic from the endpoints, tried in order.'),
    labelsToApply: map("Labels that the endpoints inherit; an endpoint's own label wins.", text('A label value.')),
  }),
  columns: [{ heading: 'NAME', value: (resource: { metadata: { name?: string } }) => resource.metadata.name ?? '' }],
  example: `apiVersion: projectcalico.org/v3
kind: Profile
metadata:
  name: net1
spec:
  egress:
  - action: Allow
  ingress:
  - action: Allow
    source:
      selector: net1 == ''
  labelsToApply:
    net1: ""
`,
}))
