import { describe, type Fault, isObject } from '../model/decode.ts'
import { API_VERSION } from '../model/kind.ts'
import { isPolicyTest } from '../model/policy-test.ts'
import type { Path } from '../model/problem.ts'
import { kindForWord, kindNamed, kinds } from '../model/registry.ts'
import { AmbiguousScalar, FloatScalar } from '../model/scalar.ts'
import { didYouMean } from '../model/suggest.ts'
import type { ConvertV1 } from './manifest.ts'

/** One resource of a document, its `apiVersion` and `kind` known. */
export interface RawResource {
  readonly raw: Record<string, unknown>
  readonly kind: string
  /** v1: what the conversion takes. */
  readonly version: 'v1' | 'v3'
  /** Where in the document. */
  readonly place: Path
}

/**
 * The resources of a document: the document itself, the items of an array, of a `<Kind>List` (all of that kind) or a `List`. Either API version. Lists do not
 * stand in lists, but an array may hold them, as with the peer. `at`: where the value stands, when it is a part of a document.
 */
export function openDocument(value: unknown, convertV1: ConvertV1 | undefined, report: (fault: Fault) => void, at: Path = []): RawResource[] {
  const found: RawResource[] = []
  const open = (raw: unknown, place: Path, within: 'document' | 'array' | List): void => {
    if (Array.isArray(raw) && within === 'document') {
      for (const [index, item] of raw.entries()) open(item, [...place, index], 'array')
      return
    }
    if (!isObject(raw)) {
      report({ code: 'wrong-type', path: place, message: `expected a resource, found ${describe(raw)}`, help: NEEDED })
      return
    }
    const [kind, apiVersion] = typeOf(raw, convertV1)
    const list = listKind(kind, apiVersion, convertV1)
    if (list && typeof within === 'object') {
      report({ code: 'nested-list', path: [...place, 'kind'], message: `a ${within.kind} cannot hold a ${kind}`, help: 'put its items here instead' })
    } else if (list) {
      for (const [index, item] of itemsOf(raw, kind, place, report).entries()) open(item, [...place, 'items', index], list)
    } else if (typeof within === 'object' && within.item !== undefined && kind !== within.item) {
      const message = kind === '' ? `an item of a ${within.kind} needs kind: ${within.item}` : `a ${within.kind} cannot hold a ${kind}`
      report({ code: 'wrong-item-kind', path: [...place, 'kind'], message, help: `use kind: List, or separate documents, for different kinds` })
    } else {
      const version = versionOf(kind, apiVersion, convertV1)
      if (version) found.push({ raw, kind, version, place })
      else report(unknownKind(raw, kind, apiVersion, place, convertV1))
    }
  }
  open(value, at, 'document')
  return found
}

// --- internal ---

interface List {
  readonly kind: string
  /** The kind that its items must be of; undefined: any. */
  readonly item: string | undefined
}

const NEEDED = `a manifest is a mapping with "apiVersion: ${API_VERSION}", "kind", "metadata" and "spec"`

function textOf(raw: unknown): string {
  if (raw instanceof AmbiguousScalar) return raw.text
  if (raw instanceof FloatScalar) return String(raw.value)
  return typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'bigint' || typeof raw === 'boolean' ? String(raw) : ''
}

/** `kind` and `apiVersion`. The tools of version 1 took these names, too, in any letter case. */
function typeOf(raw: Record<string, unknown>, convertV1: ConvertV1 | undefined): readonly [kind: string, apiVersion: string] {
  const exact = [textOf(raw['kind']), textOf(raw['apiVersion'])] as const
  if (!convertV1 || (exact[0] !== '' && exact[1] !== '')) return exact
  const loose = (name: string): string => textOf(raw[Object.keys(raw).find((key) => key.toLowerCase() === name) ?? name])
  const [kind, apiVersion] = [loose('kind'), loose('apiversion')]
  return apiVersion === 'v1' || convertV1.takes?.(kind, apiVersion) ? [kind, apiVersion] : exact
}

