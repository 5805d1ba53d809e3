import { TCP, UDP } from './connections/packet.ts'
import type { Direction } from './facts.ts'

/** Protocol and destination port of traffic that no policy of a host endpoint can cut off (`reference/felix.md 1.7`). */
export type FailsafePort = readonly [protocol: number, port: number]

const CONTROL: readonly FailsafePort[] = [179, 2379, 2380, 5473, 6443, 6666, 6667].map((port) => [TCP, port])

/** Calico's default failsafe ports. */
export const FAILSAFE: Readonly<Record<Direction, readonly FailsafePort[]>> = {
  ingress: [[TCP, 22], [UDP, 68], ...CONTROL],
  egress: [[UDP, 53], [UDP, 67], ...CONTROL],
}

/** Tunnels that workloads must not build (`reference/felix.md 1.4`, step 7): VXLAN to this port, and IP in IP. */
export const VXLAN_PORT = 4789
export const IP_IN_IP = 4
