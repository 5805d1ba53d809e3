import { decode, type DecodeOptions, type Fault, isObject } from './decode.ts'
import { arrange, goJson } from './json.ts'
import { API_VERSION, type Kind, type Resource } from './kind.ts'
import { type Metadata, metadataSchema } from './metadata.ts'
import { checkMetadata } from './names.ts'
import { isOmitted, type Shape, shapeOf } from './shape.ts'
import type * as v from 'valibot'

/** Reads one resource of a known kind out of parsed YAML or JSON. Faults go to `options.report`; the result holds what was good. */
export function decodeResource(kind: Kind, raw: Record<string, unknown>, options: DecodeOptions): Resource {
  const resource: Resource = { kind: kind.kind, apiVersion: API_VERSION, metadata: {} }
  const seen: string[] = []
  for (const key of Object.keys(raw)) {
    const name = topLevelName(key)
    if (name !== undefined && seen.includes(name)) {
      options.report({ code: 'duplicate-field', path: [key], message: `field "${key}" stands here twice (letter case does not count)`, atKey: true })
      continue
    }
    if (name !== undefined) seen.push(name)
    switch (name) {
      case 'kind':
      case 'apiVersion':
        break
      case 'metadata':
        resource.metadata = (decode(metadataSchema, raw[key], ['metadata'], options) as Metadata | undefined) ?? {}
        break
      case 'spec':
        resource.spec = decode(kind.body.spec, raw[key], ['spec'], options)
        break
      case 'status':
        if (kind.body.status) {
          resource.status = decode(kind.body.status, raw[key], ['status'], options)
          break
        }
        unknownTopLevel(key, options)
        break
      default:
        unknownTopLevel(key, options)
    }
  }
  resource.spec ??= {}
  return resource
}

/** Fills in, in place, what the peer stores when the user says nothing: defaults declared at fields, then the kind's own. */
export function completeResource(kind: Kind, resource: Resource): void {
  fillDefaults(shapeOf(kind.body.spec), resource.spec)
  if (kind.body.status && resource.status) fillDefaults(shapeOf(kind.body.status), resource.status)
  kind.body.complete?.(resource)
}

/** Everything that can be said against a completed resource without looking at others. */
export function validateResource(kind: Kind, resource: Resource, report: (fault: Fault) => void): void {
  checkMetadata(kind, resource.metadata, report)
  kind.body.rules?.(resource, report)
}

/**
 * The bytes that Calico stores for a resource (`reference/model.md 4.2`): no resourceVersion, fields in declared order.
 * `storedName`: the name inside, where an older release's key has another than the user sees.
 */
export function encodeResource(kind: Kind, resource: Resource, storedName?: string): string {
  const stored = kind.body.toStored ? kind.body.toStored(structuredClone(resource) as never) : resource
  const arranged = arrangeResource(kind, stored)
  const { metadata } = arranged
  arranged.metadata = { ...metadata, name: storedName ?? metadata.name, resourceVersion: undefined, selfLink: undefined }
  return goJson(arranged)
}

/** The same with every field in its place, as JSON output shows it; what is in its place already is shared with the resource. */
export function arrangeResource(kind: Kind, resource: Resource): Resource {
  const result: Resource = {
    kind: kind.kind,
    apiVersion: API_VERSION,
    metadata: arrange(metadataSchema, resource.metadata) as Metadata,
    spec: arrange(kind.body.spec, resource.spec ?? {}),
  }
  if (kind.body.status && !isLeftOut(kind.body.status, resource.status)) result.status = arrange(kind.body.status, resource.status ?? {})
  return result
}

// --- internal ---

const TOP_LEVEL = ['kind', 'apiVersion', 'metadata', 'spec', 'status']

function isLeftOut(schema: v.GenericSchema, status: unknown): boolean {
  return status === undefined && shapeOf(schema).meta.omit === 'absent'
}

function topLevelName(key: string): string | undefined {
  return TOP_LEVEL.includes(key) ? key : TOP_LEVEL.find((name) => name.toLowerCase() === key.toLowerCase())
}

function unknownTopLevel(key: string, options: DecodeOptions): void {
  if (options.stored) return
  options.report({
    code: 'unknown-field',
    path: [key],
    message: `unknown field "${key}"`,
    help: 'known fields here: apiVersion, kind, metadata, spec',
    atKey: true,
  })
}

/** Fills defaults in structs that are there; a default does not make its parent. */
function fillDefaults(shape: Shape, value: unknown): void {
  if (!hasDefaults(shape)) return
  if (shape.type === 'struct' && isObject(value)) {
    for (const [name, field] of shape.fields) {
      if (field.default !== undefined && isOmitted(field, value[name])) value[name] = structuredClone(field.default)
      else fillDefaults(field, value[name])
    }
  } else if (shape.type === 'list' && Array.isArray(value)) {
    for (const item of value) fillDefaults(shape.item, item)
  } else if (shape.type === 'map' && isObject(value)) {
    for (const item of Object.values(value)) fillDefaults(shape.value, item)
  }
}

const withDefaults = new WeakMap<Shape, boolean>()

/** Whether a field in it or below has a default; most have none. */
function hasDefaults(shape: Shape): boolean {
  let known = withDefaults.get(shape)
  if (known === undefined) {
    const below =
      shape.type === 'struct'
        ? shape.fields.map(([, field]) => field)
        : shape.type === 'list'
          ? [shape.item]
          : shape.type === 'map'
            ? [shape.value]
            : []
    known = below.some((inner) => inner.default !== undefined || hasDefaults(inner))
    withDefaults.set(shape, known)
  }
  return known
}
