import { asNumber } from '../../as-number.ts'
import { API_VERSION } from '../../kind.ts'
import { struct, text } from '../../schema.ts'
import { address } from '../address.ts'
import { plainName } from '../field.ts'
import { defineV1Kind, movePath, present } from '../kind.ts'
import { addressName, convertNodeName } from '../names.ts'

/** `reference/model.md 1.2`. */
export const bgpPeer = defineV1Kind({ kind: 'bgpPeer', v3: 'BGPPeer' }, () => ({
  description: 'A BGP peer of all nodes, or of one.',
  metadata: struct('What tells the peer apart.', {
    scope: text('Whether all nodes peer, or one.', { oneOf: ['global', 'node'] }),
    node: text('The node that peers, when the scope is node.', { check: plainName }),
    peerIP: address('Address of the peer.'),
  }),
  spec: struct('The peer.', { asNumber: asNumber('AS number of the peer.') }),
  rules: ({ metadata }, report) => {
    const missing = (field: string, message: string, help: string) => report({ code: 'missing-field', path: ['metadata', field], message, help })
    if (!metadata.scope) missing('scope', 'a bgpPeer needs a scope', 'scope is global for all nodes, or node for one')
    if (!metadata.peerIP) missing('peerIP', 'a bgpPeer needs a peerIP', 'give the address of the peer')
    if (metadata.scope === 'node' && !metadata.node) missing('node', 'with scope node the node must be given', 'scope: global is for all nodes')
    if (metadata.scope === 'global' && metadata.node) {
      const message = 'no node may be given when the scope is global'
      report({ code: 'exclusive-fields', path: ['metadata', 'node'], message, help: 'leave node out, or write scope: node' })
    }
  },
  toV3: ({ metadata, spec }) => {
    const node = metadata.scope === 'node' ? convertNodeName(metadata.node ?? '') : undefined
    const peerIP = metadata.peerIP ?? ''
    const name = addressName(peerIP)
    return {
      kind: 'BGPPeer',
      apiVersion: API_VERSION,
      metadata: { name: node === undefined ? name : `${node}.${name}` },
      spec: present({ node, peerIP, asNumber: spec.asNumber || undefined }),
    }
  },
  fromV3: (resource) => {
    const spec = resource.spec as { readonly node?: string; readonly peerIP?: string; readonly asNumber?: number }
    return {
      metadata: present({ scope: spec.node ? 'node' : 'global', node: spec.node, peerIP: spec.peerIP }),
      spec: present({ asNumber: spec.asNumber }),
    }
  },
  v1Path: (path) =>
    movePath(path, [
      [
        ['metadata', 'name'],
        ['metadata', 'peerIP'],
      ],
      [
        ['spec', 'node'],
        ['metadata', 'node'],
      ],
      [
        ['spec', 'peerIP'],
        ['metadata', 'peerIP'],
      ],
    ]),
  harmless: ['metadata.labels', 'metadata.annotations'],
  laterLimits: ['spec.asNumber'],
  example: `apiVersion: v1
kind: bgpPeer
metadata:
  scope: node
  node: host1
  peerIP: 192.0.2.1
spec:
  asNumber: 64567
`,
}))
