import { isConfirmed, readAffinities } from '../../ipam/affinity.ts'
import { HOSTS } from '../../ipam/store.ts'
import { type Datastore, type KeyValue, prefixRange } from '../../store/datastore.ts'
import { RESOURCES } from '../../store/resources/keys.ts'
import type { Clock } from '../../store/resources/clock.ts'
import { followKeys } from '../follow.ts'
import type { OwnedBlock } from './facts.ts'

export interface AffinityFeedOptions {
  readonly clock: Pick<Clock, 'pause'>
  /** Takes an emptied datastore for what it says. */
  readonly acceptEmpty: boolean
  /** All blocks that hosts have now. */
  readonly changed: (blocks: readonly OwnedBlock[]) => void
}

/**
 * Tells which blocks belong to which hosts, again each time that it changes, until the signal aborts. Only confirmed claims count (`reference/felix.md 5.1`). That
 * the datastore is away or emptied is told by who follows the resources; here nothing is taken for gone because of it.
 */
export async function followAffinities(datastore: Datastore, signal: AbortSignal, options: AffinityFeedOptions): Promise<void> {
  const known = new Map<string, KeyValue>()
  await followKeys(datastore, prefixRange(HOSTS), signal, {
    clock: options.clock,
    events: { away: () => {}, back: () => {}, emptied: () => {} },
    // The last block may well have been given back; but then there still are resources.
    acceptEmpty: async () =>
      options.acceptEmpty || (await datastore.range(prefixRange(RESOURCES), { limit: 1, keysOnly: true })).keyValues.length > 0,
    change: (key, keyValue) => {
      if (keyValue) known.set(key, keyValue)
      else known.delete(key)
    },
    reached: () =>
      options.changed(readAffinities([...known.values()]).flatMap(({ host, block, stored }) => (isConfirmed(stored) ? [{ node: host, block }] : []))),
  })
}
