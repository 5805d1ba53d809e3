import { type Family, formatIp } from '../../model/net.ts'
import { IP_IN_IP, VXLAN_PORT } from '../../policy/failsafe.ts'
import { TCP, UDP } from '../../policy/connections/packet.ts'
import type { HostFacts, TunnelFacts } from './host.ts'
import { MARK } from './marks.ts'
import type { NftChain } from './ruleset.ts'
import type { DataplaneSettings, NatSettings } from './settings.ts'

/** How packets find the chain of an endpoint: a verdict map by interface, and the chain for interfaces that are not in it. */
export interface Dispatch {
  readonly map: string | undefined
  readonly forOthers: string | undefined
}

export interface Hooks {
  readonly fromWorkload: Dispatch
  readonly toWorkload: Dispatch
  readonly toHost: Dispatch
  readonly fromHost: Dispatch
  readonly forwardIn: Dispatch
  readonly forwardOut: Dispatch
  readonly untrackedIn: Dispatch
  readonly untrackedOut: Dispatch
  readonly preDnat: Dispatch
}

export interface BaseFacts extends Pick<HostFacts, 'settings' | 'nameServers' | 'tunnels'> {
  /** Rules that accept what workloads may send though it is not from their addresses. */
  readonly spoofing: readonly string[]
}

/**
 * The chains that hang in the kernel's hooks, and those they lead through to the endpoints' own (`reference/felix.md 3.7`). All are there always, so that
 * most changes touch none of them. Priorities: just before the host's own filter, so that what is denied here never shows up there.
 */
