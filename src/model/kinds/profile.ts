import { nameColumn } from '../column.ts'
import { defineKind } from '../kind.ts'
import { labelKeyFault, labelValueFault } from '../label.ts'
import { type Rule, ruleList } from '../rule.ts'
import { checkRule } from '../rule-check.ts'
import { map, struct, text } from '../schema.ts'

interface ProfileSpec {
  ingress?: Rule[]
  egress?: Rule[]
  labelsToApply?: Record<string, string>
}

export const profile = defineKind({ kind: 'Profile', plural: 'profiles', aliases: ['pro', 'pros'], scope: 'cluster' }, () => ({
  description: 'Rules and labels for the endpoints that carry the profile; on Docker hosts, one for each network.',
  spec: struct('What the profile says.', {
    ingress: ruleList('Rules for traffic to the endpoints, tried in order.', { limits: false }),
    egress: ruleList('Rules for traffic from the endpoints, tried in order.', { limits: false }),
    labelsToApply: map("Labels that the endpoints inherit; an endpoint's own label wins.", text('A label value.')),
  }),
  columns: [
    nameColumn(),
    {
      heading: 'LABELS',
      views: ['wide'],
      value: (resource: { spec?: ProfileSpec }) =>
        Object.entries(resource.spec?.labelsToApply ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .sort()
          .join(','),
    },
  ],
  rules: (resource, report) => {
    const spec: ProfileSpec = resource.spec ?? {}
    for (const direction of ['ingress', 'egress'] as const) {
      for (const [index, rule] of (spec[direction] ?? []).entries()) {
        checkRule(rule, ['spec', direction, index], { direction, global: false, policy: false }, report)
      }
    }
    for (const [key, value] of Object.entries(spec.labelsToApply ?? {})) {
      const path = ['spec', 'labelsToApply', key]
      for (const [text, fault, atKey] of [
        [key, labelKeyFault(key), true],
        [value, labelValueFault(value), false],
      ] as const) {
        if (fault === undefined) continue
        const [message = '', help] = `"${text}" ${fault}`.split('\n')
        report({ code: 'bad-label', path, message, ...(help === undefined ? {} : { help }), ...(atKey ? { atKey } : {}) })
      }
    }
  },
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
