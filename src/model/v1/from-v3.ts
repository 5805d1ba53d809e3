import { type Fault, isObject } from '../decode.ts'
import { arrange } from '../json.ts'
import type { Kind, Resource } from '../kind.ts'
import { formatPath, type Path, type Problem } from '../problem.ts'
import { kindNamed } from '../registry.ts'
import { arrangeResource, completeResource, decodeResource } from '../resource.ts'
import { canonicalWithHost } from './address.ts'
import type { V1Kind, V1Resource } from './kind.ts'
import { v1KindOf, v1Kinds } from './registry.ts'
import { newInSelector } from './selector.ts'
import { convertV1, decodeV1 } from './to-v3.ts'

export interface FromV3 {
  /** Absent when one of the notes is an error: what v1 could say would mean something else. */
  readonly resource?: V1Resource
  /** What v1 cannot carry: a warning where no traffic depends on it. Paths are those of the v3 resource. */
  readonly notes: readonly Problem[]
}

/**
 * The v1 form of a v3 resource, with every field as calicoctl v1.6 printed it (`reference/calicoctl.md 2.2`). It is converted back and compared, so
 * whatever does not come through, of any release, is told.
 */
export function v3ToV1(resource: Resource): FromV3 {
  const { kind, metadata } = resource
  const name = { kind, ...(metadata.namespace ? { namespace: metadata.namespace } : {}), ...(metadata.name ? { name: metadata.name } : {}) }
  const { resource: converted, losses } = revert(resource)
  const notes = losses.map(({ severity, fault: { code, message, path, help } }) => ({
    code,
    severity,
    message,
    resource: name,
    ...(path.length === 0 ? {} : { path: formatPath(path) }),
    ...(help === undefined ? {} : { help }),
  }))
  return { ...(converted === undefined ? {} : { resource: converted }), notes }
}

/** Something that v1 cannot carry. */
export interface Loss {
  readonly severity: 'error' | 'warning'
  readonly fault: Fault
}

/** As `v3ToV1`, with the losses as faults of the v3 resource, whose places can be looked up. */
export function revert(resource: Resource): { readonly resource?: V1Resource; readonly losses: readonly Loss[] } {
  const kind = kindNamed(resource.kind)
  const v1 = v1KindOf(resource.kind)
  if (!kind || !v1) {
    const help = `these have one: ${v1Kinds.map((one) => one.v3).join(', ')}`
    const fault = { code: 'no-v1-form', path: [], message: `a ${resource.kind} has no form in the v1 API`, help }
    return { losses: [{ severity: 'error', fault }] }
  }
  const losses: Loss[] = []
  const lose = (severity: Loss['severity'], fault: Fault): void => void losses.push({ severity, fault })
  const invalid = (fault: Fault): void => {
    lose('error', { ...fault, code: 'not-in-v1', message: `the v1 API cannot say this: ${fault.message}` })
  }
  // v1's own decoder gives addresses and numbers the form that v1 prints.
  const [decoded, failed] = decodeV1(v1, { ...v1.body.fromV3(structuredClone(resource)) }, invalid)
  const back = failed ? undefined : convertV1(v1, decoded, invalid)
  if (!back) return { losses }
  compare(comparable(kind, resource), comparable(kind, back), [], (fault) => lose(isHarmless(v1, fault.path) ? 'warning' : 'error', fault))
  for (const fault of newSinceCalico26(decoded)) lose('warning', fault)
  return losses.some(({ severity }) => severity === 'error') ? { losses } : { resource: arrangeV1(v1, decoded), losses }
}

// --- internal ---

/** A copy with every field in its place; `metadata` and `spec` are there even when they are empty. */
function arrangeV1(kind: V1Kind, { metadata, spec }: V1Resource): V1Resource {
  return { kind: kind.kind, apiVersion: 'v1', metadata: arrange(kind.body.metadata, metadata), spec: arrange(kind.body.spec, spec) }
}

/** A name is made anew when a resource is converted back: a nuisance, but no loss. */
function isHarmless(kind: V1Kind, path: Path): boolean {
  const plain = path.filter((step) => typeof step === 'string').join('.')
  return ['metadata.name', ...kind.body.harmless].some((field) => plain === field || plain.startsWith(`${field}.`))
}

