import { isObject } from '../../model/decode.ts'
import { formatNet, type Ip, type Net, parseNet } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'
import type { DockerApi } from './docker-api.ts'
import { DockerApiError } from './docker-request.ts'
import { endpointLabels, type Endpoints } from './endpoints.ts'
import { GATEWAY6, gateway, hostInterface, type Interfaces } from './interfaces.ts'
import { ADDRESS_SPACES } from './ipam-driver.ts'
import type { NetworkNames } from './network-names.ts'
import { type Body, type Methods, objectField, textField } from './plugin-server.ts'
import type { Scope } from './scope.ts'

export interface NetworkDriverOptions {
  readonly docker: DockerApi
  readonly names: NetworkNames
  readonly endpoints: Endpoints
  readonly interfaces: Interfaces
  /** Whether networks are of this host alone, or of all hosts that share Docker's cluster store. */
  readonly scope: () => Promise<Scope>
  /** Labels of containers become labels of their endpoints. */
  readonly containerLabels: boolean
  /** Resolves when the data plane knows the host's end of an endpoint; what comes over it before is dropped. */
  readonly programmed: (interfaceName: string) => Promise<void>
  /** Waits so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>
  /** Something that the user should know, and that is no reason to refuse. */
  readonly warn: (message: string) => void
}

/** Docker's network driver `calico`: each network is a profile of the same name, each container in it a routed interface (`reference/docker-e2e.md 3, 4`). */
export function networkDriver(options: NetworkDriverOptions): Methods {
  const { docker, names, endpoints, interfaces } = options
  // What endpoints have joined. A container that starts with two networks joins both before its namespace exists.
  const joined = new Map<string, { readonly sandbox: string; readonly gateway: string }>()

  /** A gateway that the container has in none of its other networks. */
  async function freeGateway(id: string, sandbox: string): Promise<string> {
    const taken = new Set(await interfaces.gateways(sandbox))
    for (const [endpoint, other] of joined) if (other.sandbox === sandbox && endpoint !== id) taken.add(other.gateway)
    let number = 1
    while (taken.has(gateway(number))) number++
    if (number > 254) throw new UserError('the container is in too many networks')
    return gateway(number)
  }

  async function leave(id: string): Promise<void> {
    joined.delete(id)
    await interfaces.remove(id)
  }

  // What was written for endpoints that are about to be joined.
  const addresses = new Map<string, readonly Ip[]>()

  async function createEndpoint(body: Body): Promise<object> {
    const id = textField(body, 'EndpointID')
    const facts = objectField(body, 'Interface')
    const networks = [textField(facts, 'Address'), textField(facts, 'AddressIPv6')].filter((address) => address !== '')
    if (networks.length === 0) throw new UserError('the endpoint has no address')
    const mac = textField(facts, 'MacAddress')
    const network = await names.nameOf(textField(body, 'NetworkID'))
    const singles = networks.map(asSingle)
    await endpoints.create({ id, network, networks: singles.map(formatNet), ...(mac === '' ? {} : { mac }) })
    addresses.set(id, singles)
    // An address of the user's choice is Docker's to set.
    return { Interface: mac === '' ? { MacAddress: MAC } : {} }
  }

  async function join(body: Body): Promise<object> {
    const [id, sandbox] = [textField(body, 'EndpointID'), textField(body, 'SandboxKey')]
    const own = addresses.get(id) ?? (await endpoints.addresses(id))
    addresses.delete(id)
    const out = await freeGateway(id, sandbox)
    joined.set(id, { sandbox, gateway: out })
    try {
      await describe(textField(body, 'NetworkID'), id)
      const { containerEnd } = await interfaces.create({ endpoint: id, addresses: own, mac: MAC })
      await options.programmed(hostInterface(id))
      const has = (family: number) => own.some((address) => address.family === family)
      return {
        InterfaceName: { SrcName: containerEnd, DstPrefix: 'cali' },
        ...(has(4) ? { Gateway: out, StaticRoutes: [{ Destination: `${out}/32`, RouteType: 1, NextHop: '' }] } : {}),
        ...(has(6) ? { GatewayIPv6: GATEWAY6 } : {}),
        // Without a gateway of IPv4 Docker would add a bridge of its own, past all policy.
        ...(has(4) ? {} : { DisableGatewayService: true }),
      }
    } catch (error) {
      // Docker sends no Leave after a Join that failed.
      await leave(id)
      throw error
    }
  }

  /**
   * Notes the container's name and labels. The labels say which policy acts, so the container waits for them; but not while Docker starts and answers nobody:
   * then they come later.
   */
  async function describe(network: string, id: string): Promise<void> {
    const later = (error: unknown) => {
      if (error instanceof DockerApiError) void describeLater(network, id)
      else options.warn(`the container of endpoint ${id} cannot be noted: ${String(error)}`)
    }
    const described = describeNow(network, id)
    if (options.containerLabels) await described.catch(later)
    else described.catch(later)
  }

  async function describeLater(network: string, id: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await options.pause(PAUSE)
      if (!joined.has(id)) return
      try {
        return await describeNow(network, id)
      } catch (error) {
        if (!(error instanceof DockerApiError)) return options.warn(`the container of endpoint ${id} cannot be noted: ${String(error)}`)
      }
    }
    options.warn(`the container of endpoint ${id} is not known: Docker does not answer`)
  }

  /** Docker gives an endpoint the name of its container. */
  async function describeNow(network: string, id: string): Promise<void> {
    const name = (await docker.network(network))?.endpoints.find((endpoint) => endpoint.id === id)?.name
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
    'NetworkDriver.DeleteNetwork': async (body) => {
      await names.forget(textField(body, 'NetworkID'))
      return {}
    },
    'NetworkDriver.CreateEndpoint': createEndpoint,
    'NetworkDriver.EndpointOperInfo': () => ({ Value: {} }),
    'NetworkDriver.DeleteEndpoint': async (body) => {
      joined.delete(textField(body, 'EndpointID'))
      addresses.delete(textField(body, 'EndpointID'))
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

/** How often, and how long apart in milliseconds, a Docker that does not answer is asked again. */
const ATTEMPTS = 120
const PAUSE = 1000

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

function asSingle(address: string): Net {
  const net = parseNet(address)
  if (!net) throw new UserError(`"${address}" is not an address`)
  return { ...net, prefix: net.family === 4 ? 32 : 128 }
}
