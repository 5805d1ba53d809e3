import { isObject } from '../../model/decode.ts'
import { type Net, parseNet } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'
import type { DockerApi, DockerNetwork } from './docker-api.ts'
import { endpointLabels, type Endpoints } from './endpoints.ts'
import { GATEWAY, GATEWAY6, hostInterface, type Interfaces } from './interfaces.ts'
import { ADDRESS_SPACES } from './ipam-driver.ts'
import { type Body, type Methods, objectField, textField } from './plugin-server.ts'

export interface NetworkDriverOptions {
  readonly docker: DockerApi
  readonly endpoints: Endpoints
  readonly interfaces: Interfaces
  /** Whether networks are of this host alone, or of all hosts that share Docker's cluster store. */
  readonly scope: () => Promise<'local' | 'global'>
  /** Labels of containers become labels of their endpoints. */
  readonly containerLabels: boolean
  /** Resolves when the data plane knows the host's end of an endpoint; what comes over it before is dropped. */
  readonly programmed: (interfaceName: string) => Promise<void>
  /** Something that the user should know, and that is no reason to refuse. */
  readonly warn: (message: string) => void
}

/** Docker's network driver `calico`: each network is a profile of the same name, each container in it a routed interface (`reference/docker-e2e.md 3, 4`). */
export function networkDriver(options: NetworkDriverOptions): Methods {
  const { docker, endpoints, interfaces } = options
  // The container that an endpoint has joined. A container that starts with two networks joins both before its namespace exists.
  const sandboxes = new Map<string, string>()

  async function isSecond(id: string, sandbox: string): Promise<boolean> {
    const others = [...sandboxes].some(([endpoint, joined]) => joined === sandbox && endpoint !== id)
    return others || (await interfaces.hasGateway(sandbox))
  }

  async function leave(id: string): Promise<void> {
    sandboxes.delete(id)
    await interfaces.remove(id)
  }

  async function network(id: string): Promise<DockerNetwork> {
    const found = await docker.network(id)
    if (!found || found.name === '') throw new UserError(`Docker knows no network ${id}`)
    return found
  }

  async function createEndpoint(body: Body): Promise<object> {
    const id = textField(body, 'EndpointID')
    const facts = objectField(body, 'Interface')
    const networks = [textField(facts, 'Address'), textField(facts, 'AddressIPv6')].filter((address) => address !== '')
    if (networks.length === 0) throw new UserError('the endpoint has no address')
    const mac = textField(facts, 'MacAddress')
    const { name } = await network(textField(body, 'NetworkID'))
    await endpoints.create({ id, network: name, networks: networks.map(asSingle), ...(mac === '' ? {} : { mac }) })
    // An address of the user's choice is Docker's to set.
    return { Interface: mac === '' ? { MacAddress: MAC } : {} }
  }

  async function join(body: Body): Promise<object> {
    const [id, sandbox] = [textField(body, 'EndpointID'), textField(body, 'SandboxKey')]
    const found = await network(textField(body, 'NetworkID'))
    const addresses = await endpoints.addresses(id)
    await describe(id, found)
    const second = await isSecond(id, sandbox)
    const pair = await interfaces.create({ endpoint: id, addresses, mac: MAC })
    sandboxes.set(id, sandbox)
    try {
      await options.programmed(hostInterface(id))
    } catch (error) {
      // Docker sends no Leave after a Join that failed.
      await leave(id)
      throw error
    }
    const name = { SrcName: pair.containerEnd, DstPrefix: 'cali' }
    // The way out is over the first network; a second one of the same address would keep the container from starting.
    if (second) return { InterfaceName: name, DisableGatewayService: true }
    const has = (family: number) => addresses.some((address) => address.family === family)
    return {
      InterfaceName: name,
      ...(has(4) ? { Gateway: GATEWAY, StaticRoutes: [{ Destination: `${GATEWAY}/32`, RouteType: 1, NextHop: '' }] } : {}),
      ...(has(6) ? { GatewayIPv6: GATEWAY6 } : {}),
      // Without a gateway of IPv4 Docker would add a bridge of its own, past all policy.
      ...(has(4) ? {} : { DisableGatewayService: true }),
    }
  }

  /** Docker gives an endpoint the name of its container. */
  async function describe(id: string, { endpoints: known }: DockerNetwork): Promise<void> {
    const name = known.find((endpoint) => endpoint.id === id)?.name
    const container = name === undefined ? undefined : await docker.containerNamed(name)
    if (!container) return
    const { labels, refused } = endpointLabels(options.containerLabels ? container.labels : {})
    if (refused.length > 0) options.warn(`${name}: these labels cannot be labels of an endpoint: ${refused.join(', ')}`)
    await endpoints.describe(id, { id: container.id, name: name ?? '', labels })
  }

  return {
    'Plugin.Activate': () => ({ Implements: ['NetworkDriver'] }),
    'NetworkDriver.GetCapabilities': async () => {
      const scope = await options.scope()
      return { Scope: scope, ConnectivityScope: 'global' }
    },
    'NetworkDriver.CreateNetwork': createNetwork,
    // A profile outlives its network: it may hold what the user wrote.
    'NetworkDriver.DeleteNetwork': () => ({}),
    'NetworkDriver.CreateEndpoint': createEndpoint,
    'NetworkDriver.EndpointOperInfo': () => ({ Value: {} }),
    'NetworkDriver.DeleteEndpoint': async (body) => {
      sandboxes.delete(textField(body, 'EndpointID'))
      await endpoints.remove(textField(body, 'EndpointID'))
      return {}
    },
    'NetworkDriver.Join': join,
    'NetworkDriver.Leave': async (body) => {
      await leave(textField(body, 'EndpointID'))
      return {}
    },
    'NetworkDriver.ProgramExternalConnectivity': (body) => {
      const ports = objectField(body, 'Options')['com.docker.network.portmap']
      if (Array.isArray(ports) && ports.length > 0) {
        options.warn('ports are not published (-p): a container has an address of its own, which can be reached as far as its policy allows')
      }
      return {}
    },
    'NetworkDriver.RevokeExternalConnectivity': () => ({}),
    'NetworkDriver.DiscoverNew': () => ({}),
    'NetworkDriver.DiscoverDelete': () => ({}),
  }
}

