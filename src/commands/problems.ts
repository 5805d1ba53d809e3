import type { ManifestItem } from '../manifest/manifest.ts'
import type { Fault } from '../model/decode.ts'
import { formatPath, type Problem, type ResourceName } from '../model/problem.ts'
import type { ResourceFailure } from '../store/resources/failure.ts'

/** What a failure of the store says, as problems that point into the manifest where there is one. */
export function failureProblems(failure: ResourceFailure, item?: ManifestItem): Problem[] {
  const faults = failure.faults ?? [
    { code: failure.code, path: ['metadata', 'name'], message: failure.message, ...(failure.help === undefined ? {} : { help: failure.help }) },
  ]
  return faults.map((fault) => (item ? itemProblem(item, fault) : faultProblem(failure.resource, fault, failure.faults !== undefined)))
}

/** A fault of a manifest's resource as a problem with its place. */
export function itemProblem(item: ManifestItem, fault: Fault): Problem {
  const { kind, metadata } = item.resource
  const resource = { kind, ...(metadata.namespace ? { namespace: metadata.namespace } : {}), ...(metadata.name ? { name: metadata.name } : {}) }
  return { ...faultProblem(resource, fault, true), file: item.file, range: item.locate(fault.path, fault.atKey ? 'key' : 'value') }
}

// --- internal ---

function faultProblem(resource: ResourceName, fault: Fault, atField: boolean): Problem {
  return {
    code: fault.code,
    severity: 'error',
    message: fault.message,
    resource,
    ...(atField && fault.path.length > 0 ? { path: formatPath(fault.path) } : {}),
    ...(fault.help === undefined ? {} : { help: fault.help }),
  }
}