function versionOf(kind: string, apiVersion: string, convertV1: ConvertV1 | undefined): 'v1' | 'v3' | undefined {
  if (apiVersion === API_VERSION && kindNamed(kind)) return 'v3'
  if (convertV1?.takes?.(kind, apiVersion)) return 'v1'
  return apiVersion === 'v1' && convertV1?.kinds.includes(kind) ? 'v1' : undefined
}

function listKind(kind: string, apiVersion: string, convertV1: ConvertV1 | undefined): List | undefined {
  if (!kind.endsWith('List')) return undefined
  if (kind === 'List') return apiVersion === 'v1' || apiVersion === API_VERSION ? { kind, item: undefined } : undefined
  const item = kind.slice(0, -'List'.length)
  return versionOf(item, apiVersion, convertV1) ? { kind, item } : undefined
}

const LIST_FIELDS = ['apiVersion', 'items', 'kind', 'metadata']

function itemsOf(raw: Record<string, unknown>, kind: string, place: Path, report: (fault: Fault) => void): readonly unknown[] {
  let items: readonly unknown[] = []
  for (const key of Object.keys(raw)) {
    const field = LIST_FIELDS.find((name) => name.toLowerCase() === key.toLowerCase())
    const value = raw[key]
    if (field === undefined) {
      const help = `known fields here: ${LIST_FIELDS.join(', ')}`
      report({ code: 'unknown-field', path: [...place, key], message: `unknown field "${key}" in a ${kind}`, help, atKey: true })
    } else if (field === 'items' && value !== null) {
      if (Array.isArray(value)) items = value
      else report({ code: 'wrong-type', path: [...place, key], message: `expected a list, found ${describe(value)}` })
    }
  }
  return items
}

function unknownKind(raw: Record<string, unknown>, kind: string, apiVersion: string, place: Path, convertV1: ConvertV1 | undefined): Fault {
  const message = `unknown resource type (${kind}) and/or version (${apiVersion})`
  const known = apiVersion === API_VERSION || (apiVersion === 'v1' && convertV1 !== undefined)
  const field = known || apiVersion === '' ? (known ? 'kind' : 'apiVersion') : 'apiVersion'
  const path = [...place, field]
  const help = helpForUnknown(raw, kind, apiVersion, convertV1)
  return { code: 'unknown-kind', path, message, help }
}

function helpForUnknown(raw: Record<string, unknown>, kind: string, apiVersion: string, convertV1: ConvertV1 | undefined): string {
  const misspelt = ['kind', 'apiVersion'].find(
    (name) => raw[name] === undefined && Object.keys(raw).some((key) => key.toLowerCase() === name.toLowerCase()),
  )
  if (misspelt !== undefined) return `the field is spelt "${misspelt}"`
  if (kind === '') return `${NEEDED}; "kind" is missing`
  if (isPolicyTest(raw)) return 'it is no resource: calicoctl test runs it'
  if (apiVersion === 'v1' && convertV1) return kindHelp(kind, convertV1.kinds, 'v1')
  if (apiVersion === API_VERSION) return kindHelp(kind, [...kinds.map((one) => one.kind), ...kinds.map((one) => `${one.kind}List`)], API_VERSION)
  if (convertV1?.kinds.includes(kind)) return 'did you mean apiVersion: v1?'
  return kindNamed(kind) ? `did you mean "apiVersion: ${API_VERSION}"?` : NEEDED
}

function kindHelp(kind: string, candidates: readonly string[], apiVersion: string): string {
  const suggestion =
    candidates.find((one) => one.toLowerCase() === kind.toLowerCase()) ?? (apiVersion === API_VERSION ? kindForWord(kind)?.kind : undefined)
  const near = suggestion ?? didYouMean(kind, candidates)
  return near === undefined
    ? `kinds of ${apiVersion}: ${candidates.filter((one) => !one.endsWith('List')).join(', ')}`
    : `did you mean "kind: ${near}"?`
}
