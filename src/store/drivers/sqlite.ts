import { createRequire, isBuiltin } from 'node:module'
import { DatastoreError } from '../datastore.ts'
import { sqlitePackage } from './sqlite-package.ts'

/** What we use of the `node:sqlite` API. */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

export interface Statement {
  get(...values: readonly (string | number | null)[]): Row | undefined
  all(...values: readonly (string | number | null)[]): Row[]
  run(...values: readonly (string | number | null)[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint }
}

export type Row = Record<string, string | number | null>

/** Opens a database file by Node's own SQLite, or by the package that brings the same API to Node 20. */
export function openDatabase(path: string): Database {
  return new (databaseClass())(path)
}

// --- internal ---

type DatabaseClass = new (path: string) => Database

function databaseClass(): DatabaseClass {
  if (isBuiltin('node:sqlite')) return (createRequire(import.meta.url)('node:sqlite') as { DatabaseSync: DatabaseClass }).DatabaseSync
  try {
    return sqlitePackage().DatabaseSync
  } catch (cause) {
    throw new DatastoreError('missing-driver', 'the local datastore needs SQLite, which this Node does not have', {
      help: 'use Node 22.13 or newer, or install the optional package @photostructure/sqlite, or an etcd (ETCD_ENDPOINTS)',
      cause,
    })
  }
}
