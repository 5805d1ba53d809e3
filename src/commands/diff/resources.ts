import { type FieldDifference, fieldDifferences, throughStore } from '../../model/field-differences.ts'
import { goJson } from '../../model/json.ts'
import type { Resource } from '../../model/kind.ts'
import { formatResourceName, type ResourceName } from '../../model/problem.ts'
import { kindNamed } from '../../model/registry.ts'
import type { Source } from '../../policy/world/build.ts'
import type { Origin } from '../../policy/world/origin.ts'
import type { SetAside } from '../../policy/world/world.ts'

/** A resource that two sides do not have alike. */
export interface ResourceDifference {
  readonly change: 'added' | 'removed' | 'changed'
  readonly resource: ResourceName
  readonly before: Origin | undefined
  readonly after: Origin | undefined
  /** Of a resource that is on both sides. */
  readonly fields: readonly FieldDifference[]
  /** What is there before cannot be read, and so not compared: it would be replaced as a whole. */
  readonly unreadable?: boolean
}

/** The resources of one side, by name. Of several with the same name the last one counts. */
export type Resources = ReadonlyMap<string, Source>

export function resourcesByName(sources: Iterable<Source>): Resources {
  return new Map([...sources].map((source) => [formatResourceName(nameOf(source.resource)), source]))
}

/** The name of a resource; for namespaced kinds with its namespace. */
export function nameOf({ kind, metadata }: Pick<Resource, 'kind' | 'metadata'>): ResourceName {
  const { namespace, name = '' } = metadata
  return { kind, ...(namespace === undefined ? {} : { namespace }), name }
}

/** What differs between two sets of resources, in the order in which they stand: those of the second, then those that only the first has. */
export function compareResources(before: Resources, after: Resources): ResourceDifference[] {
  const removed = [...before].filter(([name]) => !after.has(name))
  return [
    ...compareWithStore(before, after, []),
    ...removed.map(([, { resource, origin }]) => ({
      change: 'removed' as const,
      resource: nameOf(resource),
      before: origin,
      after: undefined,
      fields: [],
    })),
  ]
}

/** What would change if resources were applied to those that are stored; the others stay. */
export function compareWithStore(stored: Resources, applied: Resources, unreadable: readonly SetAside[]): ResourceDifference[] {
  const broken = new Set(unreadable.map(formatResourceName))
  return [...applied].flatMap(([name, after]): ResourceDifference[] => {
    const before = stored.get(name)
    const resource = nameOf(after.resource)
    if (!before) {
      const isBroken = broken.has(name)
      const change = isBroken ? 'changed' : 'added'
      return [{ change, resource, before: undefined, after: after.origin, fields: [], ...(isBroken ? { unreadable: true } : {}) }]
    }
    const fields = differences(before.resource, after.resource)
    return fields.length === 0 ? [] : [{ change: 'changed', resource, before: before.origin, after: after.origin, fields }]
  })
}

// --- internal ---

function differences(before: Resource, after: Resource): FieldDifference[] {
  const kind = kindNamed(after.kind)
  // Most resources are the same to the letter.
  if (!kind || essence(before) === essence(after)) return []
  return fieldDifferences(kind, throughStore(kind, before), throughStore(kind, after))
}

function essence({ metadata, spec, status }: Resource): string {
  return goJson({ labels: metadata.labels, annotations: metadata.annotations, spec, status })
}
