import { compareBytes } from '../../model/json.ts'
import { DatastoreError, type KeyRange, MAX_OPERATIONS, type Transaction } from '../datastore.ts'

/**
 * Refuses what etcd refuses, in the same words for all drivers, so that nothing works on one of them only: too many operations; a key put twice, or put
 * and deleted, in one branch. @throws DatastoreError
 */
export function refuseTransaction({ compare, then, otherwise = [] }: Transaction): void {
  if (Math.max(compare.length, then.length, otherwise.length) > MAX_OPERATIONS) {
    throw new DatastoreError('other', `more than ${MAX_OPERATIONS} operations in one transaction`)
  }
  for (const operations of [then, otherwise]) {
    const written = new Set<string>()
    const deletes = operations.filter((operation) => operation.type === 'delete')
    for (const operation of operations) {
      if (operation.type !== 'put') continue
      const { key } = operation
      if (written.has(key) || deletes.some((other) => contains(other.range, key))) {
        throw new DatastoreError('other', `a key is written twice in one transaction: ${key}`)
      }
      written.add(key)
    }
  }
}

/** Whether a key lies in a range, in byte order. */
export function contains(range: KeyRange, key: string): boolean {
  return range.end === undefined ? key === range.start : compareBytes(key, range.start) >= 0 && compareBytes(key, range.end) < 0
}

export function compactedError(store: string): DatastoreError {
  return new DatastoreError('compacted', `that revision is gone from ${store}: its history has been compacted`)
}

export function futureError(store: string): DatastoreError {
  return new DatastoreError('other', `that revision is still to come in ${store}`)
}

export function lostLeaseError(store: string): DatastoreError {
  return new DatastoreError('other', `the lease has ended in ${store}`)
}
