import { ipv4Address, ipv4AddressOrNetwork, ipv6Address, ipv6AddressOrNetwork } from '../address.ts'
import { asNumber, DEFAULT_AS_NUMBER } from '../as-number.ts'
import { nameColumn } from '../column.ts'
import { type ColumnFacts, defineKind, type Report, type Resource } from '../kind.ts'
import { macAddress } from '../mac.ts'
import { list, struct, text, type ValueOf } from '../schema.ts'

export const node = defineKind({ kind: 'Node', plural: 'nodes', aliases: ['no', 'nos'], scope: 'cluster' }, () => ({
  description: 'A host that Calico runs on: its addresses and how it speaks BGP. Written by its agent.',
  spec: specSchema,
  status: statusSchema,
  columns: [
    nameColumn(),
    { heading: 'ASN', views: ['wide'], value: asNumberCell },
    { heading: 'IPV4', views: ['wide'], value: ({ spec }: Node) => spec?.bgp?.ipv4Address ?? '' },
    { heading: 'IPV6', views: ['wide'], value: ({ spec }: Node) => spec?.bgp?.ipv6Address ?? '' },
  ],
  rules,
  example: `apiVersion: projectcalico.org/v3
kind: Node
metadata:
  name: host1
  labels:
    rack: r1
spec:
  bgp:
    asNumber: 64512
    ipv4Address: 10.0.0.1/24
  addresses:
  - address: 10.0.0.1/24
    type: CalicoNodeIP
`,
}))

// --- internal ---

const ADDRESS_TYPES = ['CalicoNodeIP', 'InternalIP', 'ExternalIP']

const specSchema = struct('What is known of the host.', {
  bgp: struct('How it speaks BGP; absent: not at all.', {
    asNumber: asNumber('Its AS number; absent: that of BGPConfiguration default.', { omit: 'absent' }),
    ipv4Address: text('Its IPv4 address, with the prefix length of its network if known.', { check: ipv4AddressOrNetwork }),
    ipv6Address: text('Its IPv6 address, with the prefix length of its network if known.', { check: ipv6AddressOrNetwork }),
    ipv4IPIPTunnelAddr: text('Address of its IP-in-IP tunnel.', { check: ipv4Address }),
    routeReflectorClusterID: text('Makes it a route reflector of that cluster; written as an IPv4 address.', { check: ipv4Address }),
  }),
  ipv4VXLANTunnelAddr: text('Address of its VXLAN tunnel.', { check: ipv4Address }),
  vxlanTunnelMACAddr: text('MAC address of its VXLAN tunnel.', { check: macAddress }),
  ipv6VXLANTunnelAddr: text('Address of its VXLAN tunnel for IPv6.', { check: ipv6Address }),
  vxlanTunnelMACAddrV6: text('MAC address of its VXLAN tunnel for IPv6.', { check: macAddress }),
  orchRefs: list(
    'How orchestrators call it.',
    struct('The name with one orchestrator.', {
      nodeName: text('The name; absent: the same.'),
      orchestrator: text('The orchestrator, as in k8s.', { omit: 'never' }),
    }),
  ),
  wireguard: struct('Its WireGuard interface.', {
    interfaceIPv4Address: text('IPv4 address of the interface.', { check: ipv4Address }),
    interfaceIPv6Address: text('IPv6 address of the interface.', { check: ipv6Address }),
  }),
  addresses: list(
    'Addresses under which it is reached.',
    struct('An address.', {
      address: text('The address, with the prefix length of its network if known.', { omit: 'never' }),
      type: text('Where the address comes from.', { oneOf: ADDRESS_TYPES }),
    }),
  ),
  interfaces: list(
    'Its interfaces.',
    struct('An interface.', {
      name: text('Name of the interface.'),
      addresses: list('Its addresses.', text('An address.')),
    }),
  ),
})

const statusSchema = struct('What its agent reports.', {
  wireguardPublicKey: text('Public key of its WireGuard interface, base64.', { check: publicKey }),
  wireguardPublicKeyV6: text('Public key of its WireGuard interface for IPv6, base64.', { check: publicKey }),
  podCIDRs: list('Networks that Kubernetes gave it for pods.', text('A network.')),
})

interface Node {
  readonly spec?: ValueOf<typeof specSchema>
}

/** 32 bytes in standard base64 with padding; line breaks in it are skipped, as Go does. */
function publicKey(text: string): string | undefined {
  return /^[A-Za-z0-9+/]{43}=$/.test(text.replace(/[\r\n]/g, ''))
    ? undefined
    : 'is not a WireGuard public key\nit is the base64 of 32 bytes: 44 characters, the last of them "="'
}

/** A default that the node does not say itself stands in parentheses. */
function asNumberCell({ spec }: Node, facts: ColumnFacts): string {
  if (!spec?.bgp) return ''
  return spec.bgp.asNumber === undefined ? `(${facts.defaultAsNumber ?? DEFAULT_AS_NUMBER})` : String(spec.bgp.asNumber)
}

function rules({ spec }: Resource<ValueOf<typeof specSchema>>, report: Report): void {
  if (spec?.bgp && Object.values(spec.bgp).every((value) => value === '')) {
    report({ code: 'empty-struct', path: ['spec', 'bgp'], message: 'bgp must not be empty', help: 'give an address, or leave bgp out' })
  }
}
