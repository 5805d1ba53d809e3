import { API_VERSION, type Kind, type Resource } from '../model/kind.ts'
import { arrangeResource } from '../model/resource.ts'
import { formatJson } from './json.ts'
import { layOutStored } from './stored-json.ts'
import { formatYaml } from './yaml.ts'

/** Something that was asked for, and what there was. */
export interface ResultGroup {
  readonly kind: Kind
  /** A list may be gone through once only: it need not be in memory as a whole. */
  readonly resources: Iterable<Resource>
  /** The same as stored text, to be gone through instead: JSON hardly needs more. */
  readonly unread?: Iterable<{ readonly text: string; readonly revision: number; read(): Resource | undefined }> | undefined
  /** The store's revision, when all resources of the kind were asked for; absent: they were asked for by name. */
  readonly revision?: number
}

export type Write = (text: string) => void

/**
 * The API version v1 form of a resource, its fields in the order in which they are printed. Undefined when there is none: then it is left out, and
 * the caller tells why.
 */
export type ToV1 = (resource: Resource) => { readonly kind: string; readonly apiVersion: string } | undefined

/**
 * The groups as plain values, as JSON shows them: an object for each resource that was asked for by name, one `XxxList` for each kind that
 * was listed (`reference/calicoctl.md 2.3`).
 */
export function documentsOf(groups: readonly ResultGroup[]): object[] {
  return groups.flatMap((group) => {
    const items = Array.from(group.resources, (resource) => arrangeResource(group.kind, resource))
    return group.revision === undefined ? items : [{ ...listHead(group), items }]
  })
}

/**
 * Writes groups as the peer does: the one thing that was asked for and found as it is, several as a list. Version 1 resources are one list in any case, as
 * calicoctl wrote them in its day. Goes resource by resource, so that a long list needs no memory of its size.
 */
export function writeYaml(groups: readonly ResultGroup[], write: Write, toV1?: ToV1): void {
  const out = inChunks(write)
  if (toV1) {
    const items = convert(groups, toV1)
    for (const item of items) out.write(formatYaml([item]))
    if (items.length === 0) out.write('[]\n')
    return out.end()
  }
  const [only, ...others] = groups.flatMap(single)
  if (only && others.length === 0) writeYamlGroup(only, out.write)
  else for (const group of groups) for (const document of documentsOf([group])) out.write(formatYaml([document]))
  out.end()
}

/** The same as JSON, without a line feed at the end; version 1 with one. */
export function writeJson(groups: readonly ResultGroup[], write: Write, toV1?: ToV1): void {
  const out = inChunks(write)
  if (toV1) {
    writeJsonArray(convert(groups, toV1), '', out.write)
    out.write('\n')
    return out.end()
  }
  const found = groups.flatMap(single)
  const [only, ...others] = found
  if (only && others.length === 0) writeJsonGroup(only, out.write)
  else if (only) {
    writeJsonArray(
      found.flatMap((group) => documentsOf([group])),
      '',
      out.write,
    )
  }
  out.end()
}

// --- internal ---

/** Big enough for few system calls, small enough for a reader to begin. */
const CHUNK = 1 << 16
/** Items of a long list that are made JSON at once: faster than one by one, without the whole list in memory. */
const RUN = 100

function inChunks(write: Write): { readonly write: Write; readonly end: () => void } {
  let pending = ''
  return {
    write(text) {
      pending += text
      if (pending.length < CHUNK) return
      write(pending)
      pending = ''
    },
    end() {
      if (pending !== '') write(pending)
    },
  }
}

function convert(groups: readonly ResultGroup[], toV1: ToV1): object[] {
  return groups.flatMap(({ resources }) => Array.from(resources, toV1).filter((resource) => resource !== undefined))
}

/** A group for each thing that is printed as one. */
function single(group: ResultGroup): ResultGroup[] {
  return group.revision === undefined ? Array.from(group.resources, (resource) => ({ kind: group.kind, resources: [resource] })) : [group]
}

function listHead(group: ResultGroup): { kind: string; apiVersion: string; metadata: { resourceVersion: string } } {
  return { kind: `${group.kind.kind}List`, apiVersion: API_VERSION, metadata: { resourceVersion: String(group.revision) } }
}

function writeYamlGroup(group: ResultGroup, write: Write): void {
  if (group.revision === undefined) return write(formatYaml(documentsOf([group])[0] ?? []))
  const { kind, apiVersion, metadata } = listHead(group)
  write(formatYaml({ apiVersion }))
  let count = 0
  for (const resource of group.resources) write(`${count++ === 0 ? 'items:\n' : ''}${formatYaml([arrangeResource(group.kind, resource)])}`)
  if (count === 0) write('items: []\n')
  write(formatYaml({ kind, metadata }))
}

function writeJsonGroup(group: ResultGroup, write: Write): void {
  if (group.revision === undefined) return write(formatJson(documentsOf([group])[0]))
  // The head's closing brace comes after the items.
  write(`${formatJson(listHead(group)).slice(0, -2)},\n  "items": `)
  if (group.unread) writeUnread(group.kind, group.unread, '  ', write)
  else writeJsonArray(arrangeAll(group), '  ', write)
  write('\n}')
}

function writeUnread(kind: Kind, unread: NonNullable<ResultGroup['unread']>, indent: string, write: Write): void {
  const inner = `${indent}  `
  let count = 0
  for (const item of unread) {
    let json = layOutStored(kind, item.text, item.revision, inner)
    if (json === undefined) {
      const resource = item.read()
      json = resource && formatJson(arrangeResource(kind, resource), inner)
    }
    if (json !== undefined) write(`${count++ === 0 ? '[' : ','}\n${inner}${json}`)
  }
  write(count === 0 ? '[]' : `\n${indent}]`)
}

function* arrangeAll(group: ResultGroup): Iterable<Resource> {
  for (const resource of group.resources) yield arrangeResource(group.kind, resource)
}

/** `indent`: that of the line on which the array begins. */
function writeJsonArray(items: Iterable<unknown>, indent: string, write: Write): void {
  let begun = false
  const writeRun = (run: readonly unknown[]) => {
    // Without the brackets and what stands before the last one.
    write(`${begun ? ',' : '['}${formatJson(run, indent).slice(1, -2 - indent.length)}`)
    begun = true
  }
  let run: unknown[] = []
  for (const item of items) {
    run.push(item)
    if (run.length < RUN) continue
    writeRun(run)
    run = []
  }
  if (run.length > 0) writeRun(run)
  write(begun ? `\n${indent}]` : '[]')
}
