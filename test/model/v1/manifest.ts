import { load } from 'js-yaml'
import type { Fault } from '../../../src/model/decode.ts'
import type { Resource } from '../../../src/model/kind.ts'
import { formatPath } from '../../../src/model/problem.ts'
import { kindNamed } from '../../../src/model/registry.ts'
import { arrangeResource, completeResource, decodeResource } from '../../../src/model/resource.ts'
import { checkConverted, v1ToV3 } from '../../../src/model/v1/to-v3.ts'

/** A manifest as parsed. */
export function parse(yaml: string): Record<string, unknown> {
  return load(yaml) as Record<string, unknown>
}

/** The v3 resource that a v1 manifest becomes, and what is wrong with it as `path: message`. */
export function converted(raw: Record<string, unknown>): { readonly resource: Resource | undefined; readonly faults: readonly string[] } {
  const faults: string[] = []
  const report = ({ path, message }: Fault) => void faults.push(`${formatPath(path)}: ${message}`)
  const resource = v1ToV3(raw, report)
  if (resource) checkConverted(resource, raw, report)
  return { resource: resource && arranged(resource), faults }
}

/** A v3 manifest as the store would have it. */
export function stored(yaml: string): Resource {
  const raw = parse(yaml)
  const kind = kindNamed(String(raw['kind']))
  if (!kind) throw new Error(`no kind ${String(raw['kind'])}`)
  const resource = decodeResource(kind, raw, { report: refuse })
  completeResource(kind, resource)
  return resource
}

/** What stands in a resource at a path: field names and indices with dots between. */
export function at(resource: object | undefined, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, step) => (typeof value === 'object' && value !== null ? Reflect.get(value, step) : undefined), resource)
}

// --- internal ---

function refuse(fault: Fault): never {
  throw new Error(`${formatPath(fault.path)}: ${fault.message}`)
}

function arranged(resource: Resource): Resource {
  const kind = kindNamed(resource.kind)
  if (!kind) throw new Error(`no kind ${resource.kind}`)
  return JSON.parse(JSON.stringify(arrangeResource(kind, resource))) as Resource
}
