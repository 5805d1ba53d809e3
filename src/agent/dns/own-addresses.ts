import { type Ip, parseNet } from '../../model/net.ts'
import { kindNamed } from '../../model/registry.ts'
import type { Datastore } from '../../store/datastore.ts'
import { getResource, isFailure } from '../../store/resources/read.ts'

/** The addresses that other hosts know a host by, from its Node. */
export async function nodeAddresses(datastore: Datastore, node: string): Promise<Ip[]> {
  const kind = kindNamed('Node')
  const found = kind && (await getResource(datastore, { kind, name: node }))
  if (!found || isFailure(found)) return []
  const { bgp = {} } = (found.spec ?? {}) as { bgp?: { ipv4Address?: string; ipv6Address?: string } }
  return [bgp.ipv4Address, bgp.ipv6Address].flatMap((text = '') => {
    const net = parseNet(text)
    return net ? [net.family === 4 ? { family: 4, value: net.value } : { family: 6, value: net.value }] : []
  })
}
