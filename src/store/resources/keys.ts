import type { Kind } from '../../model/kind.ts'
import { type KeyRange, prefixRange } from '../datastore.ts'

/** Below this lie all resources of the v3 API (`reference/model.md 4.1`). */
export const RESOURCES = '/calico/resources/v3/projectcalico.org/'

/** What names one resource among all. */
export interface Target {
  readonly kind: Kind
  /** Given for namespaced kinds only. */
  readonly namespace?: string
  readonly name: string
}

export function resourceKey(target: Target): string {
  const scope = target.kind.scope === 'namespaced' ? `${target.namespace ?? ''}/` : ''
  return `${RESOURCES}${target.kind.plural}/${scope}${target.name}`
}

/** The keys of all resources of a kind, of one namespace if given. */
export function kindRange(kind: Kind, namespace?: string): KeyRange {
  const scope = kind.scope === 'namespaced' && namespace !== undefined ? `${namespace}/` : ''
  return prefixRange(`${RESOURCES}${kind.plural}/${scope}`)
}

/** The name (and namespace) in a key of the kind; undefined for a key that is too deep or too shallow. */
export function parseResourceKey(kind: Kind, key: string): { namespace?: string; name: string } | undefined {
  const rest = key.slice(RESOURCES.length + kind.plural.length + 1)
  if (kind.scope === 'cluster') return rest !== '' && !rest.includes('/') ? { name: rest } : undefined
  const parts = rest.split('/')
  const [namespace = '', name = ''] = parts
  return parts.length === 2 && namespace !== '' && name !== '' ? { namespace, name } : undefined
}

const TIERED = new Set(['GlobalNetworkPolicy', 'NetworkPolicy', 'StagedGlobalNetworkPolicy', 'StagedNetworkPolicy'])

/** Kinds that belong to a tier, and whose keys had the tier as prefix in older releases. */
export function isTiered(kind: Kind): boolean {
  return TIERED.has(kind.kind)
}

/**
 * The keys under which a resource may lie. Releases up to v3.31 kept a policy `web` of the default tier as `default.web`
 * (`reference/model.md 4.5`); what is found under such a key counts only if its shown name is the one asked for.
 */
export function possibleKeys(target: Target): string[] {
  const key = resourceKey(target)
  return isTiered(target.kind) ? [key, resourceKey({ ...target, name: `default.${target.name}` })] : [key]
}
