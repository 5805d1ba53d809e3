import type { Datastore } from '../../store/datastore.ts'
import type { DockerApi } from './docker-api.ts'
import { DockerApiError } from './docker-request.ts'

/** Whether Docker's networks are of one host, or of all that share its cluster store. */
export type Scope = 'local' | 'global'

/**
 * The scope that this host's Docker is set up for (`reference/docker-e2e.md 3.1, 6`). What it last was is noted: while Docker starts and brings its containers
 * back it wants to know the scope, but answers no questions itself. Without a Docker to ask: what it last was.
 */
export async function scopeOfDocker(datastore: Datastore, docker: Pick<DockerApi, 'sharesNetworks'> | undefined, node: string): Promise<Scope> {
  const key = `/calico/calicoctl/docker/scopes/${node}`
  const noted = (await datastore.get(key))?.value
  const last = noted === 'global' ? 'global' : 'local'
  if (!docker) return last
  try {
    const scope = (await docker.sharesNetworks()) ? 'global' : 'local'
    if (scope !== noted) await datastore.txn({ compare: [], then: [{ type: 'put', key, value: scope }] })
    return scope
  } catch (error) {
    if (!(error instanceof DockerApiError)) throw error
    return last
  }
}
