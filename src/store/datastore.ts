import { UserError } from '../model/user-error.ts'

/**
 * Ordered keys with revisions, shaped like etcd v3 (`DESIGN 3.2`). Everything about resources stands above this interface; no command knows which
 * driver runs. Keys and values are UTF-8 text. Revisions are whole numbers that grow with each write.
 */
export interface Datastore {
  /** For messages: `etcd at http://127.0.0.1:2379`, `the local datastore at /home/a/...`. No secrets. */
  readonly name: string

  /** Whether other hosts can be on it. */
  readonly isShared: boolean

  /** The value of a key, now or at a past revision. @throws DatastoreError (`compacted`) when that revision is gone */
  get(key: string, options?: ReadOptions): Promise<KeyValue | undefined>

  /**
   * Keys from `start` up to but not including `end`, in byte order. Reads a consistent snapshot, however many pages it takes inside.
   * @throws DatastoreError (`compacted`) when the wanted revision is gone
   */
  range(range: KeyRange, options?: RangeOptions): Promise<RangeResult>

  /**
   * All comparisons hold -> all of `then`; otherwise all of `otherwise`; nothing in between. At most `MAX_OPERATIONS` of each; no key written twice.
   * After a `timeout` or a broken connection (`unreachable`) it may have happened or not.
   */
  txn(transaction: Transaction): Promise<TransactionResult>

  /**
   * Changes to keys in the range from the given revision on (from 1), in the order of revisions, without loss or repetition across reconnects. All changes of
   * a revision are in one batch, in no particular order. Ends when the signal aborts or the store is closed; whoever stops reading must abort.
   * @throws DatastoreError (`compacted`) when changes from that revision on are no longer known: list again, then watch from there
   */
  watch(range: KeyRange, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch>

  /** A lease; keys put with it vanish when it is revoked, or when this process ends or loses the store for `ttlSeconds` (at least 1). */
  lease(ttlSeconds: number): Promise<Lease>

  /** Ends watches and lets go of leases, which then run out. Nothing may be called after it. */
  close(): Promise<void>
}

/** Most operations of one transaction (etcd's default limit). */
export const MAX_OPERATIONS = 128

export interface KeyValue {
  readonly key: string
  readonly value: string
  readonly createRevision: number
  readonly modRevision: number
  /** Writes since the key was created, from 1. */
  readonly version: number
}

/** `end` absent: the one key `start`. */
export interface KeyRange {
  readonly start: string
  readonly end?: string
}

export interface ReadOptions {
  /** The store as it was then, from 1; not one to come. */
  readonly revision?: number
}

export interface RangeOptions extends ReadOptions {
  /** At least 1. */
  readonly limit?: number
  /** Values come as empty text. */
  readonly keysOnly?: boolean
}

export interface RangeResult {
  readonly keyValues: readonly KeyValue[]
  /** The revision at which this was read: the wanted one, else the newest. */
  readonly revision: number
  /** There was more than `limit`. */
  readonly more: boolean
}

export interface Compare {
  readonly key: string
  /** `mod` 0 means: the key is absent. */
  readonly target: 'mod' | 'create' | 'version'
  readonly equals: number
}

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string; readonly lease?: Lease }
  | { readonly type: 'delete'; readonly range: KeyRange }
  | { readonly type: 'get'; readonly range: KeyRange }

export interface Transaction {
  readonly compare: readonly Compare[]
  readonly then: readonly Operation[]
  readonly otherwise?: readonly Operation[]
}

export interface TransactionResult {
  readonly succeeded: boolean
  /** The store's revision after the transaction. */
  readonly revision: number
  /** One for each operation that ran, in order: what a `get` found; empty for others. */
  readonly responses: readonly (readonly KeyValue[])[]
}

export interface WatchBatch {
  readonly revision: number
  readonly events: readonly WatchEvent[]
}

export interface WatchEvent {
  readonly type: 'put' | 'delete'
  readonly key: string
  /** The new value; absent for a delete. */
  readonly keyValue?: KeyValue
  /** What was there before, unless compaction took it. */
  readonly previous?: KeyValue
  readonly revision: number
}

export interface Lease {
  readonly id: string
  /** Gives the lease up; its keys vanish. */
  revoke(): Promise<void>
}

/** The keys that begin with a prefix. */
export function prefixRange(prefix: string): KeyRange {
  // The successor of the last UTF-16 unit is enough: our prefixes end in ASCII.
  return { start: prefix, end: prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1) }
}

/** Why the datastore did not answer. `message` is one sentence for the user, without secrets; `help` says what to look at. */
export class DatastoreError extends UserError {
  readonly code: DatastoreErrorCode

  constructor(code: DatastoreErrorCode, message: string, options: { help?: string; cause?: unknown } = {}) {
    super(message, options.help)
    this.code = code
    if (options.cause !== undefined) this.cause = options.cause
  }
}

export type DatastoreErrorCode =
  | 'unreachable'
  | 'timeout'
  | 'unauthorized'
  | 'tls'
  | 'compacted'
  | 'full'
  | 'too-large'
  | 'read-only'
  | 'corrupt'
  | 'busy'
  | 'missing-driver'
  | 'other'
