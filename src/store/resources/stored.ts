import { isObject } from '../../model/decode.ts'
import type { Kind, Resource } from '../../model/kind.ts'
import { decodeResource } from '../../model/resource.ts'
import type { KeyValue } from '../datastore.ts'

/** A resource as the user sees it, and the pair it was read from. */
export interface StoredResource {
  readonly resource: Resource
  readonly keyValue: KeyValue
}

/** Reads a stored value of any era; undefined when it is not JSON of that kind. `metadata.resourceVersion` is the key's revision. */
export function readStored(kind: Kind, keyValue: KeyValue): StoredResource | undefined {
  let raw: unknown
  try {
    raw = JSON.parse(keyValue.value)
  } catch {
    return undefined
  }
  if (!isObject(raw)) return undefined
  let damaged = false
  const decoded = decodeResource(kind, raw, { stored: true, report: () => void (damaged = true) })
  if (damaged) return undefined
  const resource = kind.body.fromStored ? kind.body.fromStored(decoded) : decoded
  resource.metadata.resourceVersion = String(keyValue.modRevision)
  return { resource, keyValue }
}
