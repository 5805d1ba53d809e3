import type * as v from 'valibot'
import type { Fault } from './decode.ts'
import type { Metadata } from './metadata.ts'
import type { ValueOf } from './schema.ts'

/** Any resource of the v3 API in memory. `spec` and `status` hold what the kind's schema describes. */
export interface Resource<Spec = unknown, Status = unknown> {
  kind: string
  apiVersion: string
  metadata: Metadata
  spec?: Spec
  status?: Status
}

export const API_VERSION = 'projectcalico.org/v3'

/** What tells kinds apart; known without building any schema. */
export interface KindIdentity {
  readonly kind: string
  /** The collection in datastore keys: lower-case plural. */
  readonly plural: string
  /** Further names on the command line, lower case, besides the kind and the plural. */
  readonly aliases: readonly string[]
  readonly scope: 'cluster' | 'namespaced'
  /** Written by Calico's own components only; users read it. */
  readonly readOnly?: boolean
}

/** One column of `get`. */
export interface Column {
  readonly heading: string
  /** Which views have it; every column can be asked for with `custom-columns`. Default: both. */
  readonly views?: readonly ('default' | 'wide')[]
  readonly value: (resource: never, facts: ColumnFacts) => string
}

/** What a column may need beyond its resource. */
export interface ColumnFacts {
  /** The AS number of nodes without one of their own: that of BGPConfiguration `default`, else 64512. */
  readonly defaultAsNumber: number | undefined
}

/** Reports a fault found by a rule that looks at more than one field. */
export type Report = (fault: Fault) => void

export interface KindBody<SpecSchema extends v.GenericSchema, StatusSchema extends v.GenericSchema> {
  /** What the kind is for, in a sentence. */
  readonly description: string
  readonly spec: SpecSchema
  /** Kinds with a status write it always, `{}` when empty, unless the schema says `omit: 'absent'`. */
  readonly status?: StatusSchema
  readonly columns: readonly Column[]
  /** What is wrong with a name beyond the general rule; undefined: the general rule (lower-case subdomain, at most 253 characters) is all. */
  readonly name?: (name: string) => string | undefined
  /** The name follows from the spec: it may be left out, `complete` fills it in and `rules` say what it lacks. */
  readonly computesName?: boolean
  /** Fills in what the peer's client stores when the user says nothing, beyond the defaults declared at fields. */
  readonly complete?: (resource: Resource<ValueOf<SpecSchema>, ValueOf<StatusSchema>>) => void
  /** The stored form where it differs from the user's (policies: tier label and name annotation). Gets a copy. */
  readonly toStored?: (resource: Resource<ValueOf<SpecSchema>, ValueOf<StatusSchema>>) => Resource
  /** The way back, for what is read from a datastore, of any era of Calico v3. Gets a copy. */
  readonly fromStored?: (resource: Resource<ValueOf<SpecSchema>, ValueOf<StatusSchema>>) => Resource
  /** How lists are ordered, where not by key. */
  readonly listOrder?: (a: Resource<ValueOf<SpecSchema>>, b: Resource<ValueOf<SpecSchema>>) => number
  /** Rules across fields, run on the completed resource. */
  readonly rules?: (resource: Resource<ValueOf<SpecSchema>, ValueOf<StatusSchema>>, report: Report) => void
  /** A manifest that is accepted as it stands; shown by `explain` and tried by a test. */
  readonly example: string
}

export interface Kind extends KindIdentity {
  readonly body: KindBody<v.GenericSchema, v.GenericSchema>
}

/** Declares a kind. The body is made on first use, so that a command that touches one kind builds one schema. */
export function defineKind<S extends v.GenericSchema, T extends v.GenericSchema>(identity: KindIdentity, makeBody: () => KindBody<S, T>): Kind {
  let body: KindBody<S, T> | undefined
  return {
    ...identity,
    get body() {
      body ??= makeBody()
      return body as unknown as KindBody<v.GenericSchema, v.GenericSchema>
    },
  }
}