// --- internal ---

/** All containers have the same: what is sent to them is routed, and never told apart by it. */
const MAC = 'ee:ee:ee:ee:ee:ee'

/** Refuses what the driver cannot do, before anything is made of it. */
function createNetwork(body: Body): object {
  const options = objectField(body, 'Options')
  const given = Object.keys(objectField(options, 'com.docker.network.generic'))
  if (given.length > 0) throw new UserError(`unknown options (--opt): ${given.join(', ')}`, 'the driver has none')
  if (options['com.docker.network.internal'] === true) {
    throw new UserError('--internal is not possible', "edit the network's profile instead: it says what may leave")
  }
  for (const field of ['IPv4Data', 'IPv6Data']) {
    const data = body[field] ?? []
    if (!Array.isArray(data)) throw new UserError(`${field} is not a list`)
    for (const item of data as unknown[]) {
      if (!isObject(item)) throw new UserError(`${field} has something in it that is no object`)
      if (!Object.values<string>(ADDRESS_SPACES).includes(textField(item, 'AddressSpace'))) {
        throw new UserError('the network needs addresses of Calico', 'create it with --driver calico --ipam-driver calico-ipam')
      }
    }
  }
  return {}
}

function asSingle(address: string): string {
  const net: Net | undefined = parseNet(address)
  if (!net) throw new UserError(`"${address}" is not an address`)
  return address.replace(/\/\d+$/, net.family === 4 ? '/32' : '/128')
}
