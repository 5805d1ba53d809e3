import { CALICO_RELEASE, plainVersion } from '../model/release.ts'
import { UserError } from '../model/user-error.ts'
import type { Datastore } from '../store/datastore.ts'
import type { Author } from '../store/resources/changes.ts'
import { RESOURCES } from '../store/resources/keys.ts'
import type { Context } from './context.ts'
import type { GlobalOptions } from './options.ts'

/**
 * Opens the datastore for a command and makes sure that it is one of our release, unless the user allows another
 * (`reference/calicoctl.md 3.4`).
 */
export async function openSession(context: Context, options: GlobalOptions): Promise<Datastore> {
  const datastore = await context.openStore(options)
  if (!options.allowVersionMismatch) await refuseOtherVersion(datastore)
  return datastore
}

/** As `openSession`, for commands that only read: what they ask for is on its way while the release is looked at. */
export async function readInSession<T>(context: Context, options: GlobalOptions, read: (datastore: Datastore) => Promise<T>): Promise<T> {
  const datastore = await context.openStore(options)
  const [result] = await Promise.all([read(datastore), options.allowVersionMismatch ? undefined : refuseOtherVersion(datastore)])
  return result
}

/** The cluster belongs to another release of Calico. */
class VersionMismatchError extends UserError {
  constructor(cluster: string) {
    const versions = `Client Version:   ${plainVersion(CALICO_RELEASE)}\nCluster Version:  ${cluster}`
    super(`version mismatch.\n${versions}`, 'Use --allow-version-mismatch to override')
  }
}

export function authorOf(context: Context, verb: string, why: string | undefined): Author {
  return { user: context.user, host: context.host, verb, ...(why === undefined ? {} : { why }) }
}

// --- internal ---

/**
 * Nothing is said against a cluster without ClusterInformation, without a version in it, or with one that cannot be read. The value is looked at as it
 * lies there: this runs before every command.
 */
async function refuseOtherVersion(datastore: Datastore): Promise<void> {
  const stored = await datastore.get(CLUSTER_INFORMATION)
  const version = plainVersion(/"calicoVersion":"([^"\\]*)"/.exec(stored?.value ?? '')?.[1] ?? '')
  if (version !== '' && version !== plainVersion(CALICO_RELEASE)) throw new VersionMismatchError(version)
}

const CLUSTER_INFORMATION = `${RESOURCES}clusterinformations/default`
