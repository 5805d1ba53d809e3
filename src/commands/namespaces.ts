import type { ManifestItem } from '../manifest/manifest.ts'
import type { Fault } from '../model/decode.ts'
import type { Target } from '../store/resources/keys.ts'

/**
 * Where a manifest's resource belongs: its own namespace, else `-n`, else `default` (`reference/calicoctl.md 2.3`). Sets the namespace in the resource.
 * Gives the fault when file and flag disagree, or when there can be no namespace.
 */
export function placeItem(item: ManifestItem, flag: string | undefined): Target | Fault {
  const { kind, resource } = item
  const own = resource.metadata.namespace || undefined
  const name = resource.metadata.name ?? ''
  if (kind.scope === 'namespaced') {
    if (own !== undefined && flag !== undefined && own !== flag) {
      return fault(`resource namespace does not match client namespace. ${own} != ${flag}`, 'leave out --namespace, or the namespace in the manifest')
    }
    const namespace = own ?? flag ?? 'default'
    resource.metadata.namespace = namespace
    return { kind, name, namespace }
  }
  if (own !== undefined) {
    return fault(`namespace should not be specified for a non-namespaced resource. ${kind.kind} is not a namespaced resource`, 'remove the line')
  }
  if (flag !== undefined) return fault(`${kind.kind} is not namespaced`, 'leave out --namespace')
  return { kind, name }
}

export function isFault(value: Target | Fault): value is Fault {
  return 'code' in value
}

// --- internal ---

function fault(message: string, help: string): Fault {
  return { code: 'namespace', path: ['metadata', 'namespace'], message, help }
}
