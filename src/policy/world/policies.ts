import type { Resource } from '../../model/kind.ts'
import type { PolicySpec } from '../../model/policy.ts'
import type { Rule as WrittenRule } from '../../model/rule.ts'
import type { Origin } from './origin.ts'
import { inField, resolveRules } from './rules.ts'
import type { Selectors } from './selectors.ts'
import type { Policy, Profile } from './world.ts'

/** Resolves a policy (`reference/felix.md 1.3, 1.6`). Without types it acts in both directions, as in Calico's calculation. @throws NotUnderstood */
export function resolvePolicy(resource: Resource, origin: Origin, selectors: Selectors): Policy {
  const { kind, metadata, spec = {} } = resource as Resource<PolicySpec>
  const namespace = kind === 'NetworkPolicy' ? (metadata.namespace ?? 'default') : undefined
  const selector = inField(['spec', 'selector'], () =>
    selectors.ofPolicy(
      { selector: spec.selector, namespaceSelector: spec.namespaceSelector, serviceAccountSelector: spec.serviceAccountSelector },
      namespace,
    ),
  )
  const types = spec.types && spec.types.length > 0 ? spec.types : ['Ingress', 'Egress']
  const isPreDnat = !spec.doNotTrack && spec.preDNAT
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name: metadata.name ?? '',
    tier: spec.tier || 'default',
    order: spec.order ?? Infinity,
    selector,
    ...(spec.doNotTrack ? { stage: 'untracked' as const } : isPreDnat ? { stage: 'preDNAT' as const } : {}),
    ...(spec.applyOnForward ? { applyOnForward: true } : {}),
    ...(types.includes('Ingress') ? { ingress: resolveRules(spec.ingress, 'ingress', namespace, selectors) } : {}),
    // What leaves is never seen before address translation, whatever the datastore holds.
    ...(types.includes('Egress') && !isPreDnat ? { egress: resolveRules(spec.egress, 'egress', namespace, selectors) } : {}),
    resource,
    origin,
  }
}

/** @throws NotUnderstood */
export function resolveProfile(resource: Resource, origin: Origin, selectors: Selectors): Profile {
  const { metadata, spec = {} } = resource as Resource<ProfileSpec>
  return {
    kind: 'Profile',
    name: metadata.name ?? '',
    ingress: resolveRules(spec.ingress, 'ingress', undefined, selectors),
    egress: resolveRules(spec.egress, 'egress', undefined, selectors),
    labelsToApply: spec.labelsToApply ?? {},
    resource,
    origin,
  }
}

// --- internal ---

interface ProfileSpec {
  ingress?: WrittenRule[]
  egress?: WrittenRule[]
  labelsToApply?: Record<string, string>
}
