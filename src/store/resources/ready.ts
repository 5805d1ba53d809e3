import { CLUSTER_INFORMATION_NAME, type ClusterInformationSpec } from '../../model/cluster-information.ts'
import type { Kind } from '../../model/kind.ts'
import { kindNamed } from '../../model/registry.ts'
import { encodeResource } from '../../model/resource.ts'
import { type Datastore, DatastoreError } from '../datastore.ts'
import { ensureInitialized } from './bootstrap.ts'
import type { Author } from './changes.ts'
import type { Clock } from './clock.ts'
import { commit } from './commit.ts'
import { resourceKey } from './keys.ts'
import { readStored, type StoredResource } from './stored.ts'

/** ClusterInformation `default` as it is stored; undefined when there is none, or it cannot be read. */
export async function clusterInformation(datastore: Datastore): Promise<StoredResource | undefined> {
  const keyValue = await datastore.get(resourceKey({ kind: informationKind(), name: CLUSTER_INFORMATION_NAME }))
  return keyValue && readStored(informationKind(), keyValue)
}

/** Whether the datastore is locked for a migration: `datastoreReady` is false, and agents of Calico wait (`reference/calicoctl.md 7.6`). */
export async function isLocked(datastore: Datastore): Promise<boolean> {
  const spec = (await clusterInformation(datastore))?.resource.spec as ClusterInformationSpec | undefined
  return spec?.datastoreReady === false
}

/** Locks (`false`) or unlocks the datastore; an empty one is initialised first. @throws DatastoreError when others always win */
export async function setReady(datastore: Datastore, ready: boolean, options: { readonly author: Author; readonly clock: Clock }): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await ensureInitialized(datastore, options.clock)
    const stored = await clusterInformation(datastore)
    if (!stored) break
    const { resource, keyValue } = stored
    if ((resource.spec as ClusterInformationSpec).datastoreReady === ready) return
    const value = encodeResource(informationKind(), { ...resource, spec: { ...(resource.spec as object), datastoreReady: ready } })
    const write = { key: keyValue.key, value, before: keyValue, baseRevision: keyValue.modRevision, intents: [] }
    const [unwritten] = await commit(datastore, [write], { ...options, onWritten: () => {} })
    if (!unwritten) return
    if (unwritten.error) throw unwritten.error
  }
  throw new DatastoreError('busy', 'ClusterInformation "default" cannot be read, or changes all the time', {
    help: 'look at it with: calicoctl get clusterinformation default -o yaml',
  })
}

// --- internal ---

const ATTEMPTS = 20

function informationKind(): Kind {
  const kind = kindNamed('ClusterInformation')
  if (!kind) throw new Error('no kind ClusterInformation')
  return kind
}
