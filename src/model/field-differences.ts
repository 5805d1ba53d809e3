import { isObject } from './decode.ts'
import { compareBytes } from './json.ts'
import type { Kind, Resource } from './kind.ts'
import { metadataSchema } from './metadata.ts'
import type { Path } from './problem.ts'
import { arrangeResource } from './resource.ts'
import { type Shape, shapeOf } from './shape.ts'

/** A field that two resources do not have alike. */
export interface FieldDifference {
  /** Where it is before; undefined when it is not there. The two differ where items of a list have moved. */
  readonly beforePath: Path | undefined
  readonly afterPath: Path | undefined
  /** Values as JSON knows them, `SECRET` in place of a secret. */
  readonly before: unknown
  readonly after: unknown
}

/** Stands for a secret that is there. */
export const SECRET = '(secret)'

/** A resource as a manifest's would be read from a store: the form in which manifests and stored resources are compared. Not changed, but copied. */
export function throughStore(kind: Kind, resource: Resource): Resource {
  const copy = structuredClone(resource)
  const stored = kind.body.toStored ? kind.body.toStored(copy) : copy
  return kind.body.fromStored ? kind.body.fromStored(stored) : stored
}

/**
 * The fields in which two resources of a kind differ, with all that the store itself keeps left out (uid, revision, times). Fields that Go would leave out
 * count as absent. Items of lists are matched as far as they are equal; lists of plain values are one value.
 */
export function fieldDifferences(kind: Kind, before: Resource, after: Resource): FieldDifference[] {
  const found: FieldDifference[] = []
  const [a, b] = [arrangeResource(kind, before), arrangeResource(kind, after)]
  const metadata = shapeOf(metadataSchema)
  const fields = metadata.type === 'struct' ? metadata.byName : new Map<string, Shape>()
  for (const field of ['labels', 'annotations'] as const) {
    const shape = fields.get(field)
    if (shape) compare(shape, at(['metadata', field], a.metadata[field]), at(['metadata', field], b.metadata[field]), found)
  }
  compare(shapeOf(kind.body.spec), at(['spec'], a.spec), at(['spec'], b.spec), found)
  if (kind.body.status) compare(shapeOf(kind.body.status), at(['status'], a.status), at(['status'], b.status), found)
  return found
}

// --- internal ---

interface Value {
  readonly path: Path
  readonly value: unknown
}

function at(path: Path, value: unknown): Value {
  return { path, value }
}

function within({ path, value }: Value, field: string): Value {
  return at([...path, field], isObject(value) && Object.hasOwn(value, field) ? value[field] : undefined)
}

function compare(shape: Shape, before: Value, after: Value, found: FieldDifference[]): void {
  if (isSame(before.value, after.value)) return
  const [a, b] = [before.value, after.value]
  if (shape.meta.secret) tell(before, after, found, () => SECRET)
  else if (shape.type === 'struct' && (isObject(a) || isObject(b))) {
    for (const [name, field] of shape.fields) compare(field, within(before, name), within(after, name), found)
  } else if (shape.type === 'map' && (isObject(a) || isObject(b))) {
    const keys = new Set([...Object.keys(isObject(a) ? a : {}), ...Object.keys(isObject(b) ? b : {})])
    for (const key of [...keys].sort(compareBytes)) compare(shape.value, within(before, key), within(after, key), found)
  } else if (shape.type === 'list' && shape.item.type === 'struct' && (Array.isArray(a) || Array.isArray(b))) {
    compareLists(shape.item, itemsOf(before), itemsOf(after), found)
  } else tell(before, after, found, (value) => value)
}

function tell(before: Value, after: Value, found: FieldDifference[], show: (value: unknown) => unknown): void {
  const [isBefore, isAfter] = [before.value !== undefined, after.value !== undefined]
  found.push({
    beforePath: isBefore ? before.path : undefined,
    afterPath: isAfter ? after.path : undefined,
    before: isBefore ? show(before.value) : undefined,
    after: isAfter ? show(after.value) : undefined,
  })
}

function itemsOf({ path, value }: Value): Value[] {
  return Array.isArray(value) ? value.map((item, index) => at([...path, index], item)) : []
}

/** Matches equal items in order; of what stands between two matches, items are compared one by one as far as there are some on both sides. */
function compareLists(item: Shape, before: readonly Value[], after: readonly Value[], found: FieldDifference[]): void {
  let [i, j] = [0, 0]
  for (const [x, y] of [...matching(before, after), [before.length, after.length] as const]) {
    while (i < x && j < y) compare(item, before[i++] ?? NOTHING, after[j++] ?? NOTHING, found)
    while (i < x) tellItem(item, before[i++], undefined, found)
    while (j < y) tellItem(item, undefined, after[j++], found)
    ;[i, j] = [x + 1, y + 1]
  }
}

/** An item that is only on one side is one difference, unless there are secrets in it. */
function tellItem(item: Shape, before: Value | undefined, after: Value | undefined, found: FieldDifference[]): void {
  if (hasSecret(item)) compare(item, before ?? NOTHING, after ?? NOTHING, found)
  else tell(before ?? NOTHING, after ?? NOTHING, found, (value) => value)
}

const NOTHING: Value = { path: [], value: undefined }

/** Beyond so many pairs, items are compared one by one in order. */
const MOST_PAIRS = 4_000_000

/** The indexes of a longest common sequence of two lists. */
function matching(before: readonly Value[], after: readonly Value[]): (readonly [number, number])[] {
  const [a, b] = [before, after].map((list) => list.map(({ value }) => textOf(value))) as [string[], string[]]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const [n, m] = [a.length - start - end, b.length - start - end]
  const pairs: (readonly [number, number])[] = Array.from({ length: start }, (_, index) => [index, index])
  if (n * m <= MOST_PAIRS) {
    const width = m + 1
    const longest = new Int32Array((n + 1) * width)
    for (let i = n - 1; i >= 0; i--) {
      for (let j = m - 1; j >= 0; j--) {
        longest[i * width + j] =
          a[start + i] === b[start + j]
            ? 1 + (longest[(i + 1) * width + j + 1] ?? 0)
            : Math.max(longest[(i + 1) * width + j] ?? 0, longest[i * width + j + 1] ?? 0)
      }
    }
    for (let i = 0, j = 0; i < n && j < m; ) {
      if (a[start + i] === b[start + j]) pairs.push([start + i++, start + j++])
      else if ((longest[(i + 1) * width + j] ?? 0) >= (longest[i * width + j + 1] ?? 0)) i++
      else j++
    }
  }
  for (let index = 0; index < end; index++) pairs.push([a.length - end + index, b.length - end + index])
  return pairs
}

function hasSecret(shape: Shape): boolean {
  if (shape.meta.secret) return true
  if (shape.type === 'struct') return shape.fields.some(([, field]) => hasSecret(field))
  return shape.type === 'list' ? hasSecret(shape.item) : shape.type === 'map' && hasSecret(shape.value)
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || textOf(a) === textOf(b)
}

/** Arranged values have their fields in one order. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)) ?? ''
}
