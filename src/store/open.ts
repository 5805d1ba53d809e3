import { type Datastore, DatastoreError } from './datastore.ts'
import { resolveSettings, type SettingsSource, type StoreFlags, type StoreSettings } from './settings.ts'

/** Opens the datastore that flags, environment and configuration files point at (`settings.ts`). */
export async function openStore(flags: StoreFlags, source: SettingsSource): Promise<Datastore> {
  return openDatastore(await resolveSettings(flags, source))
}

/** Opens a datastore; only its own driver is loaded. */
export async function openDatastore(settings: StoreSettings): Promise<Datastore> {
  if (settings.driver === 'etcd') {
    const endpoints = settings.discovery === undefined ? settings.endpoints : await discoverEndpoints(settings.discovery)
    const { openEtcd } = await import('./drivers/etcd.ts')
    return openEtcd({ ...settings, endpoints })
  }
  const { openLocal } = await import('./drivers/local.ts')
  return openLocal(settings.path)
}

// --- internal ---

/** The endpoints that a domain's SRV records name: secure ones first, as etcd's own tools do. @throws DatastoreError */
async function discoverEndpoints(domain: string): Promise<string[]> {
  const { resolveSrv } = await import('node:dns/promises')
  for (const [service, scheme] of [
    ['_etcd-client-ssl', 'https'],
    ['_etcd-client', 'http'],
  ] as const) {
    const records = await resolveSrv(`${service}._tcp.${domain}`).catch(() => [])
    if (records.length > 0) return records.map((record) => `${scheme}://${record.name}:${record.port}`)
  }
  throw new DatastoreError('unreachable', `no etcd endpoints found in the SRV records of ${domain}`, {
    help: `there should be records for _etcd-client._tcp.${domain}; see etcdDiscoverySrv (ETCD_DISCOVERY_SRV)`,
  })
}
