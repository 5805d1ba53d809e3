import { assignAddress } from '../../ipam/assign-given.ts'
import { autoAssign } from '../../ipam/assign.ts'
import { listPools } from '../../ipam/pools.ts'
import { releaseAddresses } from '../../ipam/release.ts'
import type { Ipam } from '../../ipam/store.ts'
import { type Family, formatIp, formatNet, type Ip, maskNet, parseCidr, parseIp, parseNet } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'
import type { Endpoints } from './endpoints.ts'
import { type Body, type Methods, objectField, textField } from './plugin-server.ts'

/** What networks are asked for addresses in: one of these two, by the driver's scope. */
export const ADDRESS_SPACES = { local: 'CalicoLocalAddressSpace', global: 'CalicoGlobalAddressSpace' } as const

/** What addresses of containers are for, in their attributes. */
export const DOCKER_HOLDER = 'docker'

export interface IpamDriverOptions {
  readonly ipam: Ipam
  /** The name of this host's Node. */
  readonly node: string
  readonly endpoints: Pick<Endpoints, 'removeByAddress'>
}

/** Docker's IPAM driver `calico-ipam`: pools are IPPools, addresses come from the blocks of this host (`reference/docker-e2e.md 3`). */
export function ipamDriver({ ipam, node, endpoints }: IpamDriverOptions): Methods {
  // What `ipam show` can tell about an address of Docker's; a handle is not to be had, since Docker asks before there is an endpoint.
  const holder = { attributes: { node, type: DOCKER_HOLDER } }

  async function requestPool(body: Body): Promise<object> {
    const [space, wanted, subPool] = [textField(body, 'AddressSpace'), textField(body, 'Pool'), textField(body, 'SubPool')]
    const family: Family = body['V6'] === true ? 6 : 4
    if (!Object.values<string>(ADDRESS_SPACES).includes(space)) throw new UserError(`unknown address space "${space}"`)
    if (subPool !== '') throw new UserError('an address range (--ip-range) is not possible', 'make an IPPool of that range and give it as --subnet')
    if (Object.keys(objectField(body, 'Options')).length > 0) throw new UserError('calico-ipam has no options (--ipam-opt)')
    if (wanted === '') return { PoolID: ANY_POOL[family], Pool: NOWHERE[family], Data: { [GATEWAY]: NOWHERE[family] } }
    const net = parseCidr(wanted)
    if (!net || net.family !== family) throw new UserError(`"${wanted}" is not a network of IPv${family}`)
    const cidr = formatNet(maskNet(net))
    const pools = (await listPools(ipam.datastore)).filter((pool) => pool.enabled && pool.net.family === family)
    if (!pools.some((pool) => formatNet(pool.net) === cidr)) {
      const known = pools.map((pool) => formatNet(pool.net)).join(', ')
      throw new UserError(
        `the requested subnet must match the CIDR of an IPPool, and none has ${cidr}`,
        known === '' ? 'create an IPPool first' : `pools are: ${known}`,
      )
    }
    return { PoolID: cidr, Pool: cidr, Data: { [GATEWAY]: NOWHERE[family] } }
  }

  async function requestAddress(body: Body): Promise<object> {
    const [poolId, address] = [textField(body, 'PoolID'), textField(body, 'Address')]
    const family = familyOf(poolId)
    if (objectField(body, 'Options')['RequestAddressType'] === GATEWAY) {
      const gateway = parseIp(address)
      if (address !== '' && !(gateway && isNowhere(gateway))) {
        throw new UserError(`a gateway (--gateway ${address}) cannot be chosen`, 'containers reach their host at 169.254.1.1')
      }
      return { Address: NOWHERE[family], Data: {} }
    }
    if (address !== '') {
      const ip = parseIp(address)
      if (!ip || ip.family !== family) throw new UserError(`"${address}" is not an address of IPv${family}`)
      await assignAddress(ipam, { ip, host: node, holder, use: 'Workload' })
      return { Address: single(ip), Data: {} }
    }
    const pools = Object.values(ANY_POOL).includes(poolId) ? [] : [poolId]
    const request = family === 4 ? { num4: 1, pools4: pools } : { num6: 1, pools6: pools }
    const { v4, v6, error } = await autoAssign(ipam, { host: node, use: 'Workload', holder, ...request })
    const assigned = v4 ?? v6
    const [first] = assigned?.addresses ?? []
    if (first) return { Address: single(first), Data: {} }
    if (error) throw error
    throw new UserError(assigned?.shortages.map(({ message }) => message).join('; ') || 'no address is free', 'add an IPPool, or remove containers')
  }

  async function releaseAddress(body: Body): Promise<object> {
    const address = textField(body, 'Address')
    const net = address === '' ? undefined : parseNet(address)
    if (address !== '' && !net) throw new UserError(`"${address}" is not an address`)
    // Docker gives back the gateway that it was never given.
    if (!net || isNowhere(net)) return {}
    // A Docker that was killed says nothing of the endpoints that it has forgotten, only of their addresses.
    await endpoints.removeByAddress(net)
    await releaseAddresses(ipam, [{ address: formatIp(net) }])
    return {}
  }

  return {
    'Plugin.Activate': () => ({ Implements: ['IpamDriver'] }),
    'IpamDriver.GetCapabilities': () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
    'IpamDriver.GetDefaultAddressSpaces': () => ({
      LocalDefaultAddressSpace: ADDRESS_SPACES.local,
      GlobalDefaultAddressSpace: ADDRESS_SPACES.global,
    }),
    'IpamDriver.RequestPool': requestPool,
    'IpamDriver.ReleasePool': () => ({}),
    'IpamDriver.RequestAddress': requestAddress,
    'IpamDriver.ReleaseAddress': releaseAddress,
  }
}

// --- internal ---

/** Networks without `--subnet` take from any pool of the host. */
const ANY_POOL: Readonly<Record<Family, string>> = { 4: 'CalicoPoolIPv4', 6: 'CalicoPoolIPv6' }
/** Said of the gateway, it keeps Docker from asking for one. */
const NOWHERE: Readonly<Record<Family, string>> = { 4: '0.0.0.0/0', 6: '::/0' }
const GATEWAY = 'com.docker.network.gateway'

function familyOf(poolId: string): Family {
  if (poolId === ANY_POOL[4]) return 4
  if (poolId === ANY_POOL[6]) return 6
  const net = parseCidr(poolId)
  if (!net) throw new UserError(`unknown pool "${poolId}"`)
  return net.family
}

function isNowhere(ip: Ip): boolean {
  return BigInt(ip.value) === 0n
}

/** The address as a network of its own: what the container's interface gets. */
function single(ip: Ip): string {
  return `${formatIp(ip)}/${ip.family === 4 ? 32 : 128}`
}