export function baseChains(hooks: Hooks, { spoofing, settings, nameServers = [], tunnels }: BaseFacts): [string, NftChain][] {
  // Names are there whatever policy says, as those that Docker itself answers are.
  const names = nameServers.map((ip) => `${ip.family === 4 ? 'ip' : 'ip6'} daddr ${formatIp(ip)} meta l4proto { 6, 17 } th dport 53 accept`)
  // Tells the chain behind routing that a packet is not the host's own.
  const { endpointToHost } = settings
  const connection = connectionRule(settings)
  /** A rule for each way in which a workload's interface can be called. */
  const workloads = (rule: (pattern: string) => string) => settings.workloadPrefixes.map((prefix) => rule(`"${prefix}*"`))
  // What was allowed on its way in, and by workloads, is not yet allowed on its way out.
  const leaving = isEmpty(hooks.forwardOut) ? [] : ['ct state established,related accept', MARK.clear, 'jump forward-out-dispatch']
  const forwarded = isEmpty(hooks.fromHost) ? [] : [MARK.accept]
  return [
    [
      'raw-prerouting',
      {
        hook: 'type filter hook prerouting priority raw; policy accept;',
        rules: [
          MARK.clear,
          ...workloads((pattern) => `iifname ${pattern} goto workload-source`),
          ...through(hooks.untrackedIn, 'untracked-in-dispatch'),
          `${MARK.isAccepted} notrack`,
        ],
      },
    ],
    [
      'workload-source',
      {
        rules: [
          'iifname . ip saddr @sources4 accept',
          'iifname . ip6 saddr @sources6 accept',
          // Neighbours find each other before they have another address.
          'ip6 saddr { ::, fe80::/10 } meta l4proto 58 accept',
          ...spoofing,
          'drop',
        ],
      },
    ],
    [
      'raw-output',
      {
        hook: 'type filter hook output priority raw; policy accept;',
        rules: [MARK.clear, ...through(hooks.untrackedOut, 'untracked-out-dispatch'), `${MARK.isAccepted} notrack`],
      },
    ],
    [
      'mangle-prerouting',
      {
        hook: 'type filter hook prerouting priority mangle; policy accept;',
        rules: [
          'ct state established,related accept',
          `${MARK.isAccepted} accept`,
          ...(isEmpty(hooks.preDnat) ? [] : names.flatMap((rule) => workloads((pattern) => `iifname ${pattern} ${rule}`))),
          ...through(hooks.preDnat, 'pre-dnat-dispatch'),
        ],
      },
    ],
    [
      'filter-input',
      {
        hook: 'type filter hook input priority filter - 5; policy accept;',
        rules: [
          ...workloads((pattern) => `iifname ${pattern} goto workload-to-host`),
          ...fromTunnels(tunnels),
          `${MARK.isAccepted} accept`,
          ...policed(hooks.toHost, 'to-host-dispatch'),
        ],
      },
    ],
    [
      'workload-to-host',
      {
        rules: [
          connection,
          ...names,
          // What a router has to answer for IPv6 to work at all.
          'icmpv6 type { 130, 131, 132, 133, 135, 136 } accept',
          MARK.clear,
          'jump from-workload-dispatch',
          ...(endpointToHost === 'Return' ? [] : [endpointToHost.toLowerCase()]),
        ],
      },
    ],
    [
      'filter-forward',
      {
        hook: 'type filter hook forward priority filter - 5; policy accept;',
        rules: [
          ...policed(hooks.forwardIn, 'forward-in-dispatch', `${MARK.isNotAccepted} `),
          ...workloads((pattern) => `iifname ${pattern} goto workload-forward`),
          ...workloads((pattern) => `oifname ${pattern} goto workload-forward`),
          ...leaving,
          ...forwarded,
        ],
      },
    ],
    [
      'workload-forward',
      {
        rules: [
          connection,
          MARK.clear,
          ...workloads((pattern) => `iifname ${pattern} jump from-workload-dispatch`),
          MARK.clear,
          ...workloads((pattern) => `oifname ${pattern} jump to-workload-dispatch`),
          ...leaving,
          ...forwarded,
          'accept',
        ],
      },
    ],
    [
      'filter-output',
      {
        hook: 'type filter hook output priority filter - 5; policy accept;',
        rules: [
          `${MARK.isAccepted} accept`,
          ...workloads((pattern) => `oifname ${pattern} accept`),
          ...intoTunnels(tunnels),
          // Its way out is known for sure only behind routing.
          'ct status dnat accept',
          ...policed(hooks.fromHost, 'from-host-dispatch'),
        ],
      },
    ],
    [
      'mangle-postrouting',
      {
        hook: 'type filter hook postrouting priority mangle; policy accept;',
        rules: isEmpty(hooks.fromHost)
          ? []
          : [
              `${MARK.isAccepted} accept`,
              ...workloads((pattern) => `oifname ${pattern} accept`),
              ...intoTunnels(tunnels),
              'ct state established,related accept',
              'ct status dnat jump from-host-dispatch',
            ],
      },
    ],
    ['from-workload-dispatch', { rules: [`iifname vmap @${hooks.fromWorkload.map}`, 'drop'] }],
    ['to-workload-dispatch', { rules: [`oifname vmap @${hooks.toWorkload.map}`, 'drop'] }],
    ...dispatchChain('untracked-in-dispatch', 'iifname', hooks.untrackedIn),
    ...dispatchChain('untracked-out-dispatch', 'oifname', hooks.untrackedOut),
    ...dispatchChain('pre-dnat-dispatch', 'iifname', hooks.preDnat),
    ...dispatchChain('to-host-dispatch', 'iifname', hooks.toHost),
    ...dispatchChain('from-host-dispatch', 'oifname', hooks.fromHost),
    ...dispatchChain('forward-in-dispatch', 'iifname', hooks.forwardIn),
    ...dispatchChain('forward-out-dispatch', 'oifname', hooks.forwardOut),
  ]
}

