import { UserError } from '../../model/user-error.ts'
import { type Compare, type Datastore, DatastoreError, type KeyValue, MAX_OPERATIONS, type Operation } from '../datastore.ts'
import { type Author, type ChangedKey, recordChanges } from './changes.ts'
import type { Clock } from './clock.ts'

/** One key's change, guarded by the revision it was planned on (0: absent). */
export interface PendingWrite {
  readonly key: string
  /** The new value; undefined: delete. */
  value: string | undefined
  readonly before: KeyValue | undefined
  readonly baseRevision: number
  /** Which intents it carries out. */
  readonly intents: number[]
}

export interface CommitOptions {
  readonly author: Author
  readonly clock: Clock
  readonly atomic?: boolean
  readonly onProgress?: (done: number) => void
  /** Called for each write that was done, with the revision of the datastore that has it. */
  readonly onWritten: (write: PendingWrite, revision: number) => void
}

/** More resources than fit one transaction, but `--atomic` wants one. */
class AtomicLimitError extends UserError {
  constructor(count: number) {
    super(`--atomic: ${count} changes do not fit into one transaction of the datastore; ${MAX_OPERATIONS - 1} and about 1 MB are the most`)
  }
}

/** What was not written. */
export interface Unwritten {
  readonly write: PendingWrite
  /** Why; undefined: it lost a race. */
  readonly error?: DatastoreError
}

/**
 * Writes everything, in transactions as large as the limits allow, several in flight; gives back what lost a race, or is too large for the datastore.
 * Takes the writes as it gets to them: they may be made meanwhile.
 */
export async function commit(datastore: Datastore, writes: Iterable<PendingWrite>, options: CommitOptions): Promise<Unwritten[]> {
  const batches = options.atomic ? oneBatch([...writes]) : splitIntoBatches(writes)
  const unwritten: Unwritten[] = []
  let done = 0
  const worker = async () => {
    for (let next = batches.next(); !next.done; next = batches.next()) {
      unwritten.push(...(await commitBatch(datastore, next.value, options)))
      done += next.value.length
      options.onProgress?.(done)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return unwritten
}

// --- internal ---

/** Transactions under way at once: enough to hide the round trip, few enough to be kind to the store. */
const IN_FLIGHT = 6
/** etcd takes requests of 1.5 MiB; the rest is for keys and framing. */
const BATCH_BYTES = 1024 * 1024

/** @throws AtomicLimitError when there are too many for one */
function oneBatch(writes: readonly PendingWrite[]): Iterator<PendingWrite[]> {
  const batches = [...splitIntoBatches(writes)]
  if (batches.length > 1) throw new AtomicLimitError(writes.length)
  return batches.values()
}

function* splitIntoBatches(writes: Iterable<PendingWrite>): Generator<PendingWrite[]> {
  let batch: PendingWrite[] = []
  let bytes = 0
  for (const write of writes) {
    const size = (write.value?.length ?? 0) + (write.before?.value.length ?? 0)
    if (batch.length === MAX_OPERATIONS - 1 || (batch.length > 0 && bytes + size > BATCH_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(write)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

async function commitBatch(datastore: Datastore, batch: PendingWrite[], options: CommitOptions): Promise<Unwritten[]> {
  const compare: Compare[] = batch.map((write) => ({ key: write.key, target: 'mod', equals: write.baseRevision }))
  const changes: ChangedKey[] = batch.map((write) => ({ key: write.key, before: write.before?.value ?? null, beforeRevision: write.baseRevision }))
  const then: Operation[] = batch.map(operation)
  then.push(recordChanges(options.author, changes, options.clock))
  const done = await datastore.txn({ compare, then }).catch(sizeError)
  if (!(done instanceof DatastoreError) && done.succeeded) {
    for (const write of batch) options.onWritten(write, done.revision)
    return []
  }
  const error = done instanceof DatastoreError ? done : LOST
  if (error !== LOST && options.atomic) throw error
  if (batch.length === 1 || options.atomic) return batch.map((write) => (error === LOST ? { write } : { write, error }))
  // One of them moved on, or is too large: halve, so that the others do not wait for it.
  const middle = batch.length >> 1
  const first = await commitBatch(datastore, batch.slice(0, middle), options)
  return [...first, ...(await commitBatch(datastore, batch.slice(middle), options))]
}

const LOST = 'lost'

/** Gives back that something is too large; what else went wrong is thrown on. */
function sizeError(error: unknown): DatastoreError {
  if (error instanceof DatastoreError && error.code === 'too-large') return error
  throw error
}

function operation(write: PendingWrite): Operation {
  return write.value === undefined ? { type: 'delete', range: { start: write.key } } : { type: 'put', key: write.key, value: write.value }
}
