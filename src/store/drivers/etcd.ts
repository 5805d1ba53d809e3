import { readFileSync } from 'node:fs'
import { ConstantBackoff, handleWhen, noop, retry } from 'cockatiel'
import { Etcd3, type IOptions, type ITxnRequest } from 'etcd3'
import {
  type Datastore,
  DatastoreError,
  type KeyRange,
  type KeyValue,
  type Lease,
  type RangeOptions,
  type RangeResult,
  type Transaction,
  type TransactionResult,
  type WatchBatch,
} from '../datastore.ts'
import { toDatastoreError } from './etcd-errors.ts'
import { compareOf, keyValueOf, operationOf, rangeOf } from './etcd-messages.ts'
import { watchEtcd } from './etcd-watch.ts'

export interface EtcdSettings {
  readonly endpoints: readonly string[]
  readonly username?: string
  readonly password?: string
  /** PEM text, or the file it is in. */
  readonly ca?: Pem
  readonly cert?: Pem
  readonly key?: Pem
  /** Milliseconds after which a call without an answer fails. */
  readonly timeout?: number
}

export type Pem = { readonly text: string } | { readonly file: string }

/**
 * A datastore in etcd v3. Nothing is connected until the first call. The etcd3 library is held by four guards (`reference/ecosystem.md 3`): a watch that
 * resumes where it was, errors that end a watch are looked into, no circuit breaker and no repetition of what may have been done, a deadline for every call.
 */
export function openEtcd(settings: EtcdSettings): Datastore {
  return new Etcd(settings)
}

// --- internal ---

const DEFAULT_TIMEOUT = 10_000
const PAGE = 500

class Etcd implements Datastore {
  readonly name: string
  readonly #settings: EtcdSettings
  #client: Etcd3 | undefined

  constructor(settings: EtcdSettings) {
    this.#settings = settings
    this.name = `etcd at ${settings.endpoints.join(', ')}`
  }

  async get(key: string, options: { readonly revision?: number } = {}): Promise<KeyValue | undefined> {
    return (await this.#page({ start: key }, 1, options)).keyValues[0]
  }

  /** In pages, all at the revision of the first. */
  async range(range: KeyRange, options: RangeOptions = {}): Promise<RangeResult> {
    const keyValues: KeyValue[] = []
    let start = range.start
    let revision = options.revision
    for (;;) {
      const wanted = Math.min(PAGE, (options.limit ?? Number.POSITIVE_INFINITY) - keyValues.length)
      const page = await this.#page({ ...range, start }, wanted, { ...options, ...(revision === undefined ? {} : { revision }) })
      revision ??= page.revision
      for (const keyValue of page.keyValues) keyValues.push(keyValue)
      const last = page.keyValues.at(-1)
      if (!page.more || last === undefined || keyValues.length === options.limit) return { keyValues, revision, more: page.more }
      start = `${last.key}\0`
    }
  }

  async txn(transaction: Transaction): Promise<TransactionResult> {
    const request = {
      compare: transaction.compare.map(compareOf),
      success: transaction.then.map(operationOf),
      failure: (transaction.otherwise ?? []).map(operationOf),
    } as unknown as ITxnRequest
    const answer = await this.#call((client) => client.kv.txn(request))
    const responses = answer.responses.map((response) =>
      (response.response_range?.kvs ?? response.response_delete_range?.prev_kvs ?? []).map((keyValue) => keyValueOf(keyValue)),
    )
    return { succeeded: answer.succeeded, revision: Number(answer.header.revision), responses }
  }

  watch(range: KeyRange, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    return watchEtcd(this.#open(), range, fromRevision, signal, () => this.#page(range, 1, { keysOnly: true }))
  }

  async lease(ttlSeconds: number): Promise<Lease> {
    const lease = this.#open().lease(ttlSeconds)
    // Loss shows in the keys, which vanish; an event that nobody listens to would end the process.
    lease.on('lost', () => undefined)
    const id = await this.#call(() => lease.grant())
    return { id, revoke: () => this.#call(() => lease.revoke()) }
  }

  async close(): Promise<void> {
    this.#client?.close()
  }

  async #page(range: KeyRange, limit: number, options: RangeOptions): Promise<RangeResult> {
    const revision = options.revision === undefined ? {} : { revision: String(options.revision) }
    const answer = await this.#call((client) => client.kv.range({ ...rangeOf(range), limit, ...revision, keys_only: options.keysOnly ?? false }))
    return { keyValues: answer.kvs.map((keyValue) => keyValueOf(keyValue)), revision: Number(answer.header.revision), more: answer.more }
  }

  async #call<T>(call: (client: Etcd3) => Promise<T>): Promise<T> {
    try {
      return await call(this.#open())
    } catch (error) {
      throw toDatastoreError(error, this.name)
    }
  }

  #open(): Etcd3 {
    try {
      this.#client ??= new Etcd3(optionsOf(this.#settings))
    } catch (error) {
      throw toDatastoreError(error, this.name)
    }
    return this.#client
  }
}

function optionsOf(settings: EtcdSettings): IOptions {
  const timeout = settings.timeout ?? DEFAULT_TIMEOUT
  const { ca, cert, key, username, password } = settings
  const deadline = () => ({ deadline: Date.now() + timeout })
  // Only what was never sent is repeated: a transaction that may have happened must not be.
  const neverSent = handleWhen((error) => /No connection established|ECONNREFUSED/.test(error.message))
  return {
    hosts: [...settings.endpoints],
    ...(ca || cert
      ? { credentials: { rootCertificate: read(ca), ...(key ? { privateKey: read(key) } : {}), ...(cert ? { certChain: read(cert) } : {}) } }
      : {}),
    ...(username && password ? { auth: { username, password, callOptions: deadline } } : {}),
    defaultCallOptions: (context) => (context.isStream ? {} : deadline()),
    // Pages of large values pass 4 MB, gRPC's own limit.
    grpcOptions: { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 },
    faultHandling: {
      host: () => noop,
      global: retry(neverSent, { maxAttempts: settings.endpoints.length * 2, backoff: new ConstantBackoff(10) }),
      watchBackoff: new ConstantBackoff(500).next(),
    },
  }
}

function read(pem: Pem | undefined): Buffer {
  if (pem === undefined) return Buffer.alloc(0)
  if ('text' in pem) return Buffer.from(pem.text)
  try {
    return readFileSync(pem.file)
  } catch (error) {
    throw new DatastoreError('tls', `cannot read ${pem.file}: ${(error as NodeJS.ErrnoException).code ?? 'error'}`, {
      help: 'it should hold a certificate or key as PEM',
      cause: error,
    })
  }
}
