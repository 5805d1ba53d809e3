import { UserError } from '../../model/user-error.ts'
import type { Datastore } from '../../store/datastore.ts'
import type { DockerApi } from './docker-api.ts'

/** The names of Docker's networks, which the drivers are told by their ids only. */
export interface NetworkNames {
  /** @throws UserError for a network that nobody knows */
  nameOf(id: string): Promise<string>
  /** The network is gone. */
  forget(id: string): Promise<void>
}

/**
 * Asks Docker once for each network and notes the answer: while Docker starts it restarts containers, but answers no questions. A network keeps its name for
 * as long as it lives.
 */
export function networkNames(datastore: Datastore, docker: Pick<DockerApi, 'network'>): NetworkNames {
  const known = new Map<string, string>()
  return {
    async nameOf(id) {
      const key = keyOf(id)
      const noted = known.get(id) ?? (await datastore.get(key))?.value
      const name = noted ?? (await docker.network(id))?.name ?? ''
      if (name === '') throw new UserError(`Docker knows no network ${id}`)
      if (noted === undefined) await datastore.txn({ compare: [], then: [{ type: 'put', key, value: name }] })
      known.set(id, name)
      return name
    },
    async forget(id) {
      known.delete(id)
      await datastore.txn({ compare: [], then: [{ type: 'delete', range: { start: keyOf(id) } }] })
    },
  }
}

// --- internal ---

function keyOf(id: string): string {
  if (!/^[0-9A-Za-z]+$/.test(id)) throw new UserError(`"${id}" is not the id of a network`)
  return `/calico/calicoctl/docker/networks/${id}`
}
