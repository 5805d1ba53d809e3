import { containsNet, formatNet, type Ip, type Net } from '../model/net.ts'
import { TCP, UDP } from './connections/packet.ts'
import type { Direction, EndpointFacts, RuleFacts } from './facts.ts'

/**
 * Protocol and destination port of traffic that no policy of a host endpoint can cut off (`reference/felix.md 1.7`); with a network, only from there (`ingress`) or to
 * there (`egress`).
 */
export type FailsafePort = readonly [protocol: number, port: number, net?: Net]
export type Failsafe = Readonly<Record<Direction, readonly FailsafePort[]>>

const CONTROL: readonly FailsafePort[] = [179, 2379, 2380, 5473, 6443, 6666, 6667].map((port) => [TCP, port])

/** Calico's default failsafe ports. */
export const FAILSAFE: Failsafe = {
  ingress: [[TCP, 22], [UDP, 68], ...CONTROL],
  egress: [[UDP, 53], [UDP, 67], ...CONTROL],
}

/** The failsafe ports of an endpoint in a direction; none for workloads. */
export function failsafeOf({ kind, failsafe = FAILSAFE }: Pick<EndpointFacts, 'kind' | 'failsafe'>, direction: Direction): readonly FailsafePort[] {
  return kind === 'host' ? failsafe[direction] : []
}

/** Whether a packet, with its peer's address, goes to one of the ports. */
export function isFailsafe(
  ports: readonly FailsafePort[],
  { protocol, dstPort }: { readonly protocol: number; readonly dstPort?: number },
  peer: Ip,
): boolean {
  return ports.some(([number, port, net]) => number === protocol && port === dstPort && (net === undefined || containsNet(net, peer)))
}

/** Failsafe ports that are not the default ones, as rules that come before all others; the same objects for the same list. */
export function failsafeRules({ failsafe }: Pick<EndpointFacts, 'failsafe'>, direction: Direction): readonly RuleFacts[] {
  const ports = failsafe?.[direction]
  if (!ports) return []
  let rules = rulesOfPorts.get(ports)
  if (!rules) rulesOfPorts.set(ports, (rules = ports.map((port) => ruleOf(port, direction))))
  return rules
}

/** What tells endpoints apart by their failsafe ports; empty for the default ones. */
export function failsafeText({ failsafe }: Pick<EndpointFacts, 'failsafe'>): string {
  if (!failsafe) return ''
  const listOf = (ports: readonly FailsafePort[]) =>
    ports.map(([protocol, port, net]) => `${protocol}:${port}${net ? `@${formatNet(net)}` : ''}`).join()
  return `[${listOf(failsafe.ingress)};${listOf(failsafe.egress)}]`
}

/** Tunnels that workloads must not build (`reference/felix.md 1.4`, step 7): VXLAN to this port, and IP in IP. */
export const VXLAN_PORT = 4789
export const IP_IN_IP = 4

// --- internal ---

const rulesOfPorts = new WeakMap<readonly FailsafePort[], readonly RuleFacts[]>()

function ruleOf([protocol, port, net]: FailsafePort, direction: Direction): RuleFacts {
  const peer = net ? { nets: [net] } : {}
  if (direction === 'ingress') return { action: 'Allow', protocol, source: peer, destination: { ports: [port] } }
  return { action: 'Allow', protocol, source: {}, destination: { ports: [port], ...peer } }
}
