import type { V1Kind } from './kind.ts'
import { bgpPeer } from './kinds/bgp-peer.ts'
import { hostEndpoint } from './kinds/host-endpoint.ts'
import { ipPool } from './kinds/ip-pool.ts'
import { node } from './kinds/node.ts'
import { policy } from './kinds/policy.ts'
import { profile } from './kinds/profile.ts'
import { workloadEndpoint } from './kinds/workload-endpoint.ts'

/** Every kind of the v1 API (`reference/model.md 1.1`). */
export const v1Kinds: readonly V1Kind[] = [bgpPeer, hostEndpoint, ipPool, node, policy, profile, workloadEndpoint]

/** The v1 kind of that exact name, as files spell it. */
export function v1KindNamed(name: string): V1Kind | undefined {
  return byKind.get(name)
}

/** The v1 kind that resources of a v3 kind come from. */
export function v1KindOf(v3Kind: string): V1Kind | undefined {
  return byV3Kind.get(v3Kind)
}

// --- internal ---

const byKind = new Map(v1Kinds.map((kind) => [kind.kind, kind]))
const byV3Kind = new Map(v1Kinds.map((kind) => [kind.v3, kind]))
