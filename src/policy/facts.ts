import type { Ip, Net } from '../model/net.ts'
import type { Port } from '../model/port.ts'
import type { Selector } from '../model/selector/ast.ts'
import type { Labels } from '../model/selector/evaluate.ts'
import type { Failsafe } from './failsafe.ts'

export type Direction = 'ingress' | 'egress'

/** All that decides about packets, resolved: labels inherited, selectors parsed and scoped, policies in order, names of protocols as numbers. */
export interface Facts {
  readonly endpoints: readonly EndpointFacts[]
  readonly networkSets: readonly NetworkSetFacts[]
  /** In the order in which they act; each with its policies in the order in which they act. Staged policies are left out. */
  readonly tiers: readonly TierFacts[]
  readonly profiles: ReadonlyMap<string, RuleLists>
}

export interface EndpointFacts {
  readonly kind: 'workload' | 'host'
  /** Its own labels and those that it inherits. */
  readonly labels: Labels
  /** Names, in the order in which the endpoint lists them; some may not exist. */
  readonly profiles: readonly string[]
  /** Addresses that rules know it by. */
  readonly addresses: readonly Ip[]
  /** Further addresses that it acts at, though rules do not know them as its own: those of a host endpoint that does not list them. */
  readonly otherAddresses?: readonly Ip[]
  readonly ports: readonly NamedPort[]
  /** A host endpoint for all interfaces of its host, which doNotTrack policies do not act on. */
  readonly allInterfaces?: boolean
  /** What its host lets through before any policy, where that is not Calico's default; of host endpoints only. */
  readonly failsafe?: Failsafe
}

export interface NamedPort {
  readonly name: string
  readonly protocol: number
  readonly port: number
}

export interface NetworkSetFacts {
  readonly labels: Labels
  readonly nets: readonly Net[]
}

export interface TierFacts {
  /** What happens to traffic that a policy of the tier applies to and that no rule decides. */
  readonly defaultAction: 'Deny' | 'Pass'
  readonly policies: readonly PolicyFacts[]
}

export interface PolicyFacts {
  /** Which endpoints it acts on: all of its selectors and its namespace in one. */
  readonly selector: Selector
  /** When it acts; absent: with all others, on traffic to and from endpoints. */
  readonly stage?: 'untracked' | 'preDNAT'
  /** Acts on what a host forwards, too; only at host endpoints. */
  readonly applyOnForward?: boolean
  /** Absent when the policy does not act on this direction, which is not the same as no rules. */
  readonly ingress?: readonly RuleFacts[]
  readonly egress?: readonly RuleFacts[]
}

export interface RuleLists {
  readonly ingress: readonly RuleFacts[]
  readonly egress: readonly RuleFacts[]
}

export interface RuleFacts {
  readonly action: 'Allow' | 'Deny' | 'Pass' | 'Log'
  readonly ipVersion?: 4 | 6
  readonly protocol?: number
  readonly notProtocol?: number
  readonly icmp?: IcmpFacts
  readonly notIcmp?: IcmpFacts
  readonly source: EntityFacts
  readonly destination: EntityFacts
  /** Whether the rule asks for something besides that cannot be told here, such as a service: it may match or not. */
  readonly maybe?: boolean
}

export interface IcmpFacts {
  readonly type?: number
  readonly code?: number
}

/** What a rule asks of one end. What is absent is not asked for. */
export interface EntityFacts {
  /** The address belongs to an endpoint or network set that this picks; any `notSelector` beside a `selector` is part of it. */
  readonly selector?: Selector | undefined
  /** The address belongs to no endpoint and network set that this picks; only where there is no `selector`. */
  readonly notSelector?: Selector | undefined
  readonly nets?: readonly Net[] | undefined
  readonly notNets?: readonly Net[] | undefined
  readonly ports?: readonly Port[] | undefined
  readonly notPorts?: readonly Port[] | undefined
}
