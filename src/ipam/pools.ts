import type { Kind, Resource } from '../model/kind.ts'
import { compareNets, containsNet, type Family, formatNet, maskNet, type Net, parseCidr, parseNet } from '../model/net.ts'
import { kindNamed } from '../model/registry.ts'
import { matches } from '../model/selector/evaluate.ts'
import { parseSelector } from '../model/selector/parse.ts'
import type { Datastore, KeyRange, KeyValue } from '../store/datastore.ts'
import { kindRange, resourceKey } from '../store/resources/keys.ts'
import { readStored } from '../store/resources/stored.ts'
import { IpamError } from './store.ts'

/** What addresses are for. */
export type Use = 'Workload' | 'Tunnel' | 'LoadBalancer'

/** An IP pool, as far as addresses go. */
export interface Pool {
  readonly name: string
  readonly net: Net
  /** Prefix length of its blocks. */
  readonly blockSize: number
  readonly enabled: boolean
  /** Hosts take addresses from it unasked. */
  readonly automatic: boolean
  readonly nodeSelector: string
  readonly namespaceSelector: string
  readonly uses: readonly string[]
}

export function poolRange(): KeyRange {
  return kindRange(kindOf('IPPool'))
}

export function reservationRange(): KeyRange {
  return kindRange(kindOf('IPReservation'))
}

export function nodeKey(host: string): string {
  return resourceKey({ kind: kindOf('Node'), name: host })
}

export async function listPools(datastore: Datastore): Promise<Pool[]> {
  return readPools((await datastore.range(poolRange())).keyValues)
}

/** In the order of their names. What cannot be read is no pool. */
export function readPools(keyValues: readonly KeyValue[]): Pool[] {
  return keyValues.flatMap((keyValue) => {
    const pool = readStored(kindOf('IPPool'), keyValue)?.resource
    return pool ? poolOf(pool) : []
  })
}

/** The networks that reservations keep back, none within another. */
export function readReservations(keyValues: readonly KeyValue[]): Net[] {
  const nets = keyValues.flatMap((keyValue) => {
    const spec = readStored(kindOf('IPReservation'), keyValue)?.resource.spec as { reservedCIDRs?: string[] } | undefined
    return (spec?.reservedCIDRs ?? []).flatMap((text) => {
      const net = parseNet(text)
      return net ? maskNet(net) : []
    })
  })
  return nets.sort(compareNets).filter((net, index, all) => !all.slice(0, index).some((outer) => containsNet(outer, net)))
}

/** The labels of a stored node. */
export function readNodeLabels(keyValue: KeyValue): Readonly<Record<string, string>> | undefined {
  const node = readStored(kindOf('Node'), keyValue)?.resource
  return node && (node.metadata.labels ?? {})
}

export function selectsNode(pool: Pool, labels: Readonly<Record<string, string>>): boolean {
  return selects(pool.nodeSelector, labels)
}

/** What a host asks of its pools. */
export interface Wanted {
  readonly host: string
  readonly family: Family
  readonly use: Use
  /** CIDRs of pools, in the order in which they are to be tried; absent or empty: those that select the host. */
  readonly pools: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** The pools that a host may take addresses from, in the order in which it does (`reference/model.md 8.3`). @throws IpamError when there is none */
export function qualifyingPools(all: readonly Pool[], wanted: Wanted): Pool[] {
  const enabled = all.filter((pool) => pool.enabled && pool.net.family === wanted.family)
  const chosen = wanted.pools.length > 0 ? namedPools(enabled, wanted.pools) : enabled.filter((pool) => isForAll(pool, wanted.labels))
  if (chosen.length === 0) {
    throw new IpamError(
      enabled.length === 0 ? 'no-pool' : 'not-allowed',
      enabled.length === 0 ? `no IPv${wanted.family} pool is enabled` : `no configured IPv${wanted.family} pool selects node ${wanted.host}`,
      enabled.length === 0 ? 'create an IPPool, or enable one' : 'look at the nodeSelector of the pools, or ask for a pool by its CIDR',
    )
  }
  const fitting = chosen.filter((pool) => pool.uses.includes(wanted.use))
  if (fitting.length > 0) return fitting
  throw new IpamError(
    'no-pool',
    `no IPv${wanted.family} pool is for the use ${wanted.use}`,
    `${chosen.map(({ name }) => name).join(', ')}: add ${wanted.use} to allowedUses`,
  )
}

// --- internal ---

function poolOf({ metadata, spec, status }: Resource): Pool[] {
  const { cidr, blockSize, disabled, nodeSelector, namespaceSelector, allowedUses, assignmentMode } = spec as PoolSpec
  const net = parseCidr(cidr ?? '')
  const size = Number(blockSize ?? 0)
  const full = status as { conditions?: { type?: string; status?: string }[] } | undefined
  if (!net || size < net.prefix || size > (net.family === 4 ? 32 : 128)) return []
  return [
    {
      name: metadata.name ?? '',
      net: maskNet(net),
      blockSize: size,
      enabled: !disabled && !full?.conditions?.some((condition) => condition.type === 'Allocatable' && condition.status === 'False'),
      automatic: assignmentMode !== 'Manual',
      nodeSelector: nodeSelector ?? '',
      namespaceSelector: namespaceSelector ?? '',
      uses: allowedUses ?? [],
    },
  ]
}

interface PoolSpec {
  readonly cidr?: string
  readonly blockSize?: number | bigint
  readonly disabled?: boolean
  readonly nodeSelector?: string
  readonly namespaceSelector?: string
  readonly allowedUses?: string[]
  readonly assignmentMode?: string
}

function namedPools(enabled: readonly Pool[], names: readonly string[]): Pool[] {
  return names.map((name) => {
    const net = parseCidr(name)
    const pool = net && enabled.find((pool) => formatNet(pool.net) === formatNet(maskNet(net)))
    if (pool) return pool
    throw new IpamError(
      'no-such-pool',
      `the given pool (${name}) does not exist, or is not enabled`,
      'name a pool by the cidr that `get ippools` shows',
    )
  })
}

/** Nobody has said which labels the namespace has: a selector of namespaces is asked about one without labels, as the peer does. */
function isForAll(pool: Pool, labels: Readonly<Record<string, string>>): boolean {
  return pool.automatic && selectsNode(pool, labels) && selects(pool.namespaceSelector, {})
}

function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  const { ast } = parseSelector(selector)
  return ast !== undefined && matches(ast, labels)
}

function kindOf(name: string): Kind {
  const kind = kindNamed(name)
  if (!kind) throw new Error(`no kind ${name}`)
  return kind
}
