import type { Fault } from '../../../src/model/decode.ts'
import { API_VERSION, type Kind, type Resource } from '../../../src/model/kind.ts'
import type { Metadata } from '../../../src/model/metadata.ts'
import { formatPath } from '../../../src/model/problem.ts'
import { completeResource, decodeResource, encodeResource, validateResource } from '../../../src/model/resource.ts'

/** What becomes of a manifest: the completed resource, the bytes of its stored form, and what is wrong with it as `path: message (help)`. */
export interface Judgement {
  readonly resource: Resource
  readonly stored: string
  readonly faults: readonly string[]
}

/** Treats a manifest as `create` does before it asks the datastore. */
export function judge(kind: Kind, spec: unknown, metadata: Metadata = { name: 'x' }, status?: unknown): Judgement {
  const faults: Fault[] = []
  const report = (fault: Fault) => void faults.push(fault)
  const raw = {
    kind: kind.kind,
    apiVersion: API_VERSION,
    metadata,
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  }
  const resource = decodeResource(kind, raw, { report })
  if (faults.length === 0) {
    completeResource(kind, resource)
    validateResource(kind, resource, report)
  }
  return {
    resource,
    stored: encodeResource(kind, resource),
    faults: faults.map(({ path, message, help }) => `${formatPath(path)}: ${message}${help === undefined ? '' : ` (${help})`}`),
  }
}
