import { compareBytes } from '../../model/json.ts'
import type {
  Compare,
  Datastore,
  KeyRange,
  KeyValue,
  Lease,
  Operation,
  RangeOptions,
  RangeResult,
  Transaction,
  TransactionResult,
  WatchBatch,
  WatchEvent,
} from '../datastore.ts'
import { contains, futureError, lostLeaseError, refuseTransaction } from './limits.ts'

/** A datastore in this process's memory: all revisions are kept, nothing survives. Leases last until they are revoked. */
export function openMemory(): Datastore {
  return new Memory()
}

// --- internal ---

class Memory implements Datastore {
  readonly name = 'a datastore in memory'
  readonly isShared = false
  #revision = 1
  #closed = false
  readonly #current = new Map<string, KeyValue>()
  readonly #log: WatchEvent[] = []
  /** Lease to the keys that it holds. */
  readonly #leases = new Map<string, Set<string>>()
  #leasesGranted = 0
  readonly #waiting = new Set<() => void>()

  async get(key: string, options: { readonly revision?: number } = {}): Promise<KeyValue | undefined> {
    return (await this.range({ start: key }, options)).keyValues[0]
  }

  async range(range: KeyRange, options: RangeOptions = {}): Promise<RangeResult> {
    const found = select(this.#at(options.revision), range)
    const limit = options.limit ?? found.length
    const keyValues = found.slice(0, limit).map((keyValue) => (options.keysOnly ? { ...keyValue, value: '' } : keyValue))
    return { keyValues, revision: options.revision ?? this.#revision, more: found.length > limit }
  }

  async txn(transaction: Transaction): Promise<TransactionResult> {
    refuseTransaction(transaction)
    const succeeded = transaction.compare.every((compare) => this.#holds(compare))
    const operations = succeeded ? transaction.then : (transaction.otherwise ?? [])
    for (const operation of operations) {
      if (operation.type === 'put' && operation.lease && !this.#leases.has(operation.lease.id)) throw lostLeaseError(this.name)
    }
    const revision = this.#revision + 1
    const events: WatchEvent[] = []
    const responses = operations.map((operation) => this.#run(operation, revision, events))
    if (events.length > 0) {
      this.#revision = revision
      this.#log.push(...events)
      this.#wake()
    }
    return { succeeded, revision: this.#revision, responses }
  }

  async *watch(range: KeyRange, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    let next = fromRevision
    while (!signal.aborted && !this.#closed) {
      const upTo = this.#revision
      const events = this.#log.filter((event) => event.revision >= next && contains(range, event.key))
      for (const revision of new Set(events.map((event) => event.revision))) {
        if (signal.aborted) return
        yield { revision, events: events.filter((event) => event.revision === revision) }
      }
      next = Math.max(next, upTo + 1)
      if (this.#revision === upTo) await this.#changed(signal)
    }
  }

  async lease(): Promise<Lease> {
    const id = String(++this.#leasesGranted)
    this.#leases.set(id, new Set())
    return { id, revoke: () => this.#revoke(id) }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  /** Resolves with the next write, with the end of the store or of the watch. */
  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || this.#closed) return resolve()
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }

  #at(revision: number | undefined): Map<string, KeyValue> {
    if (revision === undefined || revision === this.#revision) return this.#current
    if (revision > this.#revision) throw futureError(this.name)
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
      this.#release(key)
      if (operation.lease) this.#leases.get(operation.lease.id)?.add(key)
      events.push({ type: 'put', key, keyValue, revision, ...(previous ? { previous } : {}) })
      return []
    }
    const found = select(this.#current, operation.range)
    if (operation.type === 'get') return found
    for (const previous of found) {
      this.#current.delete(previous.key)
      this.#release(previous.key)
      events.push({ type: 'delete', key: previous.key, previous, revision })
    }
    return []
  }

  /** A key belongs to the lease of its last write only. */
  #release(key: string): void {
    for (const keys of this.#leases.values()) keys.delete(key)
  }

  async #revoke(id: string): Promise<void> {
    const keys = [...(this.#leases.get(id) ?? [])]
    this.#leases.delete(id)
    const revision = this.#revision + 1
    const events: WatchEvent[] = []
    for (const key of keys) this.#run({ type: 'delete', range: { start: key } }, revision, events)
    if (events.length === 0) return
    this.#revision = revision
    this.#log.push(...events)
    this.#wake()
  }
}

function select(keyValues: Map<string, KeyValue>, range: KeyRange): KeyValue[] {
  return [...keyValues.values()].filter((keyValue) => contains(range, keyValue.key)).sort((a, b) => compareBytes(a.key, b.key))
}