/** Masquerades what leaves pools that want it; undefined when none does. */
export function natChain(pools: HostFacts['pools'], nat: NatSettings): NftChain | undefined {
  if (!pools.some(({ natOutgoing }) => natOutgoing)) return undefined
  return {
    hook: 'type nat hook postrouting priority srcnat + 10; policy accept;',
    rules: [
      ...translations(nat, 4).map((translation) => `ip saddr @masquerade4 ip daddr != @pools4 ${translation}`),
      ...translations(nat, 6).map((translation) => `ip6 saddr @masquerade6 ip6 daddr != @pools6 ${translation}`),
    ],
  }
}

// --- internal ---

/** Policy decides about the first packet of a connection; what belongs to none is dropped (`reference/felix.md 1.4`, steps 2 and 3). */
function connectionRule({ dropsInvalid }: DataplaneSettings): string {
  return `ct state vmap { established : accept, related : accept${dropsInvalid ? ', invalid : drop' : ''} }`
}

/** The rest of the rules that translate addresses of a family, in order (`reference/felix.md 3.8`). */
function translations({ ports, address, interfaceName, exceptHosts }: NatSettings, family: 4 | 6): string[] {
  const where = [
    ...(exceptHosts ? [`${family === 4 ? 'ip' : 'ip6'} daddr != @hosts${family}`] : []),
    ...(interfaceName === undefined ? [] : [`oifname "${interfaceName}"`]),
  ]
  const verb = address?.family === family ? `snat ${family === 4 ? 'ip' : 'ip6'} to ${formatIp(address)}` : 'masquerade'
  const withPorts = ports ? `${verb}${verb === 'masquerade' ? ' to ' : ''}:${ports[0]}-${ports[1]} fully-random` : ''
  const lines = [...(ports ? [`meta l4proto { ${TCP}, ${UDP} } ${withPorts}`] : []), `${verb} fully-random`]
  return lines.map((line) => [...where, line].join(' '))
}

/** What identifies packets of each tunnel, with the family that its outer packets have. */
function tunnelMatches({ ipip, vxlan }: TunnelFacts): { readonly family: Family; readonly match: string }[] {
  return [
    ...(ipip ? [{ family: 4 as const, match: `ip protocol ${IP_IN_IP}` }] : []),
    ...vxlan.map((family) => ({ family, match: `meta nfproto ipv${family} udp dport ${VXLAN_PORT}` })),
  ]
}

/** Hosts may wrap packets for each other whatever policy they have; from others nothing is unwrapped (`reference/felix.md 1.8`). */
function fromTunnels(tunnels: TunnelFacts | undefined): string[] {
  return tunnels
    ? tunnelMatches(tunnels).flatMap(({ family, match }) => [
        `${match} fib daddr type local ${family === 4 ? 'ip' : 'ip6'} saddr @hosts${family} accept`,
        `${match} fib daddr type local drop`,
      ])
    : []
}

function intoTunnels(tunnels: TunnelFacts | undefined): string[] {
  return tunnels
    ? tunnelMatches(tunnels).map(({ family, match }) => `${match} fib saddr type local ${family === 4 ? 'ip' : 'ip6'} daddr @hosts${family} accept`)
    : []
}

function isEmpty({ map, forOthers }: Dispatch): boolean {
  return map === undefined && forOthers === undefined
}

function dispatchChain(name: string, key: 'iifname' | 'oifname', dispatch: Dispatch): [string, NftChain][] {
  if (isEmpty(dispatch)) return []
  const { map, forOthers } = dispatch
  return [[name, { rules: [...(map === undefined ? [] : [`${key} vmap @${map}`]), ...(forOthers === undefined ? [] : [`goto ${forOthers}`])] }]]
}

/** Through a dispatch chain, if there is one. */
function through(dispatch: Dispatch, chain: string): string[] {
  return isEmpty(dispatch) ? [] : [`jump ${chain}`]
}

/** To policy that knows connections. */
function policed(dispatch: Dispatch, chain: string, condition = ''): string[] {
  return isEmpty(dispatch) ? [] : ['ct state established,related accept', `${condition}jump ${chain}`]
}
