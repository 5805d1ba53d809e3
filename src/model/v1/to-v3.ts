import { decode, type Fault } from '../decode.ts'
import type { Resource } from '../kind.ts'
import type { Path } from '../problem.ts'
import { kindNamed } from '../registry.ts'
import { completeResource, decodeResource, validateResource } from '../resource.ts'
import { struct, text } from '../schema.ts'
import { documentOf } from './document.ts'
import type { Report, V1Kind, V1Resource } from './kind.ts'
import { convertKubernetesPolicy, isKubernetesPolicy } from './kubernetes-policy.ts'
import { v1KindNamed, v1KindOf } from './registry.ts'
import type * as v from 'valibot'

/**
 * Makes the v3 resource of a v1 document (`reference/model.md 6`), or of a Kubernetes NetworkPolicy. Everything that v1's own loader refuses is reported,
 * with v1 paths; then the result is undefined. What is given back is neither completed nor validated as v3: `checkConverted` does that.
 */
export function v1ToV3(raw: Readonly<Record<string, unknown>>, report: Report): Resource | undefined {
  if (isKubernetesPolicy(raw)) return convertKubernetesPolicy(raw, report)
  const kind = v1KindNamed(String(documentOf(raw).get('kind')))
  if (!kind) throw new Error(`no v1 kind ${String(raw['kind'])}`)
  const [resource, failed] = decodeV1(kind, raw, report)
  return failed ? undefined : convertV1(kind, resource, report)
}

/** Reads a v1 document strictly: unknown fields, too, are reported. What was good is in the result. */
export function decodeV1(kind: V1Kind, raw: Readonly<Record<string, unknown>>, report: Report): [resource: V1Resource, failed: boolean] {
  let failed = false
  const told = (fault: Fault): void => {
    failed = true
    report(fault)
  }
  const decoded = decode(envelopeOf(kind), raw, [], { report: told }) as { metadata?: unknown; spec?: unknown } | undefined
  return [{ kind: kind.kind, apiVersion: 'v1', metadata: decoded?.metadata ?? {}, spec: decoded?.spec ?? {} }, failed]
}

/** Converts what is decoded already, after the rules of its kind. */
export function convertV1(kind: V1Kind, resource: V1Resource, report: Report): Resource | undefined {
  let failed = false
  const told: Report = (fault) => {
    failed = true
    report(fault)
  }
  kind.body.rules(resource, told)
  if (failed) return undefined
  const converted = kind.body.toV3(resource, told)
  return failed ? undefined : converted
}

/** What v3 says against a resource made of a v1 document, with v1 paths. The copy that it completes is given back when all is good. */
export function checkConverted(converted: Resource, raw: Readonly<Record<string, unknown>>, report: Report): Resource | undefined {
  const kind = kindNamed(converted.kind)
  if (!kind) throw new Error(`conversion made a ${converted.kind}`)
  let failed = false
  const told: Report = (fault) => {
    failed = true
    report(inV1Words(fault, converted, raw))
  }
  const resource = decodeResource(kind, structuredClone(converted) as unknown as Record<string, unknown>, { report: told })
  if (failed) return undefined
  completeResource(kind, resource)
  validateResource(kind, resource, told)
  return failed ? undefined : resource
}

/**
 * Where in a v1 document that stands from which a field of the v3 resource was made; a field that v1 calls the same stays as it is. With the document, fields
 * that may be written in two ways (`net` or `nets`) are told apart.
 */
export function v1PathOf(v3Path: Path, v3Kind: string, raw: Readonly<Record<string, unknown>> = {}): Path {
  return isKubernetesPolicy(raw) ? v3Path : (v1KindOf(v3Kind)?.body.v1Path(v3Path, documentOf(raw)) ?? v3Path)
}

// --- internal ---

/** A fault of v3's checks as one of the v1 document. Kubernetes' own documents are told in the words of v3. */
function inV1Words(fault: Fault, converted: Resource, raw: Readonly<Record<string, unknown>>): Fault {
  const path = v1PathOf(fault.path, converted.kind, raw)
  const kind = isKubernetesPolicy(raw) ? undefined : v1KindOf(converted.kind)
  if (!kind) return { ...fault, path }
  const name = documentOf(raw).get('metadata', 'name')
  if (fault.code === 'missing-name') {
    if (typeof name !== 'string' || name === '') return { ...fault, path, message: `a ${kind.kind} needs a name` }
    return { ...fault, path, message: `nothing of the name "${name}" could stand in a v3 name`, help: 'a name needs a letter or digit' }
  }
  const help = fault.help?.replaceAll(/"protocol: (\w+)"/g, (_, protocol: string) => `"protocol: ${protocol.toLowerCase()}"`)
  return { ...fault, path, ...(help === undefined ? {} : { help }) }
}

const envelopes = new WeakMap<V1Kind, v.GenericSchema>()

function envelopeOf(kind: V1Kind): v.GenericSchema {
  let envelope = envelopes.get(kind)
  if (!envelope) {
    const { description, metadata, spec } = kind.body
    envelope = struct(description, { kind: text('The kind.'), apiVersion: text('v1'), metadata, spec })
    envelopes.set(kind, envelope)
  }
  return envelope
}
