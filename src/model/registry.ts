import type { Kind } from './kind.ts'
import { bgpConfiguration } from './kinds/bgp-configuration.ts'
import { bgpFilter } from './kinds/bgp-filter.ts'
import { bgpPeer } from './kinds/bgp-peer.ts'
import { calicoNodeStatus } from './kinds/calico-node-status.ts'
import { clusterInformation } from './kinds/cluster-information.ts'
import { felixConfiguration } from './kinds/felix-configuration.ts'
import { globalNetworkPolicy } from './kinds/global-network-policy.ts'
import { globalNetworkSet } from './kinds/global-network-set.ts'
import { hostEndpoint } from './kinds/host-endpoint.ts'
import { ipPool } from './kinds/ip-pool.ts'
import { ipReservation } from './kinds/ip-reservation.ts'
import { ipamConfiguration } from './kinds/ipam-configuration.ts'
import { kubeControllersConfiguration } from './kinds/kube-controllers-configuration.ts'
import { networkPolicy } from './kinds/network-policy.ts'
import { networkSet } from './kinds/network-set.ts'
import { node } from './kinds/node.ts'
import { profile } from './kinds/profile.ts'
import { stagedGlobalNetworkPolicy } from './kinds/staged-global-network-policy.ts'
import { stagedKubernetesNetworkPolicy } from './kinds/staged-kubernetes-network-policy.ts'
import { stagedNetworkPolicy } from './kinds/staged-network-policy.ts'
import { tier } from './kinds/tier.ts'
import { workloadEndpoint } from './kinds/workload-endpoint.ts'

/** Every kind, in the order in which help texts list them. */
export const kinds: readonly Kind[] = [
  bgpConfiguration,
  bgpFilter,
  bgpPeer,
  calicoNodeStatus,
  clusterInformation,
  felixConfiguration,
  globalNetworkPolicy,
  globalNetworkSet,
  hostEndpoint,
  ipamConfiguration,
  ipPool,
  ipReservation,
  kubeControllersConfiguration,
  networkPolicy,
  networkSet,
  node,
  profile,
  stagedGlobalNetworkPolicy,
  stagedKubernetesNetworkPolicy,
  stagedNetworkPolicy,
  tier,
  workloadEndpoint,
]

const byKind = new Map(kinds.map((kind) => [kind.kind, kind]))
const byName = new Map(kinds.flatMap((kind) => [kind.kind.toLowerCase(), kind.plural, ...kind.aliases].map((name) => [name, kind])))

/** The kind of that exact name, as manifests spell it. */
export function kindNamed(name: string): Kind | undefined {
  return byKind.get(name)
}

/** The kind for a word of the command line: kind, plural or alias, any letter case. */
export function kindForWord(word: string): Kind | undefined {
  return byName.get(word.toLowerCase())
}

/** All words that `kindForWord` knows, for did-you-mean and completion. */
export function kindWords(): Iterable<string> {
  return byName.keys()
}
