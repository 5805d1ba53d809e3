import { compareBytes } from '../../model/json.ts'
import {
  type Compare,
  type Datastore,
  DatastoreError,
  type KeyRange,
  type KeyValue,
  type Lease,
  MAX_OPERATIONS,
  type Operation,
  type RangeOptions,
  type RangeResult,
  type Transaction,
  type TransactionResult,
  type WatchBatch,
  type WatchEvent,
} from '../datastore.ts'

/** A datastore in this process's memory, for tests: all revisions are kept, nothing survives. */
export function openMemory(): Datastore {
  return new Memory()
}

// --- internal ---

class Memory implements Datastore {
  readonly name = 'a datastore in memory'
  #revision = 0
  readonly #current = new Map<string, KeyValue>()
  readonly #log: WatchEvent[] = []
  readonly #leases = new Map<string, { readonly keys: Set<string>; readonly ends: number }>()
  #waiting: (() => void)[] = []

  async get(key: string, options: { readonly revision?: number } = {}): Promise<KeyValue | undefined> {
    return (await this.range({ start: key }, options)).keyValues[0]
  }

  async range(range: KeyRange, options: RangeOptions = {}): Promise<RangeResult> {
    this.#expire()
    const found = [...this.#at(options.revision).values()]
      .filter((keyValue) => contains(range, keyValue.key))
      .sort((a, b) => compareBytes(a.key, b.key))
    const limit = options.limit ?? found.length
    const keyValues = found.slice(0, limit).map((keyValue) => (options.keysOnly ? { ...keyValue, value: '' } : keyValue))
    return { keyValues, revision: options.revision ?? this.#revision, more: found.length > limit }
  }

  async txn(transaction: Transaction): Promise<TransactionResult> {
    this.#expire()
    const succeeded = transaction.compare.every((compare) => this.#holds(compare))
    const operations = succeeded ? transaction.then : (transaction.otherwise ?? [])
    refuse(transaction.compare.length, operations)
    const revision = this.#revision + 1
    const events: WatchEvent[] = []
    const responses = operations.map((operation) => this.#run(operation, revision, events))
    if (events.length > 0) {
      this.#revision = revision
      this.#log.push(...events)
      for (const wake of this.#waiting.splice(0)) wake()
    }
    return { succeeded, revision: this.#revision, responses }
  }

  async *watch(range: KeyRange, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    let next = fromRevision
    while (!signal.aborted) {
      const events = this.#log.filter((event) => event.revision >= next && contains(range, event.key))
      for (const revision of new Set(events.map((event) => event.revision))) {
        yield { revision, events: events.filter((event) => event.revision === revision) }
      }
      next = this.#revision + 1
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  async lease(ttlSeconds: number): Promise<Lease> {
    const id = String(this.#leases.size + 1)
    this.#leases.set(id, { keys: new Set(), ends: Date.now() + ttlSeconds * 1000 })
    return { id, revoke: async () => this.#revoke(id) }
  }

  async close(): Promise<void> {}

  #at(revision: number | undefined): Map<string, KeyValue> {
    if (revision === undefined || revision >= this.#revision) return this.#current
    const past = new Map<string, KeyValue>()
    for (const event of this.#log) {
      if (event.revision > revision) break
      if (event.keyValue) past.set(event.key, event.keyValue)
      else past.delete(event.key)
    }
    return past
  }

  #holds({ key, target, equals }: Compare): boolean {
    const keyValue = this.#current.get(key)
    if (!keyValue) return equals === 0
    return equals === (target === 'mod' ? keyValue.modRevision : target === 'create' ? keyValue.createRevision : keyValue.version)
  }

  #run(operation: Operation, revision: number, events: WatchEvent[]): readonly KeyValue[] {
    if (operation.type === 'get') return [...this.#current.values()].filter((keyValue) => contains(operation.range, keyValue.key))
    if (operation.type === 'put') {
      const { key, value } = operation
      const previous = this.#current.get(key)
      const keyValue = {
        key,
        value,
        createRevision: previous?.createRevision ?? revision,
        modRevision: revision,
        version: (previous?.version ?? 0) + 1,
      }
      this.#current.set(key, keyValue)
      if (operation.lease) this.#leases.get(operation.lease.id)?.keys.add(key)
      events.push({ type: 'put', key, keyValue, revision, ...(previous ? { previous } : {}) })
      return []
    }
    const removed = [...this.#current.values()].filter((keyValue) => contains(operation.range, keyValue.key))
    for (const previous of removed) {
      this.#current.delete(previous.key)
      events.push({ type: 'delete', key: previous.key, previous, revision })
    }
    return removed
  }

  async #revoke(id: string): Promise<void> {
    const lease = this.#leases.get(id)
    this.#leases.delete(id)
    if (lease) await this.txn({ compare: [], then: [...lease.keys].map((key) => ({ type: 'delete', range: { start: key } })) })
  }

  #expire(): void {
    for (const [id, lease] of this.#leases) if (lease.ends <= Date.now()) void this.#revoke(id)
  }
}

function contains(range: KeyRange, key: string): boolean {
  return range.end === undefined ? key === range.start : compareBytes(key, range.start) >= 0 && compareBytes(key, range.end) < 0
}

/** What etcd refuses: too many operations, and a key written twice. */
function refuse(compares: number, operations: readonly Operation[]): void {
  if (Math.max(compares, operations.length) > MAX_OPERATIONS)
    throw new DatastoreError('other', `more than ${MAX_OPERATIONS} operations in one transaction`)
  const puts = operations.flatMap((operation) => (operation.type === 'put' ? [operation.key] : []))
  if (new Set(puts).size < puts.length) throw new DatastoreError('other', 'a key is written twice in one transaction')
}
