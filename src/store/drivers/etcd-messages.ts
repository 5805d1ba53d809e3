import type { Compare, KeyRange, KeyValue, Operation } from '../datastore.ts'

/** A key-value pair as etcd sends it: bytes, or the text they are, and 64-bit numbers as text. Revisions stay far below 2^53. */
export interface WireKeyValue {
  readonly key: Buffer | string
  readonly value: Buffer | string
  readonly create_revision: string
  readonly mod_revision: string
  readonly version: string
}

export function keyValueOf(wire: WireKeyValue): KeyValue {
  return {
    key: wire.key.toString('utf8'),
    value: wire.value.toString('utf8'),
    createRevision: Number(wire.create_revision),
    modRevision: Number(wire.mod_revision),
    version: Number(wire.version),
  }
}

export function rangeOf(range: KeyRange): { key: Buffer; range_end?: Buffer } {
  return { key: Buffer.from(range.start), ...(range.end === undefined ? {} : { range_end: Buffer.from(range.end) }) }
}

export function compareOf({ key, target, equals }: Compare): object {
  const wanted = String(equals)
  const field = {
    mod: { target: 'Mod', mod_revision: wanted },
    create: { target: 'Create', create_revision: wanted },
    version: { target: 'Version', version: wanted },
  }
  return { key: Buffer.from(key), result: 'Equal', ...field[target] }
}

export function operationOf(operation: Operation): object {
  switch (operation.type) {
    case 'put':
      return {
        request_put: {
          key: Buffer.from(operation.key),
          value: Buffer.from(operation.value),
          ...(operation.lease ? { lease: operation.lease.id } : {}),
        },
      }
    case 'delete':
      return { request_delete_range: rangeOf(operation.range) }
    default:
      return { request_range: rangeOf(operation.range) }
  }
}
