import { CALICO_RELEASE, plainVersion } from '../model/release.ts'
import { kindNamed } from '../model/registry.ts'
import { UserError } from '../model/user-error.ts'
import type { Datastore } from '../store/datastore.ts'
import type { Author } from '../store/resources/changes.ts'
import { getResource, isFailure } from '../store/resources/read.ts'
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

/** The cluster belongs to another release of Calico. */
export class VersionMismatchError extends UserError {
  constructor(cluster: string) {
    const versions = `Client Version:   ${plainVersion(CALICO_RELEASE)}\nCluster Version:  ${cluster}`
    super(`version mismatch.\n${versions}`, 'Use --allow-version-mismatch to override')
  }
}

export function authorOf(context: Context, verb: string, why: string | undefined): Author {
  return { user: context.user, host: context.host, verb, ...(why === undefined ? {} : { why }) }
}

// --- internal ---

/** Nothing is said against a cluster without ClusterInformation or without a version in it. */
async function refuseOtherVersion(datastore: Datastore): Promise<void> {
  const kind = kindNamed('ClusterInformation')
  if (!kind) return
  const cluster = await getResource(datastore, { kind, name: 'default' })
  if (isFailure(cluster)) return
  const version = plainVersion((cluster.spec as { calicoVersion?: string } | undefined)?.calicoVersion ?? '')
  if (version !== '' && version !== plainVersion(CALICO_RELEASE)) throw new VersionMismatchError(version)
}
