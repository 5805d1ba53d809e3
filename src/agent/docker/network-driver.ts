import { isObject } from '../../model/decode.ts'
import { formatNet, type Ip, type Net, parseNet } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'
import type { DockerApi } from './docker-api.ts'
import { DockerApiError } from './docker-request.ts'
import { endpointLabels, type Endpoints } from './endpoints.ts'
import { GATEWAY6, gateway, hostInterface, type Interfaces, type Pair } from './interfaces.ts'
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
  /** Resolves when the data plane knows the host's end of an endpoint, as the datastore has it at a revision; what comes over it before is dropped. */
  readonly programmed: (interfaceName: string, revision: number) => Promise<void>
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

  // Endpoints that are about to be joined.
  const created = new Map<string, Created>()

  async function leave(id: string): Promise<void> {
    joined.delete(id)
    await uncreate(id)
    await interfaces.remove(id)
  }

  /** Nobody will join it any more, and nothing is being made for it. */
  async function uncreate(id: string): Promise<void> {
    await created.get(id)?.pair.catch(() => {})
    created.delete(id)
  }

  /** Begins to make the pair; it is asked for in the join. */
  function makePair(id: string, addresses: readonly Ip[]): Promise<Pair> {
    const pair = interfaces.create({ endpoint: id, addresses, mac: MAC })
    pair.catch(() => {})
    return pair
  }

  async function createEndpoint(body: Body): Promise<object> {
    const id = textField(body, 'EndpointID')
    const facts = objectField(body, 'Interface')
    const networks = [textField(facts, 'Address'), textField(facts, 'AddressIPv6')].filter((address) => address !== '')
    if (networks.length === 0) throw new UserError('the endpoint has no address')
    const mac = textField(facts, 'MacAddress')
    const network = await names.nameOf(textField(body, 'NetworkID'))
    const addresses = networks.map(asSingle)
    const own = { id, network, networks: addresses.map(formatNet), ...(mac === '' ? {} : { mac }) }
    // The kernel and the datastore have their time at once.
    const pair = makePair(id, addresses)
    try {
      created.set(id, { addresses, pair, revision: await endpoints.create(own) })
    } catch (error) {
      await pair.catch(() => {})
      await interfaces.remove(id)
      throw error
    }
    // An address of the user's choice is Docker's to set.
    return { Interface: mac === '' ? { MacAddress: MAC } : {} }
  }

  async function join(body: Body): Promise<object> {
    const [id, sandbox] = [textField(body, 'EndpointID'), textField(body, 'SandboxKey')]
    const { addresses: own, pair, revision } = created.get(id) ?? (await createdBefore(id))
    const out = await freeGateway(id, sandbox)
    joined.set(id, { sandbox, gateway: out })
    try {
      const known = describe(textField(body, 'NetworkID'), id).then((described) =>
        options.programmed(hostInterface(id), Math.max(revision, described)),
      )
      const [{ containerEnd }] = await Promise.all([pair, known])
      created.delete(id)
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

  /** An endpoint that was created before the agent started anew. */
  async function createdBefore(id: string): Promise<Created> {
    const addresses = await endpoints.addresses(id)
    const before = { addresses, pair: makePair(id, addresses), revision: 0 }
    created.set(id, before)
    return before
  }

  /**
   * Notes the container's name and labels. The labels say which policy acts, so the container waits for them; but not while Docker starts and answers nobody:
   * then they come later. Gives the datastore's revision that has what the rules are to be made of. @throws when labels are wanted and cannot be written
   */
  async function describe(network: string, id: string): Promise<number> {
    const isAwaited = options.containerLabels
    const described = describeNow(network, id).catch((error: unknown) => {
      if (error instanceof DockerApiError) void describeLater(network, id)
      // Without its labels it would be under other policy than the user means, for ever.
      else if (isAwaited) throw error
      else options.warn(`the container of endpoint ${id} cannot be noted: ${String(error)}`)
      return 0
    })
    return isAwaited ? await described : 0
  }

  async function describeLater(network: string, id: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      await options.pause(PAUSE)
      if (!joined.has(id)) return
      try {
        await describeNow(network, id)
        return
      } catch (error) {
        if (!(error instanceof DockerApiError)) return options.warn(`the container of endpoint ${id} cannot be noted: ${String(error)}`)
      }
    }
    options.warn(`the container of endpoint ${id} is not known: Docker does not answer`)
  }

  /** Docker gives an endpoint the name of its container. */
  async function describeNow(network: string, id: string): Promise<number> {
    const name = (await docker.network(network))?.endpoints.find((endpoint) => endpoint.id === id)?.name
    const container = name === undefined ? undefined : await docker.containerNamed(name)
    if (!container) return 0
    const { labels, refused } = endpointLabels(options.containerLabels ? container.labels : {})
    if (refused.length > 0) options.warn(`${name}: these labels cannot be labels of an endpoint: ${refused.join(', ')}`)
    return await endpoints.describe(id, { id: container.id, name: name ?? '', labels })
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
      const id = textField(body, 'EndpointID')
      joined.delete(id)
      await uncreate(id)
      await endpoints.remove(id)
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

/** An endpoint that is written, and whose interfaces are made or being made. */
interface Created {
  readonly addresses: readonly Ip[]
  readonly pair: Promise<Pair>
  readonly revision: number
}

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
