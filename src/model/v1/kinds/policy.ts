import { API_VERSION } from '../../kind.ts'
import { flag, float, list, map, struct, text } from '../../schema.ts'
import { selectorCheck } from '../../selector-check.ts'
import { pathName, plainName } from '../field.ts'
import { defineV1Kind, movePath, present, type Report } from '../kind.ts'
import { convertPolicyName } from '../names.ts'
import { checkRules, ruleList, type V1Rule } from '../rule.ts'
import { capitalized, rulePathToV1, rulesToV1, rulesToV3, type V3Rule } from '../rule-conversion.ts'
import { selectorToV1, selectorToV3 } from '../selector.ts'

const TIER_LABEL = 'projectcalico.org/tier'
const DEFAULT_TIER = 'default'

interface V3Spec {
  readonly tier?: string
  readonly order?: number
  readonly ingress?: readonly V3Rule[]
  readonly egress?: readonly V3Rule[]
  readonly selector?: string
  readonly types?: readonly string[]
  readonly doNotTrack?: boolean
  readonly preDNAT?: boolean
}

/** `reference/model.md 1.6`. `metadata.tier` is not of Calico 2.6, but of the last releases that convert its resources (6.0). */
export const policy = defineV1Kind({ kind: 'policy', v3: 'GlobalNetworkPolicy' }, () => ({
  description: 'Rules for the endpoints that a selector picks.',
  metadata: struct('What tells the policy apart.', {
    name: text('Name of the policy.', { check: pathName }),
    tier: text('The tier that it is in, if not the default one.', { check: plainName }),
    annotations: map('Free text for tools and people.', text('An annotation value.')),
  }),
  spec: struct('What the policy says.', {
    order: float('Where it stands among the policies: lower ones come first, policies without come last.', { omit: 'absent' }),
    ingress: ruleList('Rules for traffic to the endpoints, tried in order.'),
    egress: ruleList('Rules for traffic from the endpoints, tried in order.'),
    selector: text('Endpoints that it is for; empty: all.', { omit: 'never', check: selectorCheck }),
    doNotTrack: flag('Holds before connections are tracked.'),
    preDNAT: flag('Holds before addresses are translated.'),
    types: list('Directions that it is for; absent: those that it has rules for.', text('A direction.', { oneOf: ['ingress', 'egress'] })),
  }),
  rules: ({ spec }, report) => {
    checkRules(spec, report)
    checkTypes(spec.types ?? [], report)
    if (!spec.preDNAT) return
    const exclusive = (path: (string | number)[], message: string) =>
      report({ code: 'exclusive-fields', path: ['spec', ...path], message, help: 'write two policies' })
    if (spec.doNotTrack) exclusive(['preDNAT'], 'preDNAT and doNotTrack cannot both be true')
    if (spec.egress?.length) exclusive(['egress'], 'a policy with preDNAT cannot have egress rules')
    if (spec.types?.includes('egress')) exclusive(['types', spec.types.indexOf('egress')], 'a policy with preDNAT cannot have the type egress')
  },
  toV3: ({ metadata, spec }) => {
    const tier = metadata.tier || DEFAULT_TIER
    const name = convertPolicyName(metadata.name ?? '')
    const types = spec.types?.length ? spec.types : typesOf(spec)
    return {
      kind: 'GlobalNetworkPolicy',
      apiVersion: API_VERSION,
      metadata: present({
        name: tier === DEFAULT_TIER || name === '' ? name : `${tier}.${name}`,
        labels: { [TIER_LABEL]: tier },
        annotations: metadata.annotations,
      }),
      spec: present({
        tier,
        order: spec.order,
        ingress: rulesToV3(spec.ingress),
        egress: rulesToV3(spec.egress),
        selector: selectorToV3(spec.selector ?? ''),
        types: types.map(capitalized),
        doNotTrack: spec.doNotTrack,
        preDNAT: spec.preDNAT,
        // What these two meant in v1 has a field of its own in v3.
        applyOnForward: spec.doNotTrack || spec.preDNAT,
      }),
    }
  },
  fromV3: (resource) => {
    const spec = resource.spec as V3Spec
    const { name = '', annotations } = resource.metadata
    const tier = spec.tier && spec.tier !== DEFAULT_TIER ? spec.tier : undefined
    return {
      metadata: present({ name: tier !== undefined && name.startsWith(`${tier}.`) ? name.slice(tier.length + 1) : name, tier, annotations }),
      spec: present({
        order: spec.order,
        ingress: rulesToV1(spec.ingress),
        egress: rulesToV1(spec.egress),
        selector: selectorToV1(spec.selector ?? ''),
        doNotTrack: spec.doNotTrack,
        preDNAT: spec.preDNAT,
        types: spec.types?.map((type) => type.toLowerCase()),
      }),
    }
  },
  v1Path: (path, document) =>
    movePath(rulePathToV1(path, document), [
      [
        ['spec', 'tier'],
        ['metadata', 'tier'],
      ],
      [
        ['metadata', 'labels', TIER_LABEL],
        ['metadata', 'tier'],
      ],
      [
        ['spec', 'applyOnForward'],
        ['spec', document.has('spec', 'preDNAT') ? 'preDNAT' : 'doNotTrack'],
      ],
    ]),
  harmless: ['metadata.labels', 'spec.performanceHints', 'spec.ingress.metadata', 'spec.egress.metadata'],
  example: `apiVersion: v1
kind: policy
metadata:
  name: allow-web
spec:
  order: 100
  selector: role == 'db'
  ingress:
  - action: allow
    protocol: tcp
    source:
      tag: web
    destination:
      ports:
      - 5432
`,
}))

// --- internal ---

/** A policy without rules is for incoming traffic: it denies it. */
function typesOf({ ingress, egress }: { readonly ingress?: readonly V1Rule[]; readonly egress?: readonly V1Rule[] }): string[] {
  if (!egress?.length) return ['ingress']
  return ingress?.length ? ['ingress', 'egress'] : ['egress']
}

function checkTypes(types: readonly string[], report: Report): void {
  for (const [index, type] of types.entries()) {
    if (types.indexOf(type) === index) continue
    report({ code: 'duplicate-item', path: ['spec', 'types', index], message: `type "${type}" stands here twice`, help: 'remove one' })
  }
}
