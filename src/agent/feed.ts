import type { Resource } from '../model/kind.ts'
import { formatResourceName, type ResourceName } from '../model/problem.ts'
import { WORLD_KINDS, WorldBuilder } from '../policy/world/build.ts'
import type { World } from '../policy/world/world.ts'
import { type Datastore, DatastoreError, type KeyValue, prefixRange } from '../store/datastore.ts'
import { RESOURCES } from '../store/resources/keys.ts'
import type { Clock } from '../store/resources/clock.ts'
import { entryReader, type SnapshotEntry, type UnreadableEntry, unreadableResource } from '../store/resources/snapshot.ts'

export interface FeedEvents {
  /** The datastore does not answer: the last world stays, and it is asked again. */
  away(error: Error): void
  /** It answers again. */
  back(): void
  /** Everything is gone from the datastore: the last world stays. What is there again later is taken in, what is not stays too, until the agent starts anew. */
  emptied(): void
}

export interface FeedOptions {
  readonly clock: Pick<Clock, 'pause'>
  readonly events: FeedEvents
  /** Takes an emptied datastore for what it says. */
  readonly acceptEmpty?: boolean
  /** Kinds to follow besides those of a world. */
  readonly also?: readonly string[]
}

/** The datastore at a revision. */
export interface Followed {
  readonly world: World
  /** The resources of the other kinds that are followed. */
  readonly others: readonly Resource[]
  readonly revision: number
}

/** Milliseconds between attempts while the datastore is away. */
const PAUSE = 500

/**
 * The world as the datastore has it, again each time that it changed; changes that come while one is being dealt with are in the next. Never ends by itself: what
 * goes wrong is told and tried again, until the signal aborts.
 */
export async function* followWorld(datastore: Datastore, signal: AbortSignal, options: FeedOptions): AsyncGenerator<Followed> {
  const feed = new Feed(datastore, signal, options)
  const following = feed.follow()
  while (await feed.changed()) yield feed.take()
  await following
}

// --- internal ---

class Feed {
  readonly #datastore: Datastore
  readonly #signal: AbortSignal
  readonly #options: FeedOptions
  readonly #read: ReturnType<typeof entryReader>
  readonly #others = new Map<string, Resource>()
  readonly #builder = new WorldBuilder()
  /** What each key below `RESOURCES` holds: a resource of the world, or something else. */
  readonly #keys = new Map<string, Held>()
  readonly #keysByName = new Map<string, Set<string>>()
  #revision = 0
  #isFresh = false
  #isEmptied = false
  #isAway = false
  #wake: (() => void) | undefined

  constructor(datastore: Datastore, signal: AbortSignal, options: FeedOptions) {
    this.#datastore = datastore
    this.#signal = signal
    this.#options = options
    this.#read = entryReader([...WORLD_KINDS, ...(options.also ?? [])])
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
  }

  /** Resolves with true when there is another world than before, with false when it is over. */
  async changed(): Promise<boolean> {
    while (!this.#isFresh && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (this.#isFresh || this.#signal.aborted) resolve()
      })
    }
    return !this.#signal.aborted
  }

  take(): Followed {
    this.#isFresh = false
    return { world: this.#builder.world(), others: [...this.#others.values()], revision: this.#revision }
  }

  /** Lists everything, then follows what changes; from the start again when that breaks. */
  async follow(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        await this.#list()
        for await (const { revision, events } of this.#datastore.watch(prefixRange(RESOURCES), this.#revision + 1, this.#signal)) {
          const gone = events.filter(({ type }) => type === 'delete').length
          if (gone > 0 && gone === events.length && this.#wouldEmpty(events.map(({ key }) => key))) {
            this.#empty()
            continue
          }
          for (const { key, keyValue } of events) this.#change(key, keyValue)
          this.#tell(revision)
        }
      } catch (error) {
        if (this.#signal.aborted) return
        // Changes that are no longer known are listed again; that is no failure.
        if (!(error instanceof DatastoreError) || error.code !== 'compacted') {
          if (!this.#isAway) this.#options.events.away(error instanceof Error ? error : new Error(String(error)))
          this.#isAway = true
          await this.#options.clock.pause(PAUSE)
        }
      }
    }
  }

  async #list(): Promise<void> {
    const { keyValues, revision } = await this.#datastore.range(prefixRange(RESOURCES))
    if (this.#isAway) this.#options.events.back()
    this.#isAway = false
    if (keyValues.length === 0 && this.#keys.size > 0 && !this.#options.acceptEmpty) {
      this.#revision = revision
      return this.#empty()
    }
    const found = new Set(keyValues.map(({ key }) => key))
    for (const key of this.#keys.keys()) if (!found.has(key)) this.#change(key, undefined)
    for (const keyValue of keyValues) if (this.#keys.get(keyValue.key)?.revision !== keyValue.modRevision) this.#change(keyValue.key, keyValue)
    this.#tell(revision)
  }

  #wouldEmpty(keys: readonly string[]): boolean {
    if (this.#options.acceptEmpty) return false
    const gone = new Set(keys)
    return [...this.#keys.keys()].every((key) => gone.has(key))
  }

  #empty(): void {
    if (!this.#isEmptied) this.#options.events.emptied()
    this.#isEmptied = true
  }

  #tell(revision: number): void {
    this.#revision = revision
    this.#isEmptied = false
    this.#isFresh = true
    this.#wake?.()
  }

  #change(key: string, keyValue: KeyValue | undefined): void {
    const before = this.#keys.get(key)
    if (before?.entry) {
      this.#builder.remove(nameOf(before.entry))
      this.#others.delete(key)
      this.#keysOf(before.entry).delete(key)
    }
    this.#keys.delete(key)
    if (keyValue) {
      const entry = this.#read(keyValue)
      this.#keys.set(key, { revision: keyValue.modRevision, entry })
      if (entry) this.#keysOf(entry).add(key)
      if (entry) this.#put(entry)
    } else if (before?.entry) {
      // Releases up to v3.31 may have left a policy of this name under an older key: it is there still.
      for (const other of this.#keysOf(before.entry)) {
        const entry = this.#keys.get(other)?.entry
        if (entry) this.#put(entry)
      }
    }
  }

  #keysOf(entry: SnapshotEntry | UnreadableEntry): Set<string> {
    const title = formatResourceName(nameOf(entry))
    let keys = this.#keysByName.get(title)
    if (!keys) this.#keysByName.set(title, (keys = new Set()))
    return keys
  }

  #put(entry: SnapshotEntry | UnreadableEntry): void {
    if ('resource' in entry && this.#options.also?.includes(entry.resource.kind)) this.#others.set(entry.key, entry.resource)
    else if ('resource' in entry) this.#builder.put({ resource: entry.resource, origin: { key: entry.key, revision: String(entry.revision) } })
    else this.#builder.putAside(unreadableResource(entry))
  }
}

interface Held {
  readonly revision: number
  readonly entry: SnapshotEntry | UnreadableEntry | undefined
}

function nameOf(entry: SnapshotEntry | UnreadableEntry): ResourceName {
  if (!('resource' in entry))
    return { kind: entry.kind.kind, ...(entry.namespace === undefined ? {} : { namespace: entry.namespace }), name: entry.name }
  const { kind, metadata } = entry.resource
  return { kind, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), name: metadata.name ?? '' }
}
