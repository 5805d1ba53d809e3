import { formatIp, formatNet, type Net, netOf, parseNet } from '../../model/net.ts'
import type { Endpoint, World } from '../../policy/world/world.ts'
import { baseChains, natChain } from './base-chains.ts'
import { EndpointChains, type Hook } from './endpoint-chains.ts'
import { type HostFacts, type LocalEndpoints, localEndpoints } from './host.ts'
import { withoutContained } from './networks.ts'
import { PolicyChains } from './policy-chains.ts'
import type { NftChain, NftMap, NftSet, Ruleset } from './ruleset.ts'
import { Selection } from './selection.ts'
import { MemberSets } from './sets.ts'

export interface Rendering {
  readonly ruleset: Ruleset
  readonly local: LocalEndpoints
}

/** Makes the host's ruleset of a world. Keeps what it worked out, so that the next world costs what is different in it. */
export class Renderer {
  readonly #sets = new MemberSets()
  readonly #policies = new PolicyChains(this.#sets)
  readonly #selection = new Selection()

  render(world: World, host: HostFacts): Rendering {
    const { settings } = host
    const local = localEndpoints(world, host)
    this.#sets.update(world)
    this.#policies.begin(settings)
    const endpointChains = new EndpointChains(this.#policies, world, settings)
    const acting = this.#selection.of(world, [...local.workloads.values(), ...local.hosts.values()])
    const maps = new Map<string, NftMap>()
    const dispatch = (name: string, endpoints: ReadonlyMap<string, Endpoint>, hook: Hook, direction: 'ingress' | 'egress') => {
      const elements = new Map<string, string>()
      let forOthers: string | undefined
      for (const [interfaceName, endpoint] of endpoints) {
        const chain = endpointChains.nameOf(endpoint, acting.get(endpoint) ?? [], hook, direction)
        if (interfaceName === '*') forOthers = chain
        // Without a chain of its own, an interface still has nothing to do with the endpoint for all others.
        else if (chain !== undefined || endpoints.has('*')) elements.set(`"${interfaceName}"`, chain === undefined ? 'return' : `goto ${chain}`)
      }
      if (elements.size > 0 || endpoints === local.workloads) maps.set(name, { type: 'ifname : verdict', elements })
      return { map: maps.has(name) ? name : undefined, forOthers }
    }
    const hooks = {
      fromWorkload: dispatch('from-workload', local.workloads, 'endpoint', 'egress'),
      toWorkload: dispatch('to-workload', local.workloads, 'endpoint', 'ingress'),
      toHost: dispatch('to-host', local.hosts, 'endpoint', 'ingress'),
      fromHost: dispatch('from-host', local.hosts, 'endpoint', 'egress'),
      forwardIn: dispatch('forward-in', local.hosts, 'forward', 'ingress'),
      forwardOut: dispatch('forward-out', local.hosts, 'forward', 'egress'),
      untrackedIn: dispatch('untracked-in', withoutAll(local.hosts), 'untracked', 'ingress'),
      untrackedOut: dispatch('untracked-out', withoutAll(local.hosts), 'untracked', 'egress'),
      preDnat: dispatch('pre-dnat', local.hosts, 'preDNAT', 'ingress'),
    }
    const spoofing = !settings.allowsSpoofing
      ? []
      : [...local.workloads].flatMap(([interfaceName, endpoint]) => allowedSources(interfaceName, endpoint))
    const chains = new Map<string, NftChain>([...baseChains(hooks, { ...host, spoofing }), ...endpointChains.chains, ...this.#policies.used()])
    const nat = natChain(host.pools, settings.nat)
    if (nat) chains.set('nat-postrouting', nat)
    const sets = new Map<string, NftSet>([...sourceSets(local.workloads), ...poolSets(host), ...hostSets(host), ...this.#sets.used()])
    return { ruleset: { sets, maps, chains }, local }
  }
}

// --- internal ---

function withoutAll(hosts: ReadonlyMap<string, Endpoint>): ReadonlyMap<string, Endpoint> {
  return new Map([...hosts].filter(([name]) => name !== '*'))
}

/** Which addresses each workload may send from. */
function sourceSets(workloads: ReadonlyMap<string, Endpoint>): [string, NftSet][] {
  const elements = { 4: new Set<string>(), 6: new Set<string>() }
  for (const [name, { addresses }] of workloads) for (const ip of addresses) elements[ip.family].add(`"${name}" . ${formatIp(ip)}`)
  return ([4, 6] as const).map((family) => [`sources${family}`, { type: `ifname . ipv${family}_addr`, interval: false, elements: elements[family] }])
}

/** Networks that a workload may send from though they are not its own. */
function allowedSources(interfaceName: string, { resource }: Endpoint): string[] {
  const { allowSpoofedSourcePrefixes = [] } = (resource.spec ?? {}) as { allowSpoofedSourcePrefixes?: string[] }
  return allowSpoofedSourcePrefixes.flatMap((text) => {
    const net = parseNet(text)
    return net ? [`iifname "${interfaceName}" ${net.family === 4 ? 'ip' : 'ip6'} saddr ${formatNet(net)} accept`] : []
  })
}

/** The addresses of all hosts, if a rule looks into them. */
function hostSets({ hosts, pools, settings, tunnels }: HostFacts): [string, NftSet][] {
  if (!tunnels && !(settings.nat.exceptHosts && pools.some(({ natOutgoing }) => natOutgoing))) return []
  return ([4, 6] as const).map((family) => {
    const nets = withoutContained(hosts.filter((ip) => ip.family === family).map(netOf))
    return [`hosts${family}`, { type: `ipv${family}_addr`, interval: true, elements: new Set(nets.map(formatNet)) }]
  })
}

/** What is masqueraded on its way out, and what counts as inside (`reference/felix.md 3.8`). */
function poolSets({ pools }: HostFacts): [string, NftSet][] {
  if (!pools.some(({ natOutgoing }) => natOutgoing)) return []
  return ([4, 6] as const).flatMap((family): [string, NftSet][] => {
    const own = pools.filter(({ net }) => net.family === family)
    const set = (nets: readonly Net[]): NftSet => ({
      type: `ipv${family}_addr`,
      interval: true,
      elements: new Set(withoutContained(nets).map(formatNet)),
    })
    return [
      [`pools${family}`, set(own.map(({ net }) => net))],
      [`masquerade${family}`, set(own.flatMap(({ net, natOutgoing }) => (natOutgoing ? [net] : [])))],
    ]
  })
}
