import { type Datastore, DatastoreError } from './datastore.ts'
import { resolveSettings, type SettingsSource, type StoreFlags, type StoreSettings } from './settings.ts'

/** Opens the datastore that flags, environment and configuration files point at (`settings.ts`). */
export async function openStore(flags: StoreFlags, source: SettingsSource): Promise<Datastore> {
  return openDatastore(await resolveSettings(flags, source))
}

/** Asks for the SRV records of a name, as `resolveSrv` of `node:dns/promises` does. */
export type ResolveSrv = (name: string) => Promise<readonly { readonly name: string; readonly port: number }[]>

/** Opens a datastore; only its own driver is loaded. `resolveSrv` is used when a domain names the endpoints. */
export async function openDatastore(settings: StoreSettings, resolveSrv?: ResolveSrv): Promise<Datastore> {
  if (settings.driver === 'etcd') {
    const { discovery } = settings
    const endpoints = discovery === undefined ? settings.endpoints : await discoverEndpoints(discovery, resolveSrv ?? (await systemResolver()))
    const { openEtcd } = await import('./drivers/etcd.ts')
    return openEtcd({ ...settings, endpoints })
  }
  const { openLocal } = await import('./drivers/local.ts')
  return openLocal(settings.path, settings.timeout === undefined ? {} : { timeout: settings.timeout })
}

// --- internal ---

/** The endpoints that a domain's SRV records name: secure ones first, as etcd's own tools do. @throws DatastoreError */
async function discoverEndpoints(domain: string, resolveSrv: ResolveSrv): Promise<string[]> {
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

async function systemResolver(): Promise<ResolveSrv> {
  return (await import('node:dns/promises')).resolveSrv
}
