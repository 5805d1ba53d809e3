import type { Datastore, Operation } from '../datastore.ts'
import { prefixRange } from '../datastore.ts'
import type { Clock } from './clock.ts'

/** Who asked for a change, by which command and why; the same for all transactions of one command. */
export interface Author {
  readonly user: string
  readonly host: string
  /** The command's verb: `apply`, `delete`, `label`, ... */
  readonly verb: string
  /** The user's own words (`--why`). */
  readonly why?: string
}

/** What one transaction changed, stored in that transaction below `/calico/calicoctl/changes/`. `history` and `rollback` read it. */
export interface ChangeRecord extends Author {
  readonly version: 1
  readonly time: string
  readonly changes: readonly ChangedKey[]
}

export interface ChangedKey {
  readonly key: string
  /** The value before; null: there was none. Left out when larger than `LARGEST_BEFORE`: the store's own history has it at `beforeRevision`. */
  readonly before?: string | null
  readonly beforeRevision: number
}

const CHANGES = '/calico/calicoctl/changes/'

/** About so many records are kept; pruning happens now and then, not with each write. */
const KEPT_RECORDS = 1000

const LARGEST_BEFORE = 256 * 1024

/** The operation that records a transaction's changes. Keys sort by time; the record's own revision tells the exact order. */
export function recordChanges(author: Author, changes: readonly ChangedKey[], clock: Clock): Operation {
  const record: ChangeRecord = { version: 1, time: clock.now().toISOString(), ...author, changes: changes.map(withoutLargeValue) }
  const id = `${String(clock.now().getTime()).padStart(15, '0')}-${clock.uuid().slice(0, 8)}`
  return { type: 'put', key: CHANGES + id, value: JSON.stringify(record) }
}

/** Removes the oldest records beyond `KEPT_RECORDS`. */
export async function pruneChanges(datastore: Datastore): Promise<void> {
  const { keyValues } = await datastore.range(prefixRange(CHANGES), { keysOnly: true })
  const first = keyValues[0]
  const firstKept = keyValues[keyValues.length - KEPT_RECORDS]
  if (!first || !firstKept || first.key === firstKept.key) return
  await datastore.txn({ compare: [], then: [{ type: 'delete', range: { start: first.key, end: firstKept.key } }] })
}

function withoutLargeValue(change: ChangedKey): ChangedKey {
  if (typeof change.before !== 'string' || change.before.length <= LARGEST_BEFORE) return change
  return { key: change.key, beforeRevision: change.beforeRevision }
}
