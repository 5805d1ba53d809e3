import { isObject } from '../../src/model/decode.ts'
import type { Resource } from '../../src/model/kind.ts'
import { type Ip, parseIp } from '../../src/model/net.ts'
import { kindNamed } from '../../src/model/registry.ts'
import { completeResource, decodeResource } from '../../src/model/resource.ts'
import { buildWorld } from '../../src/policy/world/build.ts'
import type { World } from '../../src/policy/world/world.ts'
import { readRecords } from '../conformance/data.ts'

/** The recorded worlds: `test/conformance/data/policy`. */
export interface RecordedWorld {
  readonly name: string
  readonly idea?: string
  readonly resources: readonly unknown[]
  readonly stored?: readonly unknown[]
  readonly probes: readonly Probe[]
}

export interface Probe {
  readonly from: End
  readonly to: End
  readonly protocol: string | number
  readonly srcPort?: number
  readonly dstPort?: number
  readonly icmpType?: number
  readonly icmpCode?: number
  readonly egress: string
  readonly ingress: string
  readonly verdict: string
  readonly trace: unknown
}

export interface End {
  readonly ip: string
  readonly endpoint?: string
  readonly hostEndpoint?: string
}

export function recordedWorlds(name: 'named' | 'worlds'): RecordedWorld[] {
  return readRecords<RecordedWorld>(`policy/${name}`)
}

/** A resource as it is after reading a manifest: decoded, and completed unless it was written past the client. */
export function resourceOf(raw: unknown, complete = true): Resource {
  const kind = isObject(raw) ? kindNamed(String(raw['kind'])) : undefined
  if (!isObject(raw) || !kind) throw new Error(`no resource: ${JSON.stringify(raw)}`)
  const resource = decodeResource(kind, raw, {
    report: ({ path, message }) => {
      throw new Error(`${path.join('.')}: ${message}`)
    },
  })
  if (complete) completeResource(kind, resource)
  return resource
}

/** The world of a record. Host endpoints act at the addresses that probes give them, listed or not. */
export function worldOf({ resources, stored = [], probes }: Pick<RecordedWorld, 'resources' | 'stored' | 'probes'>): World {
  const all = [...resources.map((raw) => resourceOf(raw)), ...stored.map((raw) => resourceOf(raw, false))]
  const world = buildWorld(all.map((resource) => ({ resource, origin: {} })))
  const probed = new Map<string, Map<string, Ip>>()
  for (const { hostEndpoint, ip } of probes.flatMap(({ from, to }) => [from, to])) {
    const address = parseIp(ip)
    if (hostEndpoint === undefined || !address) continue
    const known = probed.get(hostEndpoint) ?? new Map<string, Ip>()
    probed.set(hostEndpoint, known.set(ip, address))
  }
  const endpoints = world.endpoints.map((endpoint) => {
    const further = endpoint.kind === 'host' ? [...(probed.get(endpoint.name)?.values() ?? [])] : []
    const otherAddresses = further.filter((ip) => !endpoint.addresses.some(({ value }) => value === ip.value))
    return otherAddresses.length > 0 ? { ...endpoint, otherAddresses } : endpoint
  })
  return { ...world, endpoints }
}
