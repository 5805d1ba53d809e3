import { isObject } from '../decode.ts'
import { arrange } from '../json.ts'
import type { Kind, Resource } from '../kind.ts'
import { formatPath, formatResourceName, type Path, type Problem } from '../problem.ts'
import { kindNamed } from '../registry.ts'
import { arrangeResource, completeResource, decodeResource } from '../resource.ts'
import { canonicalWithHost } from './address.ts'
import type { V1Kind, V1Resource } from './kind.ts'
import { v1KindOf, v1Kinds } from './registry.ts'
import { newInSelector } from './selector.ts'
import { v1ToV3 } from './to-v3.ts'

export interface FromV3 {
  /** Absent when one of the notes is an error: what v1 could say would mean something else. */
  readonly resource?: V1Resource
  /** What v1 cannot carry: a warning where no traffic depends on it. Paths are those of the v3 resource. */
  readonly notes: readonly Problem[]
}

/**
 * The v1 form of a v3 resource, printed as calicoctl v1.6 printed it (`reference/calicoctl.md 2.2`). It is converted back and compared, so whatever does
 * not come through, of any release, is told.
 */
export function v3ToV1(resource: Resource): FromV3 {
  const note = noter(resource)
  const kind = kindNamed(resource.kind)
  const v1 = v1KindOf(resource.kind)
  if (!kind || !v1) {
    const help = `only ${v1Kinds.map((one) => one.v3).join(', ')} have one`
    return { notes: [note('no-v1-form', 'error', `a ${resource.kind} has no form in the v1 API`, [], help)] }
  }
  const parts = v1.body.fromV3(structuredClone(resource))
  const converted = arrangeV1(v1, { kind: v1.kind, apiVersion: 'v1', ...parts })
  const notes: Problem[] = []
  const back = v1ToV3(converted as unknown as Record<string, unknown>, (fault) =>
    notes.push(note(fault.code, 'error', `the v1 form would not be valid: ${fault.message}`, fault.path, fault.help)),
  )
  if (back) {
    const difference = (path: Path, code: string, message: string): void => {
      const harmless = path[0] === 'metadata' && path[1] === 'name' ? true : isHarmless(v1, path)
      notes.push(note(code, harmless ? 'warning' : 'error', message, path))
    }
    compare(comparable(kind, resource), comparable(kind, back), [], difference)
    notes.push(...aboutCalico26(converted, note))
  }
  return notes.some((one) => one.severity === 'error') ? { notes } : { resource: converted, notes }
}

/** A copy with every field in its place; `metadata` and `spec` are there even when they are empty. */
export function arrangeV1(kind: V1Kind, { metadata, spec }: V1Resource): V1Resource {
  return { kind: kind.kind, apiVersion: 'v1', metadata: arrange(kind.body.metadata, metadata), spec: arrange(kind.body.spec, spec) }
}

// --- internal ---

type Noter = (code: string, severity: 'error' | 'warning', message: string, path: Path, help?: string) => Problem

function noter({ kind, metadata }: Resource): Noter {
  const { name, namespace } = metadata
  const resource = { kind, ...(namespace ? { namespace } : {}), ...(name ? { name } : {}) }
  return (code, severity, message, path, help) => ({
    code,
    severity,
    message: `${formatResourceName(resource)}: ${message}`,
    resource,
    ...(path.length === 0 ? {} : { path: formatPath(path) }),
    ...(help === undefined ? {} : { help }),
  })
}

function isHarmless(kind: V1Kind, path: Path): boolean {
  const plain = path.filter((step) => typeof step === 'string').join('.')
  return kind.body.harmless.some((field) => plain === field || plain.startsWith(`${field}.`))
}

/** What of a resource counts in a comparison, completed as the store would have it. */
function comparable(kind: Kind, resource: Resource): Record<string, unknown> {
  const copy = decodeResource(kind, structuredClone(resource) as unknown as Record<string, unknown>, { report: () => undefined, stored: true })
  completeResource(kind, copy)
  const { metadata, spec, status } = arrangeResource(kind, copy)
  const { name, namespace, labels = {}, annotations = {} } = metadata
  const { 'projectcalico.org/tier': _, ...plain } = labels
  return { metadata: { name, namespace: namespace || undefined, labels: plain, annotations }, spec, status: kind.kind === 'Node' ? status : {} }
}

type Difference = (path: Path, code: string, message: string) => void

/** Tells each smallest part of a resource that did not come back as it was. */
function compare(original: unknown, back: unknown, path: Path, difference: Difference): void {
  if (isObject(original) && isObject(back)) {
    for (const key of new Set([...Object.keys(original), ...Object.keys(back)])) compare(original[key], back[key], [...path, key], difference)
  } else if (Array.isArray(original) && Array.isArray(back) && original.length === back.length && !areAddresses(original)) {
    for (const [index, item] of original.entries()) compare(item, back[index], [...path, index], difference)
  } else if (plainText(original) !== plainText(back)) {
    const where = formatPath(path)
    if (back === undefined) difference(path, 'not-in-v1', `v1 has no form for ${where}`)
    else if (where === 'metadata.name') difference(path, 'name-changes', `converted back it would be called "${String(back)}"`)
    else difference(path, 'not-in-v1', `v1 has no form for this value of ${where}: ${shown(original)} would become ${shown(back)}`)
  }
}

/** Spellings of one network or hardware address are the same, and their order in a list does not count. */
function plainText(value: unknown): string {
  if (Array.isArray(value) && areAddresses(value)) return JSON.stringify(value.map(plainText).sort())
  if (typeof value === 'string')
    return canonicalWithHost(value) ?? (/^[0-9a-f]{2}([:-][0-9a-f]{2}){5,}$/i.test(value) ? value.toLowerCase().replaceAll('-', ':') : value)
  if (isObject(value) && Object.keys(value).length === 0) return plainText(undefined)
  return JSON.stringify(value) ?? 'undefined'
}

function areAddresses(items: readonly unknown[]): boolean {
  return items.length > 0 && items.every((item) => typeof item === 'string' && canonicalWithHost(item) !== undefined)
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** What is fine with today's tools that read v1, but not with Calico 2.6. */
function aboutCalico26(resource: V1Resource, note: Noter): Problem[] {
  const notes: Problem[] = []
  const { metadata, spec } = resource as V1Resource<Record<string, unknown>, Record<string, unknown>>
  if (metadata['tier'] !== undefined) notes.push(note('not-in-calico-2.6', 'warning', 'Calico 2.6 knows no tiers', ['spec', 'tier']))
  if (spec['ports'] !== undefined) notes.push(note('not-in-calico-2.6', 'warning', 'Calico 2.6 knows no ports of endpoints', ['spec', 'ports']))
  const visit = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, [...path, index])
    else if (isObject(value)) for (const [key, item] of Object.entries(value)) visit(item, [...path, key])
    else if (typeof value === 'string' && (path.at(-1) === 'selector' || path.at(-1) === 'notSelector')) {
      const found = newInSelector(value)
      if (found !== undefined) notes.push(note('not-in-calico-2.6', 'warning', `selectors of Calico 2.6 know no ${found}`, path))
    }
  }
  visit(spec, ['spec'])
  return notes
}
