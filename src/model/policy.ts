import { nameColumn } from './column.ts'
import type { Fault } from './decode.ts'
import type { Column, Resource } from './kind.ts'
import { objectName } from './object-name.ts'
import type { Rule } from './rule.ts'
import { checkRule } from './rule-check.ts'
import { float, list, text } from './schema.ts'
import { selectorCheck } from './selector-check.ts'

/** What all policies of a tier share: fields, defaults, names, the stored form, columns. */
export interface PolicySpec {
  stagedAction?: string
  tier?: string
  order?: number
  ingress?: Rule[]
  egress?: Rule[]
  selector?: string
  types?: string[]
  doNotTrack?: boolean
  preDNAT?: boolean
  applyOnForward?: boolean
  serviceAccountSelector?: string
  namespaceSelector?: string
  performanceHints?: string[]
}

export type Policy = Resource<PolicySpec>

const TIER_LABEL = 'projectcalico.org/tier'
/** Holds the name that the user gave, since older releases stored another (`reference/model.md 4.5`). */
const NAME_ANNOTATION = 'projectcalico.org/metadata'

export const tierField = text('The tier that the policy belongs to.', { default: 'default', check: objectName })
export const orderField = float('Position in the tier: policies with a lower order come first; those without come last.', { omit: 'absent' })
export const selectorField = (description: string) => text(description, { check: selectorCheck, maxLength: 1024 })
export const typesField = list(
  'Which traffic the policy decides about; derived from its rules when absent.',
  text('Ingress or Egress.', { oneOf: ['Ingress', 'Egress'] }),
)
export const hintsField = list('Hints for the agent.', text('A hint.', { oneOf: ['AssumeNeededOnEveryNode'] }))
export const stagedActionField = text('What would happen to the policy of the same name: it is set, deleted, learnt or ignored.', {
  oneOf: ['Set', 'Delete', 'Learn', 'Ignore'],
  default: 'Set',
})

export const policyColumns: readonly Column[] = [
  nameColumn(),
  { heading: 'TIER', value: (policy: Policy) => policy.spec?.tier ?? '' },
  { heading: 'ORDER', views: ['wide'], value: (policy: Policy) => formatOrder(policy.spec?.order) },
  { heading: 'SELECTOR', views: ['wide'], value: (policy: Policy) => policy.spec?.selector ?? '' },
]

