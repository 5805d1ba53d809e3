import { type Datastore, DatastoreError, type KeyRange, type KeyValue } from '../store/datastore.ts'
import type { Clock } from '../store/resources/clock.ts'

export interface FollowEvents {
  /** The datastore does not answer: what is known stays, and it is asked again. */
  away(error: Error): void
  /** It answers again. */
  back(): void
  /** Everything is gone, which nobody may have meant: what is known stays. What is there again later is taken in, what is not stays too, until the agent starts anew. */
  emptied(): void
}

export interface FollowOptions {
  readonly clock: Pick<Clock, 'pause'>
  readonly events: FollowEvents
  /** Whether that everything is gone is what was wanted. */
  readonly acceptEmpty: () => boolean | Promise<boolean>
  /** A key has another value than before; undefined: it is gone. */
  readonly change: (key: string, keyValue: KeyValue | undefined) => void
  /** All changes up to this revision were told. */
  readonly reached: (revision: number) => void
}

/**
 * Tells what a range of keys holds, then each change, until the signal aborts. Never ends by itself: what goes wrong is told and tried again. Nothing is told as
 * gone because the datastore is away.
 */
export async function followKeys(datastore: Datastore, range: KeyRange, signal: AbortSignal, options: FollowOptions): Promise<void> {
  const { clock, events, acceptEmpty, change, reached } = options
  /** The revision that wrote each key that was told. */
  const known = new Map<string, number>()
  let revision = 0
  let [isAway, isEmptied] = [false, false]

  const tell = (key: string, keyValue: KeyValue | undefined): void => {
    if (keyValue) known.set(key, keyValue.modRevision)
    else known.delete(key)
    change(key, keyValue)
  }
  const arrive = (at: number): void => {
    revision = at
    isEmptied = false
    reached(at)
  }
  const empty = (): void => {
    if (!isEmptied) events.emptied()
    isEmptied = true
  }
  const list = async (): Promise<void> => {
    const found = await datastore.range(range)
    if (isAway) events.back()
    isAway = false
    if (found.keyValues.length === 0 && known.size > 0 && !(await acceptEmpty())) {
      revision = found.revision
      return empty()
    }
    const present = new Set(found.keyValues.map(({ key }) => key))
    for (const key of known.keys()) if (!present.has(key)) tell(key, undefined)
    for (const keyValue of found.keyValues) if (known.get(keyValue.key) !== keyValue.modRevision) tell(keyValue.key, keyValue)
    arrive(found.revision)
  }

  while (!signal.aborted) {
    try {
      await list()
      for await (const batch of datastore.watch(range, revision + 1, signal)) {
        const gone = new Set(batch.events.filter(({ type }) => type === 'delete').map(({ key }) => key))
        const takesAll = known.size > 0 && gone.size === batch.events.length && [...known.keys()].every((key) => gone.has(key))
        if (takesAll && !(await acceptEmpty())) {
          empty()
          continue
        }
        for (const { key, keyValue } of batch.events) tell(key, keyValue)
        arrive(batch.revision)
      }
    } catch (error) {
      if (signal.aborted) return
      // Changes that are no longer known are listed again; that is no failure.
      if (!(error instanceof DatastoreError) || error.code !== 'compacted') {
        if (!isAway) events.away(error instanceof Error ? error : new Error(String(error)))
        isAway = true
        await clock.pause(PAUSE)
      }
    }
  }
}

// --- internal ---

/** Milliseconds between attempts while the datastore is away. */
const PAUSE = 500
