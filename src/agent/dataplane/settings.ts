import type { Ip } from '../../model/net.ts'
import { FAILSAFE } from '../../policy/failsafe.ts'
import type { HostSettings } from '../../policy/host-settings.ts'

/** How a host's rules are to be, besides what policy says: what its FelixConfiguration sets. */
export interface DataplaneSettings extends HostSettings {
  /** Interfaces of workloads begin with one of these; one that no endpoint is known for is closed. */
  readonly workloadPrefixes: readonly string[]
  /** Interfaces that no host endpoint is for. */
  readonly isExcluded: (interfaceName: string) => boolean
  /** What lines of Log rules begin with; `%t`, `%k`, `%n` and `%p` stand for tier, kind, name and full name of whose rule it is. */
  readonly logPrefix: string
  /** Most lines of each Log rule: `10/second`. */
  readonly logLimit: { readonly rate: string; readonly burst: number } | undefined
  /** Packets that connection tracking finds invalid are dropped before policy. */
  readonly dropsInvalid: boolean
  /** Workloads may send from the networks that their endpoints allow. */
  readonly allowsSpoofing: boolean
  readonly nat: NatSettings
}

/** How addresses of pools with natOutgoing are translated. */
export interface NatSettings {
  /** Source ports, first and last, of TCP and UDP. */
  readonly ports: readonly [number, number] | undefined
  /** Instead of the address of the outgoing interface. */
  readonly address: Ip | undefined
  /** The one interface to which it is done; a final `*` stands for any text. */
  readonly interfaceName: string | undefined
  /** Not towards addresses of hosts either. */
  readonly exceptHosts: boolean
}

export const DEFAULT_SETTINGS: DataplaneSettings = {
  failsafe: FAILSAFE,
  endpointToHost: 'Drop',
  workloadPrefixes: ['cali'],
  isExcluded: (name) => name === 'kube-ipvs0',
  logPrefix: 'calico-packet',
  logLimit: undefined,
  dropsInvalid: true,
  allowsSpoofing: false,
  nat: { ports: undefined, address: undefined, interfaceName: undefined, exceptHosts: false },
}
