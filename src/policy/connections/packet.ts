/** The protocols of which a packet says more than its number. */
export const TCP = 6
export const UDP = 17
export const SCTP = 132
export const UDPLITE = 136
export const ICMP = 1
export const ICMPV6 = 58

/** Protocols whose packets have ports. */
export const PORTED: readonly number[] = [TCP, UDP, SCTP, UDPLITE]
/** Protocols whose packets have a type and a code. */
export const TYPED: readonly number[] = [ICMP, ICMPV6]

/** What of a packet, besides its addresses, a rule can look at. Ports for the protocols that have them, type and code for ICMP and ICMPv6. */
export interface Header {
  readonly protocol: number
  readonly srcPort?: number
  readonly dstPort?: number
  readonly icmpType?: number
  readonly icmpCode?: number
}