/** Labels that v3 gives by itself. */
const AUTOMATIC_LABELS = ['projectcalico.org/tier', 'projectcalico.org/namespace', 'projectcalico.org/orchestrator']

/** What of a resource counts in a comparison, completed as the store would have it. */
function comparable(kind: Kind, resource: Resource): Record<string, unknown> {
  const copy = decodeResource(kind, structuredClone(resource) as unknown as Record<string, unknown>, { report: () => undefined, stored: true })
  completeResource(kind, copy)
  const { metadata, spec, status } = arrangeResource(kind, copy)
  const { name, namespace, annotations = {} } = metadata
  const labels = Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([key]) => !AUTOMATIC_LABELS.includes(key)))
  return {
    metadata: { name, ...(kind.scope === 'namespaced' ? { namespace: namespace || 'default' } : {}), labels, annotations },
    spec,
    // Of pools, it is written by Calico itself.
    status: kind.kind === 'Node' ? status : {},
  }
}

/** Tells each smallest part of a resource that did not come back as it was. */
function compare(original: unknown, back: unknown, path: Path, tell: (fault: Fault) => void): void {
  if (isObject(original) && (isObject(back) || back === undefined)) {
    const keys = new Set([...Object.keys(original), ...Object.keys(back ?? {})])
    for (const key of keys) compare(original[key], back?.[key], [...path, key], tell)
  } else if (Array.isArray(original) && Array.isArray(back) && original.length === back.length && !areAddresses(original)) {
    for (const [index, item] of original.entries()) compare(item, back[index], [...path, index], tell)
  } else if (plainText(original) !== plainText(back)) {
    const where = formatPath(path)
    if (where === 'metadata.name') tell({ code: 'name-changes', path, message: `converted back it would be called "${String(back)}"` })
    else if (back === undefined) tell({ code: 'not-in-v1', path, message: `${where} has no form in the v1 API` })
    else tell({ code: 'not-in-v1', path, message: `${where} ${shown(original)} has no form in the v1 API, where it would be ${shown(back)}` })
  }
}

/** Spellings of one network or hardware address are the same, and the order of addresses in a list does not count. */
function plainText(value: unknown): string {
  if (Array.isArray(value) && areAddresses(value)) return value.map(plainText).sort().join()
  if (isObject(value) && Object.keys(value).length === 0) return plainText(undefined)
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'undefined'
  if (/^[0-9a-f]{2}([:-]?[0-9a-f]{2}|\.[0-9a-f]{4})+$/i.test(value)) return value.toLowerCase().replaceAll(/[^0-9a-f]/g, '')
  return canonicalWithHost(value) ?? value
}

function areAddresses(items: readonly unknown[]): boolean {
  return items.length > 0 && items.every((item) => typeof item === 'string' && canonicalWithHost(item) !== undefined)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** What today's tools take in a v1 resource and Calico 2.6 does not. */
function newSinceCalico26({ metadata, spec }: V1Resource): Fault[] {
  const faults: Fault[] = []
  const tell = (path: Path, message: string): void => void faults.push({ code: 'not-in-calico-2.6', path, message })
  const [{ tier }, { ports }] = [metadata as { tier?: unknown }, spec as { ports?: unknown }]
  if (tier !== undefined) tell(['spec', 'tier'], 'Calico 2.6 knows no tiers')
  if (ports !== undefined) tell(['spec', 'ports'], 'Calico 2.6 knows no ports of endpoints')
  const visit = (value: unknown, path: Path): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, [...path, index])
    else if (isObject(value)) for (const [key, item] of Object.entries(value)) visit(item, [...path, key])
    else if (typeof value === 'string' && SELECTORS.has(path.at(-1))) {
      const found = newInSelector(value)
      if (found !== undefined) tell(path, `selectors of Calico 2.6 know no ${found}`)
    } else if (typeof value === 'string' && PORTS.has(path.at(-2)) && /[a-z]/i.test(value)) tell(path, 'rules of Calico 2.6 know no names of ports')
  }
  visit(spec, ['spec'])
  return faults
}

const SELECTORS: ReadonlySet<unknown> = new Set(['selector', 'notSelector'])
const PORTS: ReadonlySet<unknown> = new Set(['ports', 'notPorts'])
