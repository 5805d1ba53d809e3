import type { Resource } from '../model/kind.ts'
import { formatResourceName, type ResourceName } from '../model/problem.ts'
import { WORLD_KINDS, WorldBuilder } from '../policy/world/build.ts'
import type { World } from '../policy/world/world.ts'
import { type Datastore, type KeyValue, prefixRange } from '../store/datastore.ts'
import { RESOURCES } from '../store/resources/keys.ts'
import type { Clock } from '../store/resources/clock.ts'
import { entryReader, type SnapshotEntry, type UnreadableEntry, unreadableResource } from '../store/resources/snapshot.ts'
import { type FollowEvents, followKeys } from './follow.ts'

export interface FeedOptions {
  readonly clock: Pick<Clock, 'pause'>
  readonly events: FollowEvents
  /** Takes an emptied datastore for what it says. */
  readonly acceptEmpty?: boolean
  /** Kinds whose resources are wanted as they are, of the world or not. */
  readonly also?: readonly string[]
}

/** The datastore at a revision. */
export interface Followed {
  readonly world: World
  /** The resources of the kinds that are wanted as they are. */
  readonly others: readonly Resource[]
  readonly revision: number
}

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
  /** What the keys below `RESOURCES` hold that are followed. */
  readonly #keys = new Map<string, SnapshotEntry | UnreadableEntry>()
  readonly #keysByName = new Map<string, Set<string>>()
  #revision = 0
  #isFresh = false
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

  async follow(): Promise<void> {
    const { clock, events, acceptEmpty } = this.#options
    await followKeys(this.#datastore, prefixRange(RESOURCES), this.#signal, {
      clock,
      events,
      acceptEmpty: () => acceptEmpty ?? false,
      change: (key, keyValue) => this.#change(key, keyValue),
      reached: (revision) => {
        this.#revision = revision
        this.#isFresh = true
        this.#wake?.()
      },
    })
  }

  #change(key: string, keyValue: KeyValue | undefined): void {
    const before = this.#keys.get(key)
    if (before) {
      this.#builder.remove(nameOf(before))
      this.#others.delete(key)
      this.#keysOf(before).delete(key)
    }
    this.#keys.delete(key)
    const entry = keyValue && this.#read(keyValue)
    if (entry) {
      this.#keys.set(key, entry)
      this.#keysOf(entry).add(key)
      this.#put(entry)
    } else if (before && !keyValue) {
      // Releases up to v3.31 may have left a policy of this name under an older key: it is there still.
      for (const other of this.#keysOf(before)) {
        const entry = this.#keys.get(other)
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
    // It lets go of kinds that are none of the world's.
    if ('resource' in entry) this.#builder.put({ resource: entry.resource, origin: { key: entry.key, revision: String(entry.revision) } })
    else this.#builder.putAside(unreadableResource(entry))
  }
}

function nameOf(entry: SnapshotEntry | UnreadableEntry): ResourceName {
  if (!('resource' in entry))
    return { kind: entry.kind.kind, ...(entry.namespace === undefined ? {} : { namespace: entry.namespace }), name: entry.name }
  const { kind, metadata } = entry.resource
  return { kind, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), name: metadata.name ?? '' }
}
