import { formatIp } from '../../model/net.ts'
import { escapeForTerminal } from '../../output/escape.ts'
import { describeSet } from '../../policy/connections/describe.ts'
import { type Header, PORTED, TYPED } from '../../policy/connections/packet.ts'
import { nameOf } from '../../policy/connections/describe.ts'
import type { ConnectionSpace } from '../../policy/connections/space.ts'
import type { Subject } from '../../policy/subject.ts'
import type { Answer } from '../../policy/why/answer.ts'
import type { End, Examined } from '../../policy/why/examine.ts'
import { endpointTitle } from '../../policy/words.ts'

/** What the user asked about, with how many endpoints it is when that is not one: `net1 (3 endpoints)`. Safe to print. */
export function subjectWords({ type, text, endpoints }: Subject): string {
  const count = `${endpoints.length} endpoint${endpoints.length === 1 ? '' : 's'}`
  return escapeForTerminal(type === 'endpoint' || (type === 'address' && endpoints.length < 2) ? text : `${text} (${count})`)
}

/** An end in a sentence: `workload-A`, `192.0.2.9`. Safe to print. */
export function endName({ endpoint, ip }: End): string {
  return endpoint ? escapeForTerminal(endpointTitle(endpoint)) : formatIp(ip)
}

/** With its address and host: `workload-A (192.168.0.1 on calico-01)`. Safe to print. */
export function endWords({ endpoint, ip }: End): string {
  if (!endpoint) return formatIp(ip)
  const host = endpoint.node === '' ? '' : ` on ${endpoint.node}`
  return escapeForTerminal(`${endpointTitle(endpoint)} (${formatIp(ip)}${host})`)
}

/** A header in words: `tcp from port 49152 to 80`, `icmp type 8 code 0`. */
export function headerWords({ protocol, srcPort, dstPort, icmpType, icmpCode }: Header): string {
  const name = nameOf(protocol)
  if (PORTED.includes(protocol)) return `${name} from port ${srcPort ?? 0} to port ${dstPort ?? 0}`
  if (TYPED.includes(protocol)) return `${name} type ${icmpType ?? 0} code ${icmpCode ?? 0}`
  return typeof name === 'number' ? `IP protocol ${name}` : name
}

/** The connections of an answer: `tcp 80,443`. */
export function connectionWords(space: ConnectionSpace, { connections }: Answer): string {
  return describeSet(space, connections)
}

/** What becomes of a packet from a workload that has come to its own host, where its own rules let it go. */
export function ownHostWords({ toOwnHost, to }: Examined): string | undefined {
  if (toOwnHost === undefined) return undefined
  const node = to.endpoint?.node ?? ''
  if (toOwnHost === 'Accept') return 'a workload reaches its own host where its egress rules allow it: defaultEndpointToHostAction is Accept'
  if (toOwnHost === 'Return')
    return "a workload reaches its own host where its egress rules and the host's own firewall allow it: defaultEndpointToHostAction is Return"
  return `a workload does not reach its own host: defaultEndpointToHostAction is Drop (FelixConfiguration node.${node} or default may set it to Accept)`
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`
}
