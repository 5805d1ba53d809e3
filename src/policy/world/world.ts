import type { Resource } from '../../model/kind.ts'
import type { Problem } from '../../model/problem.ts'
import type { Direction, EndpointFacts, Facts, NetworkSetFacts, PolicyFacts, RuleFacts, RuleLists, TierFacts } from '../facts.ts'
import type { EndpointToHost } from '../host-settings.ts'
import type { Origin } from './origin.ts'

/**
 * All resources that decide about packets, resolved for questions (`reference/felix.md 1`): the facts that both engines read, each with its name and
 * where it comes from. Never changed; `WorldBuilder` makes another one.
 */
export interface World extends Facts {
  readonly endpoints: readonly Endpoint[]
  readonly networkSets: readonly NetworkSet[]
  readonly tiers: readonly Tier[]
  readonly profiles: ReadonlyMap<string, Profile>
  /** What is missing, by name: profiles that endpoints list, tiers of policies, ports that nobody declares, endpoints without an address. */
  readonly unknowns: readonly Unknown[]
  /** Resources that cannot be understood. They act as the peer lets them: a profile denies all, anything else is as if it were not there. */
  readonly setAside: readonly SetAside[]
}

export interface Endpoint extends EndpointFacts {
  /** `namespace/name` of a workload endpoint, `host:name` of a host endpoint. */
  readonly id: string
  readonly namespace?: string
  readonly name: string
  /** What people call it besides: workload, pod or container. */
  readonly aliases: readonly string[]
  readonly node: string
  /** Of a host endpoint: what happens to what workloads of its host send there; absent: `Drop`. */
  readonly endpointToHost?: EndpointToHost
  readonly resource: Resource
  readonly origin: Origin
}

export interface NetworkSet extends NetworkSetFacts {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly origin: Origin
}

export interface Tier extends TierFacts {
  readonly name: string
  /** Infinity when it has none: it comes last. */
  readonly order: number
  /** A tier that policies name and that is nowhere acts after all others, and denies at its end. */
  readonly missing: boolean
  readonly policies: readonly Policy[]
  readonly origin: Origin
}

export interface Policy extends PolicyFacts {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly tier: string
  readonly order: number
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
  readonly resource: Resource
  readonly origin: Origin
}

export interface Profile extends RuleLists {
  readonly kind: 'Profile'
  readonly name: string
  readonly ingress: readonly Rule[]
  readonly egress: readonly Rule[]
  readonly labelsToApply: Readonly<Record<string, string>>
  readonly resource: Resource
  readonly origin: Origin
}

export interface Rule extends RuleFacts {
  readonly direction: Direction
  /** Place in the list of its policy or profile, from 0. Its field is `spec.<direction>[<index>]`. */
  readonly index: number
}

export interface Unknown {
  readonly code: 'missing-profile' | 'missing-tier' | 'missing-port' | 'no-address'
  /** The name of what is missing: a profile, a tier, a port; or the id of an endpoint without address. */
  readonly subject: string
  /** Told where it is asked for. */
  readonly problem: Problem
}

export interface SetAside {
  readonly kind: string
  readonly namespace?: string
  readonly name: string
  readonly problem: Problem
}
