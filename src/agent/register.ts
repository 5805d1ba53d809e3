import { API_VERSION, type Resource } from '../model/kind.ts'
import type { Family } from '../model/net.ts'
import { kindNamed } from '../model/registry.ts'
import { completeResource } from '../model/resource.ts'
import { UserError } from '../model/user-error.ts'
import { ensureDefaultPool } from '../ipam/default-pool.ts'
import type { Datastore } from '../store/datastore.ts'
import { ensureInitialized } from '../store/resources/bootstrap.ts'
import type { Clock } from '../store/resources/clock.ts'
import type { Intent } from '../store/resources/write.ts'
import { writeResources } from '../store/resources/write.ts'
import type { Log } from './log.ts'

export interface RegisterOptions {
  readonly datastore: Datastore
  readonly clock: Clock
  readonly log: Log
  /** The host's name. */
  readonly node: string
  /** The addresses that other hosts know it by, with their prefix lengths if known. */
  readonly addresses: Readonly<Record<Family, HostAddress | undefined>>
  /** Its AS number, if the user has named one. */
  readonly asNumber: number | undefined
  /** Makes a pool of addresses when there is none. */
  readonly defaultPools: boolean
}

export interface HostAddress {
  readonly text: string
  /** It replaces one that is there already: the user has named it. */
  readonly isGiven: boolean
}

/** Makes the host known in the datastore, as Calico's own agent does at its start: its Node, and a first pool of addresses. */
export async function registerHost({ datastore, clock, log, node, addresses, asNumber, defaultPools }: RegisterOptions): Promise<void> {
  await ensureInitialized(datastore, clock)
  const kind = kindNamed('Node')
  if (!kind) throw new Error('no kind Node')
  const target = { kind, name: node }
  const fresh: Resource = {
    kind: 'Node',
    apiVersion: API_VERSION,
    metadata: { name: node },
    spec: withBgp({}, { addresses, asNumber }),
  }
  completeResource(kind, fresh)
  const author = { user: 'agent', host: node, verb: 'node run' }
  const write = async (intent: Intent) => (await writeResources(datastore, [intent], { author, clock }))[0]
  const created = await write({ type: 'create', target, resource: fresh })
  if (created?.type === 'written')
    log('info', 'this host is a Node now', { node, addresses: Object.values(addresses).flatMap((address) => address?.text ?? []) })
  else if (created?.type === 'failed' && created.failure.code !== 'exists') throw new UserError(created.failure.message, created.failure.help)
  else {
    const modify = (current: Resource) => ({ ...current, spec: withBgp(current.spec ?? {}, { addresses, asNumber }) })
    const changed = await write({ type: 'modify', target, modify })
    if (changed?.type === 'failed') throw new UserError(changed.failure.message, changed.failure.help)
  }
  if (!defaultPools) return
  const pool = await ensureDefaultPool(datastore, { author, clock })
  const cidr = (pool?.spec as { cidr?: string } | undefined)?.cidr
  if (pool) log('warning', 'there was no pool of addresses: one was made', { ippool: pool.metadata.name, cidr, natOutgoing: true })
}

// --- internal ---

interface NodeSpec {
  readonly bgp?: { readonly ipv4Address?: string; readonly ipv6Address?: string; readonly asNumber?: number }
}

/** What the user has named replaces what is there; what was found out does not. */
function withBgp(spec: NodeSpec, { addresses, asNumber }: Pick<RegisterOptions, 'addresses' | 'asNumber'>): NodeSpec {
  const wanted = (family: Family, current = '') => (current !== '' && !addresses[family]?.isGiven ? current : (addresses[family]?.text ?? current))
  const [ipv4Address, ipv6Address] = [wanted(4, spec.bgp?.ipv4Address), wanted(6, spec.bgp?.ipv6Address)]
  const bgp = {
    ...spec.bgp,
    ...(ipv4Address === '' ? {} : { ipv4Address }),
    ...(ipv6Address === '' ? {} : { ipv6Address }),
    ...(asNumber === undefined ? {} : { asNumber }),
  }
  return Object.keys(bgp).length === 0 ? spec : { ...spec, bgp }
}
