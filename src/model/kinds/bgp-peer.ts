import { ipAddress, sameVersion } from '../address.ts'
import { asNumber, MAX_SIGNED_AS_NUMBER } from '../as-number.ts'
import { nameColumn } from '../column.ts'
import { duration } from '../duration.ts'
import { defineKind, type Report, type Resource } from '../kind.ts'
import { objectName } from '../object-name.ts'
import { flag, integer, list, struct, text, type ValueOf } from '../schema.ts'
import { passwordReference } from '../secret-reference.ts'
import { selectorCheck } from '../selector-check.ts'

/** Whom nodes peer with over BGP (`reference/model.md 2.11`). */
export const bgpPeer = defineKind({ kind: 'BGPPeer', plural: 'bgppeers', aliases: ['bgpp', 'bgpps', 'bp', 'bps'], scope: 'cluster' }, () => ({
  description: 'A BGP peer of all nodes, of one, or of those that a selector picks.',
  spec: specSchema(),
  columns: [
    nameColumn(),
    { heading: 'PEERIP', value: ({ spec }: Peer) => spec?.peerIP ?? '' },
    { heading: 'NODE', value: ({ spec }: Peer) => spec?.node || spec?.nodeSelector || '(global)' },
    { heading: 'ASN', value: ({ spec }: Peer) => String(spec?.asNumber ?? 0) },
  ],
  rules,
  example: `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata:
  name: rack1-tor
spec:
  nodeSelector: rack == 'rack1'
  peerIP: 192.0.2.1
  asNumber: 64567
`,
}))

// --- internal ---

const specSchema = () =>
  struct('The peer.', {
    node: text('The node that peers; neither it nor nodeSelector: all nodes.', { check: objectName, maxLength: 253 }),
    nodeSelector: text('The nodes that peer, by their labels.', { check: selectorCheck }),
    peerIP: text('Address of the peer, with a port or without: 192.0.2.1, 192.0.2.1:179 or [2001:db8::1]:179.', { check: peerAddress }),
    asNumber: asNumber('AS number of the peer; with peerSelector it is that of the node.', { max: MAX_SIGNED_AS_NUMBER }),
    localASNumber: asNumber("AS number that the peer sees instead of the node's own.", { omit: 'absent', max: MAX_SIGNED_AS_NUMBER }),
    peerSelector: text('The nodes to peer with, by their labels.', { check: selectorCheck }),
    keepOriginalNextHop: flag('Out of use: true is nextHopMode Keep.'),
    nextHopMode: text('Which next hop routes are advertised with (default Auto).', { omit: 'absent', oneOf: ['Auto', 'Self', 'Keep'] }),
    password: passwordReference('Password of the session.'),
    sourceAddress: text("Whether the session comes from the node's own address (default UseNodeIP).", { oneOf: ['UseNodeIP', 'None'] }),
    maxRestartTime: duration('How long routes of the peer are kept while it restarts (default 120s).'),
    keepaliveTime: duration('How often keepalive messages are sent (default: a third of the hold time).'),
    numAllowedLocalASNumbers: integer('How often the own AS number may stand in the path of a route that is taken (default 0).', {
      omit: 'absent',
      range: [-(2 ** 31), 2 ** 31 - 1],
    }),
    ttlSecurity: integer('Most hops to the peer, by the security mechanism of RFC 5082; 0 for none.', { omit: 'absent', range: [0, 255] }),
    reachableBy: text('Gateway through which the peer is reached; its address family is that of peerIP.', { check: ipAddress, maxLength: 64 }),
    filters: list('BGPFilters that routes of the session pass, in order.', text('Name of a BGPFilter.')),
    localWorkloadSelector: text('The workloads of the node to peer with, by their labels.', { check: selectorCheck }),
    reversePeering: text('Whether the nodes that are peered with get a peer of their own back (default Auto).', {
      omit: 'absent',
      oneOf: ['Auto', 'Manual'],
    }),
  })

type Spec = ValueOf<ReturnType<typeof specSchema>>
type Peer = Resource<Spec>

const WITH_PORT = /^(?:[\d.]+|\[[^\]]*\]):(\d+)$/

function peerAddress(value: string): string | undefined {
  const [, port] = WITH_PORT.exec(value) ?? []
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return `has port ${port}\nports go from 1 to 65535`
  const fault = ipAddress(withoutPort(value))
  return fault && 'is not an IP address, with a port or without\nwrite it as 192.0.2.1, 192.0.2.1:179, 2001:db8::1 or [2001:db8::1]:179'
}

function withoutPort(address: string): string {
  return WITH_PORT.test(address) ? address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '') : address
}

/** Fields that cannot go together: the second is blamed. */
const EXCLUSIVE: readonly (readonly [keyof Spec, keyof Spec, string])[] = [
  ['node', 'nodeSelector', 'a selector can pick one node too, by its label kubernetes.io/hostname or one of its own'],
  ['peerSelector', 'peerIP', 'peerSelector finds the addresses of the nodes by itself'],
  ['peerSelector', 'asNumber', 'with peerSelector it is that of the node'],
  ['localWorkloadSelector', 'peerIP', 'localWorkloadSelector finds the addresses of the workloads by itself'],
  ['localWorkloadSelector', 'peerSelector', 'peer with nodes in one BGPPeer and with workloads in another'],
  ['keepOriginalNextHop', 'nextHopMode', 'keepOriginalNextHop is out of use: nextHopMode: Keep says the same'],
]

function rules({ spec = {} }: Peer, report: Report): void {
  for (const [first, second, help] of EXCLUSIVE) {
    if (!spec[first] || !spec[second]) continue
    report({ code: 'exclusive-fields', path: ['spec', second], message: `${first} and ${second} cannot both be set`, help })
  }
  if (spec.localWorkloadSelector && !spec.asNumber) {
    const message = 'asNumber must be given with localWorkloadSelector'
    report({ code: 'missing-field', path: ['spec', 'asNumber'], message, help: 'workloads have no AS number of their own' })
  }
  if (spec.reachableBy) {
    const path = ['spec', 'reachableBy']
    if (!spec.peerIP) {
      const message = 'reachableBy needs a peerIP'
      report({ code: 'missing-field', path, message, help: 'it is the way to one address' })
    } else if (!sameVersion(spec.reachableBy, withoutPort(spec.peerIP))) {
      const message = `reachableBy "${spec.reachableBy}" is of another address family than peerIP "${spec.peerIP}"`
      report({ code: 'family-mismatch', path, message, help: 'both must be IPv4, or both IPv6' })
    }
  }
}
