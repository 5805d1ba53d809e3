import type { Kind, Resource } from '../model/kind.ts'
import { escapeForTerminal } from './escape.ts'

/**
 * One line a resource, as kubectl's `-o name`: `profile/net1`. Where namespaces are mixed (`withNamespace`) a namespaced one is told apart as
 * `networkpolicy/prod/web`.
 */
export function formatNames(kind: Kind, resources: readonly Resource[], withNamespace: boolean): string {
  const prefix = kind.kind.toLowerCase()
  const named = withNamespace && kind.scope === 'namespaced'
  return resources
    .map(({ metadata }) => `${prefix}/${named ? `${metadata.namespace ?? ''}/` : ''}${metadata.name ?? ''}`)
    .map((line) => `${escapeForTerminal(line)}\n`)
    .join('')
}
