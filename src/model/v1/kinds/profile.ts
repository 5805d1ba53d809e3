import { define } from '../../decode.ts'
import { API_VERSION } from '../../kind.ts'
import { list, struct, text } from '../../schema.ts'
import { checkLabels, labels, pathName, plainName } from '../field.ts'
import { defineV1Kind, present, type Report, type V1Document } from '../kind.ts'
import { convertProfileName, revertProfileName } from '../names.ts'
import type { Path } from '../../problem.ts'
import { checkRules, ruleList } from '../rule.ts'
import { rulePathToV1, rulesToV1, rulesToV3, type V3Rule } from '../rule-conversion.ts'

interface V3Spec {
  readonly ingress?: readonly V3Rule[]
  readonly egress?: readonly V3Rule[]
  readonly labelsToApply?: Readonly<Record<string, string>>
}

/** `reference/model.md 1.7`. */
export const profile = defineV1Kind({ kind: 'profile', v3: 'Profile' }, () => ({
  description: 'Rules, tags and labels for the endpoints that carry the profile; on Docker hosts, one for each network.',
  metadata: struct('What tells the profile apart, and what its endpoints inherit.', {
    name: text('Name of the profile.', { check: pathName }),
    tags: list('Tags of the endpoints, matched by tag in rules.', text('A tag.', { check: plainName })),
    labels: labels('Labels that the endpoints inherit, matched by selectors.'),
  }),
  spec: struct('What the profile says.', {
    ingress: ruleList('Rules for traffic to the endpoints, tried in order.'),
    egress: ruleList('Rules for traffic from the endpoints, tried in order.'),
  }),
  rules: ({ metadata, spec }, report) => {
    checkLabels(metadata.labels, ['metadata', 'labels'], report)
    checkTags(metadata.tags ?? [], metadata.labels ?? {}, report)
    checkRules(spec, report)
  },
  toV3: ({ metadata, spec }) => {
    const labelsToApply: Record<string, string> = {}
    for (const [key, value] of Object.entries(metadata.labels ?? {})) define(labelsToApply, key, value)
    for (const tag of metadata.tags ?? []) define(labelsToApply, tag, '')
    return {
      kind: 'Profile',
      apiVersion: API_VERSION,
      metadata: { name: convertProfileName(metadata.name ?? '') },
      spec: present({ ingress: rulesToV3(spec.ingress), egress: rulesToV3(spec.egress), labelsToApply }),
    }
  },
  fromV3: (resource) => {
    const spec = resource.spec as V3Spec
    const { tags, labels } = tagsAndLabels(spec.labelsToApply ?? {})
    return {
      metadata: present({ name: revertProfileName(resource.metadata.name ?? ''), tags, labels }),
      spec: present({ ingress: rulesToV1(spec.ingress), egress: rulesToV1(spec.egress) }),
    }
  },
  v1Path: profilePath,
  harmless: ['metadata.labels', 'metadata.annotations', 'spec.ingress.metadata', 'spec.egress.metadata'],
  example: `apiVersion: v1
kind: profile
metadata:
  name: net1
  tags:
  - net1
spec:
  egress:
  - action: allow
  ingress:
  - action: allow
    source:
      tag: net1
`,
}))

// --- internal ---

/** A tag becomes a label of that name, so the name may be there only once. */
function checkTags(tags: readonly string[], labels: Readonly<Record<string, string>>, report: Report): void {
  for (const [index, tag] of tags.entries()) {
    const path = ['metadata', 'tags', index]
    if (tags.indexOf(tag) !== index) {
      report({ code: 'duplicate-item', path, message: `tag "${tag}" stands here twice`, help: 'remove one' })
    } else if (Object.hasOwn(labels, tag)) {
      const message = `tag "${tag}" and label "${tag} == ${labels[tag] ?? ''}" would become the same label`
      report({ code: 'tag-and-label', path, message, help: 'rename the label, in selectors too' })
    }
  }
}

/** A label without a value is what a tag becomes, so it comes back as one. */
function tagsAndLabels(labelsToApply: Readonly<Record<string, string>>) {
  const tags: string[] = []
  const labels: Record<string, string> = {}
  for (const [key, value] of Object.entries(labelsToApply)) {
    if (value === '' && plainName(key) === undefined) tags.push(key)
    else define(labels, key, value)
  }
  return { tags, labels }
}

function profilePath(path: Path, document: V1Document): Path {
  const [spec, field, key] = path
  if (spec !== 'spec' || field !== 'labelsToApply') return rulePathToV1(path, document)
  const tags = document.get('metadata', 'tags')
  const index = Array.isArray(tags) ? tags.findIndex((tag) => String(tag) === key) : -1
  if (key === undefined) return ['metadata', 'labels']
  return index >= 0 ? ['metadata', 'tags', index] : ['metadata', 'labels', ...path.slice(2)]
}
