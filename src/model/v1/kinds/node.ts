import { asNumber } from '../../as-number.ts'
import { API_VERSION } from '../../kind.ts'
import { list, struct, text } from '../../schema.ts'
import { network } from '../address.ts'
import { plainName } from '../field.ts'
import { defineV1Kind, present } from '../kind.ts'
import { convertNodeName } from '../names.ts'

interface Spec {
  readonly bgp?: { readonly asNumber?: number; readonly ipv4Address?: string; readonly ipv6Address?: string }
  readonly orchRefs?: readonly { readonly nodeName?: string; readonly orchestrator?: string }[]
}

/** `reference/model.md 1.5`. */
export const node = defineV1Kind({ kind: 'node', v3: 'Node' }, () => ({
  description: 'A host that Calico runs on.',
  metadata: struct('What tells the node apart.', { name: text('Name of the node.', { check: plainName }) }),
  spec: struct('What is known of the host.', {
    bgp: struct('How it speaks BGP; absent: not at all.', {
      asNumber: asNumber('Its AS number; absent: the default one.', { omit: 'absent' }),
      ipv4Address: network('Its IPv4 address, with the prefix length of its network.', 4),
      ipv6Address: network('Its IPv6 address, with the prefix length of its network.', 6),
    }),
    orchRefs: list(
      'How orchestrators call it.',
      struct('The name with one orchestrator.', {
        nodeName: text('The name; absent: the same.'),
        orchestrator: text('The orchestrator, as in k8s.', { omit: 'never' }),
      }),
    ),
  }),
  rules: ({ spec }, report) => {
    if (!spec.bgp || spec.bgp.ipv4Address !== undefined || spec.bgp.ipv6Address !== undefined) return
    const message = 'bgp needs ipv4Address or ipv6Address'
    report({ code: 'missing-field', path: ['spec', 'bgp'], message, help: 'give an address, or leave bgp out' })
  },
  toV3: ({ metadata, spec }) => ({
    kind: 'Node',
    apiVersion: API_VERSION,
    metadata: { name: convertNodeName(metadata.name ?? '') },
    spec: copied(spec),
    status: {},
  }),
  fromV3: ({ metadata, spec }) => ({ metadata: present({ name: metadata.name }), spec: copied(spec as Spec) }),
  v1Path: (path) => path,
  // What the agent finds out about its host and writes again by itself.
  harmless: [
    'metadata.labels',
    'metadata.annotations',
    'spec.bgp.ipv4IPIPTunnelAddr',
    'spec.ipv4VXLANTunnelAddr',
    'spec.vxlanTunnelMACAddr',
    'spec.ipv6VXLANTunnelAddr',
    'spec.vxlanTunnelMACAddrV6',
    'spec.wireguard',
    'spec.addresses',
    'spec.interfaces',
    'status',
  ],
  example: `apiVersion: v1
kind: node
metadata:
  name: host1
spec:
  bgp:
    asNumber: 64512
    ipv4Address: 10.0.0.1/24
`,
}))

// --- internal ---

function copied({ bgp, orchRefs }: Spec) {
  return present({
    bgp: bgp && present({ asNumber: bgp.asNumber, ipv4Address: bgp.ipv4Address, ipv6Address: bgp.ipv6Address }),
    orchRefs: orchRefs?.map(({ nodeName, orchestrator }) => ({ ...present({ nodeName }), orchestrator: orchestrator ?? '' })),
  })
}
