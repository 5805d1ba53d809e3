import { readFileSync } from 'node:fs'
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import { ConstantBackoff, handleWhen, noop, retry } from 'cockatiel'
import { Etcd3, type IOptions, type IRangeResponse, type ITxnRequest, type Lease as EtcdLease } from 'etcd3'
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
import { isOfMember, isPassing, toDatastoreError, wasNeverSent } from './etcd-errors.ts'
import { firstAnswer } from './etcd-members.ts'
import { compareOf, keyValueOf, operationOf, rangeOf, type WireKeyValue } from './etcd-messages.ts'
import { watchEtcd } from './etcd-watch.ts'
import { refuseTransaction } from './limits.ts'

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
 * Of several endpoints that one is asked which answered last; a silent one delays a call by half a second, once.
 */
export function openEtcd(settings: EtcdSettings): Datastore {
  return new Etcd(settings)
}

// --- internal ---

const DEFAULT_TIMEOUT = 10_000
/** Pairs of the first page of a range; others have more when the pairs are small. */
const FIRST_PAGE = 500
const LARGEST_PAGE = 2000
const PAGE_BYTES = 1024 * 1024
/** What etcd may send before we have read it. gRPC's own 64 KiB would make it wait for us within every page. */
const WINDOW_BYTES = 4 * 1024 * 1024
/** Between attempts of a read while the cluster finds a new leader. */
const READ_PAUSE = 100
/** Milliseconds for which a member that has answered is trusted with a write, which cannot be tried with another when it stays without an answer. */
const TRUST = 1000
/** Milliseconds after which a silent connection is asked for a sign of life (etcd refuses who asks more often than each five seconds), and for that sign. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 5000 }

class Etcd implements Datastore {
  readonly name: string
  readonly isShared = true
  readonly #settings: EtcdSettings
  /** For watches and leases, which move from endpoint to endpoint by themselves. */
  #client: Etcd3 | undefined
  /** One for each endpoint, in no order but that the one that answered last is the first. */
  #members: Etcd3[] = []
  #answeredAt = Number.NEGATIVE_INFINITY
  readonly #closing = new AbortController()
  readonly #leases = new Set<EtcdLease>()

  constructor(settings: EtcdSettings) {
    this.#settings = settings
    this.name = `etcd at ${settings.endpoints.join(', ')}`
  }

  async get(key: string, options: { readonly revision?: number } = {}): Promise<KeyValue | undefined> {
    const [found] = (await this.#page({ start: key }, 1, options)).kvs
    return found && keyValueOf(found)
  }

  /** In pages, all at the revision of the first. While one is decoded, the next is on its way. */
  async range(range: KeyRange, options: RangeOptions = {}): Promise<RangeResult> {
    const keyValues: KeyValue[] = []
    let missing = options.limit ?? Number.POSITIVE_INFINITY
    let page = await this.#page(range, Math.min(FIRST_PAGE, missing), options)
    const revision = options.revision ?? Number(page.header.revision)
    for (;;) {
      const { kvs, more } = page
      const last = kvs.at(-1)
      missing -= kvs.length
      const start = more && last && missing > 0 ? `${last.key.toString('utf8')}\0` : undefined
      const next = start === undefined ? undefined : this.#page({ ...range, start }, Math.min(sizeAfter(kvs), missing), { ...options, revision })
      const decoded = async () => {
        // By then the request has gone out.
        if (next) await turn()
        for (const keyValue of kvs) keyValues.push(keyValueOf(keyValue))
      }
      const [following] = await Promise.all([next, decoded()])
      if (!following) return { keyValues, revision, more }
      page = following
    }
  }

  async txn(transaction: Transaction): Promise<TransactionResult> {
    refuseTransaction(transaction)
    const request = {
      compare: transaction.compare.map(compareOf),
      success: transaction.then.map(operationOf),
      failure: (transaction.otherwise ?? []).map(operationOf),
    } as unknown as ITxnRequest
    const answer = await this.#write((client) => client.kv.txn(request))
    const responses = answer.responses.map((response) => (response.response_range?.kvs ?? []).map((keyValue) => keyValueOf(keyValue)))
    return { succeeded: answer.succeeded, revision: Number(answer.header.revision), responses }
  }

  watch(range: KeyRange, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
    const source = {
      name: this.name,
      client: this.#open(),
      probe: (probed: KeyRange, revision?: number) =>
        this.range(probed, { limit: 1, keysOnly: true, ...(revision === undefined ? {} : { revision }) }),
    }
    return watchEtcd(source, range, fromRevision, AbortSignal.any([signal, this.#closing.signal]))
  }

  async lease(ttlSeconds: number): Promise<Lease> {
    const lease = this.#open().lease(ttlSeconds)
    // Loss shows in the keys, which vanish; an event that nobody listens to would end the process.
    lease.on('lost', () => undefined)
    const id = await this.#call(() => lease.grant())
    this.#leases.add(lease)
    return {
      id,
      revoke: () => {
        this.#leases.delete(lease)
        return this.#call(() => lease.revoke())
      },
    }
  }

  async close(): Promise<void> {
    // Watches and heartbeats would try to connect again for ever.
    this.#closing.abort()
    for (const lease of this.#leases) lease.release()
    for (const client of new Set([this.#client, ...this.#members])) client?.close()
  }

  async #page(range: KeyRange, limit: number, options: RangeOptions): Promise<IRangeResponse> {
    const revision = options.revision === undefined ? {} : { revision: String(options.revision) }
    const request = { ...rangeOf(range), limit, ...revision, keys_only: options.keysOnly ?? false }
    const giveUp = Date.now() + timeoutOf(this.#settings)
    return this.#call(() => this.#first((client) => client.kv.range(request, { deadline: giveUp }), giveUp))
  }

  /** What does no harm when several do it, or one does it again: who has no leader is asked until there is one. */
  async #first<T>(ask: (client: Etcd3) => Promise<T>, giveUp: number): Promise<T> {
    let isOver = false
    const insist = async (client: Etcd3) => {
      for (;;) {
        try {
          return await ask(client)
        } catch (error) {
          if (!isPassing(error) || Date.now() + READ_PAUSE >= giveUp || this.#closing.signal.aborted || isOver) throw error
          await pause(READ_PAUSE)
        }
      }
    }
    try {
      const { member, answer } = await firstAnswer(this.#openMembers(), insist)
      this.#members = [member, ...this.#members.filter((other) => other !== member)]
      this.#answeredAt = Date.now()
      return answer
    } finally {
      isOver = true
    }
  }

  /** By a member that is known to answer; by another one only when the first has not had it. */
  #write<T>(write: (client: Etcd3) => Promise<T>): Promise<T> {
    return this.#call(async () => {
      const members = this.#openMembers()
      if (members.length > 1 && Date.now() - this.#answeredAt > TRUST) await this.#findMember()
      let failure: unknown
      for (const member of this.#members) {
        try {
          const answer = await write(member)
          if (member === this.#members[0]) this.#answeredAt = Date.now()
          return answer
        } catch (error) {
          this.#answeredAt = Number.NEGATIVE_INFINITY
          failure = error
          if (!wasNeverSent(error)) break
        }
      }
      throw failure
    })
  }

  async #findMember(): Promise<void> {
    const giveUp = Date.now() + timeoutOf(this.#settings)
    const request = { ...rangeOf({ start: '/calico/' }), limit: 1, keys_only: true }
    const isThere = async (client: Etcd3) => {
      try {
        await client.kv.range(request, { deadline: giveUp })
      } catch (error) {
        // Whoever may not read has got an answer.
        if (isOfMember(error)) throw error
      }
    }
    await this.#first(isThere, giveUp)
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      throw toDatastoreError(error, this.name)
    }
  }

  /** Which one is the first is left to chance, so that clients spread over the members. */
  #openMembers(): readonly Etcd3[] {
    if (this.#members.length > 0) return this.#members
    const { endpoints } = this.#settings
    const all = this.#open()
    if (endpoints.length === 1) return (this.#members = [all])
    const from = Math.floor(Math.random() * endpoints.length)
    return (this.#members = [...endpoints.slice(from), ...endpoints.slice(0, from)].map(
      (endpoint) => new Etcd3(optionsOf({ ...this.#settings, endpoints: [endpoint] })),
    ))
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

/** How many pairs a page may have, judged by one before it. */
function sizeAfter(page: readonly WireKeyValue[]): number {
  const bytes = page.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
  return Math.max(1, Math.min(LARGEST_PAGE, Math.floor((PAGE_BYTES * page.length) / bytes)))
}

function optionsOf(settings: EtcdSettings): IOptions {
  const { username, password } = settings
  const deadline = () => ({ deadline: Date.now() + timeoutOf(settings) })
  // Only what was never sent is repeated: a transaction that may have happened must not be.
  return {
    hosts: [...settings.endpoints],
    ...credentialsOf(settings),
    ...(username && password ? { auth: { username, password, callOptions: deadline } } : {}),
    defaultCallOptions: (context) => (context.isStream ? {} : deadline()),
    // Pages of large values pass 4 MB, gRPC's own limit.
    grpcOptions: {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc-node.flow_control_window': WINDOW_BYTES,
      ...KEEPALIVE,
    },
    faultHandling: {
      host: () => noop,
      global: retry(handleWhen(wasNeverSent), { maxAttempts: settings.endpoints.length * 2, backoff: new ConstantBackoff(10) }),
      watchBackoff: new ConstantBackoff(500).next(),
    },
  }
}

function timeoutOf(settings: EtcdSettings): number {
  return settings.timeout ?? DEFAULT_TIMEOUT
}

/** Certificates count for https alone, as in the peer. Without an authority of its own the system's are trusted. */
function credentialsOf({ endpoints, ca, cert, key }: EtcdSettings): Pick<IOptions, 'credentials'> {
  if (!endpoints.some((endpoint) => endpoint.startsWith('https:')) || !(ca || cert || key)) return {}
  const credentials = {
    ...(ca ? { rootCertificate: read(ca, 'CERTIFICATE') } : {}),
    ...(key ? { privateKey: read(key, 'PRIVATE KEY') } : {}),
    ...(cert ? { certChain: read(cert, 'CERTIFICATE') } : {}),
  }
  // etcd3 says that the authority must be there; gRPC, to which it is handed, does not.
  return { credentials: credentials as IOptions['credentials'] & object }
}

/** @throws DatastoreError naming the file, never its content */
function read(pem: Pem, holds: 'CERTIFICATE' | 'PRIVATE KEY'): Buffer {
  const what = holds === 'CERTIFICATE' ? 'certificate' : 'private key'
  const bytes = 'text' in pem ? Buffer.from(pem.text) : readFile(pem.file, what)
  if (!bytes.toString('latin1').includes(`${holds}-----`)) {
    throw new DatastoreError('tls', `there is no ${what} in ${'file' in pem ? pem.file : 'the configuration file'}`, {
      help: 'it should hold one as PEM text',
    })
  }
  return bytes
}

function readFile(path: string, what: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new DatastoreError('tls', `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code ?? 'error'}`, {
      help: `it should hold a ${what} as PEM text`,
      cause,
    })
  }
}