/** An order as Go prints a float in a table: `100`, `0.5`, `1e+06`, `1.2345678e+07`; `<nil>` when there is none. */
export function formatOrder(order: number | undefined): string {
  if (order === undefined) return '<nil>'
  const [digits = '', power = '0'] = order.toExponential().split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return String(order)
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** The types that the rules imply, where the user names none. */
export function completeTypes(spec: PolicySpec): void {
  if (spec.types && spec.types.length > 0) return
  const ingress = (spec.ingress ?? []).length > 0
  const egress = (spec.egress ?? []).length > 0
  spec.types = egress ? (ingress ? ['Ingress', 'Egress'] : ['Egress']) : ['Ingress']
}

/** Staging a deletion says nothing but which policy; the types that go with rules are not kept (`reference/model.md 0.9`). */
export function completeStaged(spec: PolicySpec): void {
  if (spec.stagedAction === 'Delete') delete spec.types
  else completeTypes(spec)
}

/** A staged deletion has no other field than the tier. */
export function checkStaged(policy: Policy, report: (fault: Fault) => void): void {
  const { stagedAction, tier: _, ...rest } = policy.spec ?? {}
  if (stagedAction !== 'Delete') return
  for (const [field, value] of Object.entries(rest)) {
    if (value === undefined || value === '' || value === false) continue
    report({
      code: 'bad-policy',
      path: ['spec', field],
      message: 'Spec fields, except Tier, should all be zero-value if stagedAction is Delete',
      help: `remove ${field}`,
    })
  }
}

/** Adds the label and the annotation that Calico stores with a policy. */
export function storePolicy(policy: Policy): Resource {
  const { metadata, spec } = policy
  const labels = { ...metadata.labels, [TIER_LABEL]: spec?.tier || 'default' }
  const annotations = { ...metadata.annotations, [NAME_ANNOTATION]: JSON.stringify({ name: metadata.name }) }
  return { ...policy, metadata: { ...metadata, labels, annotations } }
}

/** A policy as it lies in a datastore, under another name; the tier's label is not added to what has none. */
export function storedUnderName(policy: Resource, name: string): Resource {
  const { metadata } = policy
  return { ...policy, metadata: { ...metadata, name, annotations: { ...metadata.annotations, [NAME_ANNOTATION]: JSON.stringify({ name }) } } }
}

/** The user's view of a stored policy of any v3 release: its own name, the tier label, no annotation of ours. */
export function readPolicy(policy: Policy): Resource {
  const { metadata, spec } = policy
  const { [NAME_ANNOTATION]: note, ...annotations } = metadata.annotations ?? {}
  const { annotations: _, ...rest } = metadata
  return {
    ...policy,
    metadata: {
      ...rest,
      name: shownName(metadata.name ?? '', note, spec?.tier),
      labels: { ...metadata.labels, [TIER_LABEL]: metadata.labels?.[TIER_LABEL] ?? 'default' },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
  }
}

/** The name of a global policy: a label, with its tier in front of a dot if need be. */
export function globalPolicyName(name: string): string | undefined {
  return name.length <= 253 && GLOBAL_NAME.test(name) ? undefined : nameFault(name)
}

/** As `globalPolicyName`, and the names that Kubernetes' and OpenStack's policies are kept under. */
export function namespacedPolicyName(name: string): string | undefined {
  return name.length <= 253 && (GLOBAL_NAME.test(name) || OWNED_NAME.test(name)) ? undefined : nameFault(name)
}

/** Rules of all policies: each rule by itself, selectors, types, and what goes with doNotTrack and preDNAT. */
export function checkPolicy(policy: Policy, options: { readonly global: boolean }, report: (fault: Fault) => void): void {
  const spec = policy.spec ?? {}
  const tell = (field: string, message: string, help?: string) =>
    report({ code: 'bad-policy', path: ['spec', field], message, ...(help === undefined ? {} : { help }) })
  for (const direction of ['ingress', 'egress'] as const) {
    for (const [index, rule] of (spec[direction] ?? []).entries()) {
      checkRule(rule, ['spec', direction, index], { direction, global: options.global, policy: true }, report)
    }
  }
  for (const field of ['selector', 'serviceAccountSelector', 'namespaceSelector'] as const) {
    if (spec[field]?.includes('global(')) tell(field, 'global() can only be used in an EntityRule namespaceSelector')
  }
  for (const field of ['types', 'performanceHints'] as const) {
    const values = spec[field] ?? []
    const repeated = values.find((value, index) => values.indexOf(value) < index)
    if (repeated !== undefined) tell(field, `'${repeated}' type specified more than once`, 'name it once')
  }
  if (spec.preDNAT && spec.doNotTrack) tell('preDNAT', 'preDNAT and doNotTrack cannot both be true')
  if (spec.preDNAT && (spec.egress ?? []).length > 0) tell('egress', 'preDNAT policy cannot have any egress rules')
  if (spec.preDNAT && spec.types?.includes('Egress')) tell('types', "preDNAT policy cannot have 'Egress' type")
  if ((spec.preDNAT || spec.doNotTrack) && !spec.applyOnForward) {
    tell('applyOnForward', 'applyOnForward must be true if either preDNAT or doNotTrack is true', 'add "applyOnForward: true"')
  }
}

// --- internal ---

const LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?'
const GLOBAL_NAME = new RegExp(`^(?:${LABEL}\\.)?${LABEL}$`)
const OWNED_NAME = new RegExp(`^(?:knp|ossg)\\.default\\.${LABEL}(?:\\.${LABEL})*$`)

function nameFault(name: string): string {
  return `"${name}" is not a policy name\nlower case letters, digits and "-", with a letter or digit at both ends; a tier may stand in front, as in security.web`
}

function shownName(stored: string, note: string | undefined, tier: string | undefined): string {
  if (note !== undefined) {
    try {
      const { name } = JSON.parse(note) as { name?: unknown }
      if (typeof name === 'string' && name !== '') return name
    } catch {
      // Not ours, or damaged: as if it were not there.
    }
  }
  return (tier || 'default') === 'default' && stored.startsWith('default.') ? stored.slice('default.'.length) : stored
}
