import type { Etcd3, IWatchResponse, Watcher } from 'etcd3'
import { type KeyRange, type RangeResult, type WatchBatch, type WatchEvent, DatastoreError } from '../datastore.ts'
import { keyValueOf } from './etcd-messages.ts'
import { toDatastoreError } from './etcd-errors.ts'

/**
 * Changes from a revision on. etcd3 forgets where it was when a connection breaks twice in a row, so the next wanted revision is kept here and put into
 * every request at the last moment. An error ends the library's watcher and rarely says why: one plain read then renews the token, or tells the reason.
 */
export async function* watchEtcd(
  client: Etcd3,
  range: KeyRange,
  fromRevision: number,
  signal: AbortSignal,
  probe: () => Promise<RangeResult>,
): AsyncIterable<WatchBatch> {
  let next = fromRevision
  while (!signal.aborted) {
    const queue = new Queue()
    const wake = () => queue.end()
    signal.addEventListener('abort', wake, { once: true })
    const watcher = start(client, range, queue, () => next)
    try {
      for (;;) {
        const response = await queue.take()
        if (response === undefined) return
        if (response instanceof Error) {
          if (/compact/i.test(response.message)) throw new DatastoreError('compacted', 'changes from that revision on are no longer known')
          break
        }
        const events = response.events.map(eventOf)
        const revision = Number(response.header.revision)
        for (const event of events) next = Math.max(next, event.revision + 1)
        if (events.length > 0) yield { revision: Math.max(...events.map((event) => event.revision), 0) || revision, events }
      }
    } finally {
      signal.removeEventListener('abort', wake)
      await watcher.cancel().catch(() => undefined)
    }
    // Tells whether the history we need is still there; what it throws ends the watch.
    const { revision } = await probe()
    if (next > revision + 1) next = revision + 1
    await probeHistory(client, range, next, revision)
  }
}

// --- internal ---

function start(client: Etcd3, range: KeyRange, queue: Queue, next: () => number): Watcher {
  const watch = client.watch().withPreviousKV().startRevision(String(next()))
  const bounded = range.end === undefined ? watch.key(range.start) : watch.inRange({ start: range.start, end: range.end })
  const watcher = bounded.watcher()
  watcher.on('connecting', (request) => {
    ;(request as { start_revision?: string }).start_revision = String(next())
  })
  watcher.on('data', (response) => queue.put(response))
  watcher.on('error', (error) => queue.put(error))
  return watcher
}

async function probeHistory(client: Etcd3, range: KeyRange, from: number, current: number): Promise<void> {
  if (from > current) return
  try {
    await client.kv.range({ key: Buffer.from(range.start), revision: String(from), limit: 1, keys_only: true })
  } catch (error) {
    throw toDatastoreError(error, 'etcd')
  }
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
