import type { Etcd3, IWatchResponse, Watcher } from 'etcd3'
import type { KeyRange, RangeResult, WatchBatch, WatchEvent } from '../datastore.ts'
import { toDatastoreError } from './etcd-errors.ts'
import { keyValueOf } from './etcd-messages.ts'
import { compactedError } from './limits.ts'

/** What a watch needs of the driver. */
export interface WatchSource {
  /** The store's name, for messages. */
  readonly name: string
  readonly client: Etcd3
  /** One plain read at a revision, or now: renews the token, tells whether the server is there and the revision is. */
  probe(range: KeyRange, revision?: number): Promise<RangeResult>
}

/**
 * Changes from a revision on. etcd3 forgets where it was when a connection breaks twice in a row, so the next wanted revision is kept here and put into
 * every request at the last moment. An error ends the library's watcher and rarely says why: one plain read then renews the token, or tells the reason.
 */
export async function* watchEtcd(source: WatchSource, range: KeyRange, fromRevision: number, signal: AbortSignal): AsyncIterable<WatchBatch> {
  let next = fromRevision
  while (!signal.aborted) {
    const queue = new Queue()
    const wake = () => queue.end()
    signal.addEventListener('abort', wake, { once: true })
    const watcher = start(source.client, range, queue, () => next)
    let error: Error | undefined
    try {
      while (error === undefined) {
        const response = await queue.take()
        if (response === undefined) return
        if (response instanceof Error) {
          error = response
          continue
        }
        const events = response.events.map(eventOf)
        const revision = events.at(-1)?.revision
        if (revision === undefined) continue
        next = revision + 1
        yield { revision, events }
      }
    } finally {
      signal.removeEventListener('abort', wake)
      // Not waited for: a server that went silent would never confirm. After an error there is nothing left to cancel.
      if (error === undefined) watcher.cancel().catch(() => undefined)
    }
    await lookInto(source, range, next, error)
  }
}

// --- internal ---

function start(client: Etcd3, range: KeyRange, queue: Queue, next: () => number): Watcher {
  // A stream of its own: when etcd refuses one watch (an old token), the library never lets those behind it on the same stream begin.
  const watch = client.namespace('').watch().withPreviousKV().startRevision(String(next()))
  const bounded = range.end === undefined ? watch.key(range.start) : watch.inRange({ start: range.start, end: range.end })
  const watcher = bounded.watcher()
  watcher.on('connecting', (request) => {
    ;(request as { start_revision?: string }).start_revision = String(next())
  })
  watcher.on('data', (response) => queue.put(response))
  watcher.on('error', (error) => queue.put(error))
  return watcher
}

/** Returns when the watch may go on. @throws DatastoreError when the server or the history is gone */
async function lookInto(source: WatchSource, range: KeyRange, next: number, error: Error): Promise<void> {
  if (/compact/i.test(error.message)) throw compactedError(source.name)
  const { revision } = await source.probe(range)
  if (next <= revision) await source.probe({ start: range.start }, next)
  // A reason that the reads do not share, other than a lost connection or an old token, would only come back.
  if (!/canceled: $|auth token|UNAVAILABLE|stream/i.test(error.message)) throw toDatastoreError(error, source.name)
}

function eventOf(event: IWatchResponse['events'][number]): WatchEvent {
  const keyValue = keyValueOf(event.kv)
  const previous = event.prev_kv && Number(event.prev_kv.mod_revision) > 0 ? { previous: keyValueOf(event.prev_kv) } : {}
  if (event.type === 'Delete') return { type: 'delete', key: keyValue.key, revision: keyValue.modRevision, ...previous }
  return { type: 'put', key: keyValue.key, keyValue, revision: keyValue.modRevision, ...previous }
}

/** Hands events from callbacks to a loop, in order. */
class Queue {
  readonly #items: (IWatchResponse | Error)[] = []
  #ended = false
  #wake: () => void = () => {}

  put(item: IWatchResponse | Error): void {
    this.#items.push(item)
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async take(): Promise<IWatchResponse | Error | undefined> {
    while (this.#items.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#ended ? undefined : this.#items.shift()
  }
}
