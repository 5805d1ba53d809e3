import type { Kind, Resource } from '../model/kind.ts'
import { escapeForTerminal } from './escape.ts'

/**
 * One line a resource, as kubectl's `-o name`: `profile/net1`. Where namespaces are mixed (`withNamespace`) a namespaced one is told apart as
 * `networkpolicy/prod/web`.
 */
export function formatNames(kind: Kind, resources: Iterable<Resource>, withNamespace: boolean): string {
  const prefix = kind.kind.toLowerCase()
  const named = withNamespace && kind.scope === 'namespaced'
  const lineOf = ({ metadata }: Resource) => `${prefix}/${named ? `${metadata.namespace ?? ''}/` : ''}${metadata.name ?? ''}`
  return Array.from(resources, (resource) => `${escapeForTerminal(lineOf(resource))}\n`).join('')
}
