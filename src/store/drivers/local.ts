import { setTimeout as pause } from 'node:timers/promises'
import {
  type Compare,
  type Datastore,
  DatastoreError,
  type KeyRange,
  type KeyValue,
  type Lease,
  type Operation,
  type RangeOptions,
  type RangeResult,
  type Transaction,
  type TransactionResult,
  type WatchBatch,
  type WatchEvent,
} from '../datastore.ts'
import { compactedError, futureError, lostLeaseError, refuseTransaction } from './limits.ts'
import { toLocalError } from './local-errors.ts'
import { makePrivate } from './private-file.ts'
import { type Database, openDatabase, type Row, type Statement } from './sqlite.ts'

export interface LocalOptions {
  /** Milliseconds to wait for other writers. */
  readonly timeout?: number
}

/**
 * A datastore in one SQLite file, for many processes at once. Write-ahead log, every transaction on disk before it is confirmed. Made on first use, for its
 * owner's eyes only. @throws DatastoreError naming the file
 */
export function openLocal(path: string, options: LocalOptions = {}): Datastore {
  return new Local(path, options)
}

// --- internal ---

/** Marks the file as ours, so that no other program's database is ever written to: `Cali`. */
const APPLICATION_ID = 0x43616c69
const SCHEMA_VERSION = 1
const DEFAULT_TIMEOUT = 10_000
/** Milliseconds that SQLite waits for a lock itself, and we at most before we try again. */
const SQLITE_PATIENCE = 10
const LONGEST_PAUSE = 10
/** How often a watch looks whether another process wrote. */
const POLL_MILLISECONDS = 50

const SCHEMA = `
CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT NOT NULL, create_revision INTEGER NOT NULL, mod_revision INTEGER NOT NULL, version INTEGER NOT NULL,
  lease INTEGER) WITHOUT ROWID;
CREATE TABLE log (revision INTEGER NOT NULL, key TEXT NOT NULL, value TEXT, create_revision INTEGER NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (key, revision)) WITHOUT ROWID;
CREATE INDEX log_revision ON log (revision);
CREATE TABLE lease (id INTEGER PRIMARY KEY AUTOINCREMENT, ends INTEGER NOT NULL);
CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, compacted INTEGER NOT NULL);
INSERT INTO state VALUES (1, 1, 0);
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`

/** What the file is, as of one moment. */
const IDENTITY = `SELECT (SELECT count(*) FROM sqlite_master) AS tables, (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT user_version FROM pragma_user_version) AS version`

const PUT = `INSERT INTO kv VALUES (?, ?, ?, ?, 1, ?)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, mod_revision = excluded.mod_revision, version = version + 1, lease = excluded.lease`

interface Asked {
  readonly transaction: Transaction
  readonly resolve: (result: TransactionResult) => void
  readonly reject: (error: unknown) => void
}

class Local implements Datastore {
  readonly name: string
  readonly isShared = false
  readonly #path: string
  readonly #timeout: number
  #database: Database | undefined
  #closed = false
  readonly #statements = new Map<string, Statement>()
  /** Timers that keep our leases alive. */
  readonly #beats = new Set<NodeJS.Timeout>()
  /** Watches that have nothing to tell. */
  readonly #waiting = new Set<() => void>()
  /** Transactions that wait for each other's company. */
  #asked: Asked[] = []

  constructor(path: string, { timeout = DEFAULT_TIMEOUT }: LocalOptions) {
    this.#path = path
    this.#timeout = timeout
    this.name = `the local datastore at ${path}`
  }

  async get(key: string, options: { readonly revision?: number } = {}): Promise<KeyValue | undefined> {
    return this.#patiently(() => this.#read({ start: key }, { ...options, limit: 1 }).keyValues[0])
  }

  async range(range: KeyRange, options: RangeOptions = {}): Promise<RangeResult> {
    return this.#patiently(() => this.#read(range, options))
  }

