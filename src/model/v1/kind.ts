import type * as v from 'valibot'
import type { Fault } from '../decode.ts'
import type { Resource } from '../kind.ts'
import type { Path } from '../problem.ts'
import type { ValueOf } from '../schema.ts'

/** A resource of the v1 API in memory; `metadata` and `spec` hold what the kind's schemas describe. */
export interface V1Resource<Metadata = unknown, Spec = unknown> {
  readonly kind: string
  readonly apiVersion: 'v1'
  readonly metadata: Metadata
  readonly spec: Spec
}

export type Report = (fault: Fault) => void

export interface V1Body<M extends v.GenericSchema, S extends v.GenericSchema> {
  /** What the kind is for, in a sentence. */
  readonly description: string
  readonly metadata: M
  readonly spec: S
  /** Rules across fields, as v1's own loader has them (`reference/model.md 3.1`). */
  readonly rules: (resource: V1Resource<ValueOf<M>, ValueOf<S>>, report: Report) => void
  /**
   * The v3 resource (`reference/model.md 6.2`), with what v3 fills in when it is written already there. Undefined when there is none; then a fault was
   * reported, or `rules` did.
   */
  readonly toV3: (resource: V1Resource<ValueOf<M>, ValueOf<S>>, report: Report) => Resource | undefined
  /** The way back, as far as v1 goes; what it cannot carry is found by comparing. Gets a copy. */
  readonly fromV3: (resource: Resource) => { readonly metadata: ValueOf<M>; readonly spec: ValueOf<S> }
  /** Where in the v1 document that stands from which a field of the v3 resource was made. */
  readonly v1Path: (path: Path, document: V1Document) => Path
  /** Fields of v3 that v1 lacks without a difference to any traffic: a warning is enough. Paths without indices. */
  readonly harmless: readonly string[]
  /** Fields of the v1 document whose v3 form got a limit after the last release with `convert`. */
  readonly laterLimits?: readonly string[]
  /** A manifest that is accepted as it stands; tried by a test. */
  readonly example: string
}

/** What a document has in its metadata and spec, as parsed, to tell which of two fields was written. */
export interface V1Document {
  has(...path: Path): boolean
  get(...path: Path): unknown
}

export interface V1Identity {
  /** As files spell it: `ipPool`. */
  readonly kind: string
  /** The kind of v3 that it becomes. */
  readonly v3: string
}

export interface V1Kind extends V1Identity {
  readonly body: AnyBody
}

/** A body whose types are not known: what it is given must come from its own schemas. */
export interface AnyBody extends Omit<V1Body<v.GenericSchema, v.GenericSchema>, 'rules' | 'toV3'> {
  readonly rules: (resource: V1Resource, report: Report) => void
  readonly toV3: (resource: V1Resource, report: Report) => Resource | undefined
}

/** Declares a v1 kind. The body is made on first use: most runs see no v1 document. */
export function defineV1Kind<M extends v.GenericSchema, S extends v.GenericSchema>(identity: V1Identity, makeBody: () => V1Body<M, S>): V1Kind {
  let body: AnyBody | undefined
  return {
    ...identity,
    get body() {
      body ??= makeBody() as unknown as AnyBody
      return body
    },
  }
}

/** A copy without the fields that are not set and the lists and maps that are empty, which v3 leaves out too. */
export function present<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isAbsent(value))) as Partial<T>
}

/** Exchanges the beginning of a path by the first pair that fits; the rest stays. */
export function movePath(path: Path, moves: readonly (readonly [from: Path, to: Path])[]): Path {
  for (const [from, to] of moves) {
    if (from.every((step, index) => path[index] === step)) return [...to, ...path.slice(from.length)]
  }
  return path
}

// --- internal ---

function isAbsent(value: unknown): boolean {
  if (value === undefined || value === '' || value === false) return true
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