  /** What is asked for in the same moment goes to disk together, which takes as long as one: each is whole, or not there, all the same. */
  async txn(transaction: Transaction): Promise<TransactionResult> {
    refuseTransaction(transaction)
    return await new Promise((resolve, reject) => {
      this.#asked.push({ transaction, resolve, reject })
      if (this.#asked.length === 1) queueMicrotask(() => void this.#carryOutAsked())
    })
  }

  async *watch(range: KeyRange, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    let next = fromRevision
    while (!signal.aborted && !this.#closed) {
      const revision = await this.#patiently(() => {
        this.#expireLeases()
        return this.#state().revision
      })
      if (revision < next) {
        await this.#forAWhile(signal)
        continue
      }
      for (const batch of await this.#patiently(() => this.#changes(range, next))) {
        if (signal.aborted) return
        next = batch.revision + 1
        yield batch
      }
      next = Math.max(next, revision + 1)
    }
  }

  async lease(ttlSeconds: number): Promise<Lease> {
    const ends = () => Date.now() + ttlSeconds * 1000
    const id = await this.#patiently(() => Number(this.#run('INSERT INTO lease (ends) VALUES (?)', ends()).lastInsertRowid))
    const keepAlive = () => this.#patiently(() => this.#run('UPDATE lease SET ends = ? WHERE id = ?', ends(), id))
    // When one fails, the next beat comes before the lease ends; if the store is lost for good, so is the lease.
    const beat = setInterval(() => void keepAlive().catch(() => undefined), (ttlSeconds * 1000) / 3)
    beat.unref()
    this.#beats.add(beat)
    return {
      id: String(id),
      revoke: async () => {
        clearInterval(beat)
        this.#beats.delete(beat)
        await this.#patiently(() => this.#write(() => this.#endLease(id)))
      },
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const beat of this.#beats) clearInterval(beat)
    this.#database?.close()
    this.#database = undefined
    this.#statements.clear()
  }

  /** Resolves when it is time to look for changes again. */
  async #forAWhile(signal: AbortSignal): Promise<void> {
    const enough = new AbortController()
    const wake = () => enough.abort()
    this.#waiting.add(wake)
    await pause(POLL_MILLISECONDS, undefined, { signal: AbortSignal.any([signal, enough.signal]) }).catch(() => undefined)
    this.#waiting.delete(wake)
  }

  #read(range: KeyRange, options: RangeOptions): RangeResult {
    this.#expireLeases()
    this.#exec('BEGIN')
    try {
      const { revision, compacted } = this.#state()
      const at = options.revision ?? revision
      if (at < compacted) throw compactedError(this.name)
      if (at > revision) throw futureError(this.name)
      const limit = options.limit ?? -1
      const value = options.keysOnly ? "'' AS value" : 'value'
      const { where, values } = bounds(range)
      const rows =
        at === revision
          ? this.#all(
              `SELECT key, ${value}, create_revision, mod_revision, version FROM kv WHERE ${where} ORDER BY key LIMIT ?`,
              ...values,
              limit < 0 ? -1 : limit + 1,
            )
          : this.#all(
              `SELECT key, ${value}, create_revision, revision AS mod_revision, version FROM log AS newest WHERE ${where} AND value IS NOT NULL AND revision =
                (SELECT max(revision) FROM log WHERE key = newest.key AND revision <= ?) ORDER BY key LIMIT ?`,
              ...values,
              at,
              limit < 0 ? -1 : limit + 1,
            )
      const keyValues = (limit < 0 ? rows : rows.slice(0, limit)).map(keyValueOf)
      return { keyValues, revision: at, more: limit >= 0 && rows.length > limit }
    } finally {
      this.#exec('COMMIT')
    }
  }

  async #carryOutAsked(): Promise<void> {
    const asked = this.#asked
    this.#asked = []
    const together = async (some: readonly Asked[]) => {
      const results = await this.#patiently(() => {
        this.#expireLeases()
        return this.#write(() => some.map(({ transaction }) => this.#transact(transaction)))
      })
      for (const [index, { resolve }] of some.entries()) resolve(results[index] as TransactionResult)
    }
    try {
      await together(asked)
    } catch (error) {
      // None of them has happened. One by one, only those fail that have to; but who has waited for other writers until the time was up does not wait again.
      const isOver = asked.length === 1 || (error instanceof DatastoreError && error.code === 'busy')
      if (isOver) for (const { reject } of asked) reject(error)
      else for (const one of asked) await together([one]).catch(one.reject)
    }
    // Watches of this process need not find out by looking.
    for (const wake of this.#waiting) wake()
  }

  /** Carries out a transaction as part of one of SQLite's. */
  #transact(transaction: Transaction): TransactionResult {
    const succeeded = this.#hold(transaction.compare)
    const operations = succeeded ? transaction.then : (transaction.otherwise ?? [])
    const before = this.#state().revision
    const put: string[] = []
    let deleted = 0
    const responses = operations.map((operation) => {
      if (operation.type === 'get') return this.#find(operation.range)
      if (operation.type === 'delete') deleted += this.#delete(operation.range, before + 1)
      else {
        this.#put(operation, before + 1)
        put.push(operation.key)
      }
      return []
    })
    const wrote = put.length > 0 || deleted > 0
    if (put.length > 0) {
      this.#run(`INSERT INTO log SELECT mod_revision, key, value, create_revision, version FROM kv WHERE key IN (${marks(put.length)})`, ...put)
    }
    if (wrote) this.#run('UPDATE state SET revision = ?', before + 1)
    return { succeeded, revision: wrote ? before + 1 : before, responses }
  }

  #find(range: KeyRange): KeyValue[] {
    const { where, values } = bounds(range)
    return this.#all(`SELECT * FROM kv WHERE ${where} ORDER BY key`, ...values).map(keyValueOf)
  }

  /** What it puts, the log is still to be told. */
  #put({ key, value, lease }: Operation & { readonly type: 'put' }, revision: number): void {
    const id = lease ? Number(lease.id) : null
    if (id !== null && this.#all('SELECT id FROM lease WHERE id = ?', id).length === 0) throw lostLeaseError(this.name)
    this.#run(PUT, key, value, revision, revision, id)
  }

  /** Gives how many keys there were. */
  #delete(range: KeyRange, revision: number): number {
    const { where, values } = bounds(range)
    const { changes } = this.#run(`INSERT INTO log SELECT ?, key, NULL, 0, 0 FROM kv WHERE ${where}`, revision, ...values)
    if (Number(changes) > 0) this.#run(`DELETE FROM kv WHERE ${where}`, ...values)
    return Number(changes)
  }

  #hold(compares: readonly Compare[]): boolean {
    if (compares.length === 0) return true
    const keys = compares.map(({ key }) => key)
    const rows = this.#all(`SELECT key, create_revision, mod_revision, version FROM kv WHERE key IN (${marks(keys.length)})`, ...keys)
    const found = new Map(rows.map((row) => [row['key'], row]))
    return compares.every(({ key, target, equals }) => equals === Number(found.get(key)?.[target === 'version' ? target : `${target}_revision`] ?? 0))
  }

  /** What changed from a revision on, a batch for each revision. */
  #changes(range: KeyRange, from: number): WatchBatch[] {
    const { compacted } = this.#state()
    if (from <= compacted) throw compactedError(this.name)
    const { where, values } = bounds(range)
    const rows = this.#all(`SELECT * FROM log WHERE revision >= ? AND ${where} ORDER BY revision, key`, from, ...values)
    const batches = new Map<number, WatchEvent[]>()
    for (const row of rows) {
      const revision = Number(row['revision'])
      const key = String(row['key'])
      const last = this.#all('SELECT * FROM log WHERE key = ? AND revision < ? ORDER BY revision DESC LIMIT 1', key, revision)[0]
      const previous = last && last['value'] !== null ? { previous: keyValueOf({ ...last, mod_revision: last['revision'] ?? 0 }) } : {}
      const event: WatchEvent =
        row['value'] === null
          ? { type: 'delete', key, revision, ...previous }
          : { type: 'put', key, revision, keyValue: keyValueOf({ ...row, mod_revision: revision }), ...previous }
      const batch = batches.get(revision)
      if (batch) batch.push(event)
      else batches.set(revision, [event])
    }
    return [...batches].map(([revision, events]) => ({ revision, events }))
  }

  #expireLeases(): void {
    const ended = () => this.#all('SELECT id FROM lease WHERE ends <= ?', Date.now())
    // Looked up again under the lock: its owner may have renewed it meanwhile.
    if (ended().length > 0) this.#write(() => ended().forEach((row) => this.#endLease(Number(row['id']))))
  }

  #endLease(id: number): void {
    const keys = this.#all('SELECT key FROM kv WHERE lease = ?', id)
    const revision = this.#state().revision + 1
    for (const row of keys) this.#delete({ start: String(row['key']) }, revision)
    if (keys.length > 0) this.#run('UPDATE state SET revision = ?', revision)
    this.#run('DELETE FROM lease WHERE id = ?', id)
  }

  #state(): { readonly revision: number; readonly compacted: number } {
    const row = this.#statement('SELECT revision, compacted FROM state').get()
    return { revision: Number(row?.['revision']), compacted: Number(row?.['compacted']) }
  }

  /** Runs a change as one transaction: all of it or nothing, one writer at a time. */
  #write<T>(change: () => T): T {
    this.#exec('BEGIN IMMEDIATE')
    try {
      const result = change()
      this.#exec('COMMIT')
      return result
    } catch (error) {
      try {
        this.#exec('ROLLBACK')
      } catch {
        // SQLite has already rolled back, as it does on a full disk; that is the error to tell.
      }
      throw error
    }
  }

  #exec(sql: string): void {
    this.#open().exec(sql)
  }

  #all(sql: string, ...values: (string | number | null)[]): Row[] {
    return this.#statement(sql).all(...values)
  }

  #run(sql: string, ...values: (string | number | null)[]): ReturnType<Statement['run']> {
    return this.#statement(sql).run(...values)
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#open().prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #open(): Database {
    if (this.#closed) throw new DatastoreError('other', `${this.name} is closed`)
    if (this.#database) return this.#database
    makePrivate(this.#path)
    const database = openDatabase(this.#path)
    try {
      this.#prepare(database)
    } catch (error) {
      database.close()
      throw error
    }
    this.#database = database
    return database
  }

  /** Makes the tables if the file is empty. Nothing is changed in a file that is not ours. */
  #prepare(database: Database): void {
    // The timeout comes first: switching to the write-ahead log needs the lock as well.
    database.exec(`PRAGMA busy_timeout = ${SQLITE_PATIENCE}`)
    const { tables, application, version } = database.prepare(IDENTITY).get() ?? {}
    if (tables !== 0 && application !== APPLICATION_ID) throw new Error('not a database of calicoctl')
    if (Number(version) > SCHEMA_VERSION) {
      throw new DatastoreError('other', `${this.name} was made by a newer calicoctl`, {
        help: 'update calicoctl, or name another file with --datastore',
      })
    }
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    if (tables !== 0) return
    database.exec('BEGIN IMMEDIATE')
    // Another process may have been faster.
    if (database.prepare(IDENTITY).get()?.['tables'] === 0) database.exec(SCHEMA)
    database.exec('COMMIT')
  }

  /**
   * Tries until other writers leave room, or the time is up. SQLite's own waiting soon looks only ten times a second: among busy writers, somebody would
   * never get their turn.
   */
  async #patiently<T>(work: () => T): Promise<T> {
    const giveUp = Date.now() + this.#timeout
    for (;;) {
      try {
        return work()
      } catch (cause) {
        const error = toLocalError(cause, this.#path)
        if (error.code !== 'busy' || Date.now() >= giveUp) throw error
        await pause(Math.random() * LONGEST_PAUSE)
      }
    }
  }
}

function bounds(range: KeyRange): { readonly where: string; readonly values: string[] } {
  return range.end === undefined ? { where: 'key = ?', values: [range.start] } : { where: 'key >= ? AND key < ?', values: [range.start, range.end] }
}

/** Places for so many values of a statement. */
function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join()
}

function keyValueOf(row: Row): KeyValue {
  return {
    key: String(row['key']),
    value: String(row['value']),
    createRevision: Number(row['create_revision']),
    modRevision: Number(row['mod_revision']),
    version: Number(row['version']),
  }
}
