import { networksOverlap } from '../../address.ts'
import { API_VERSION } from '../../kind.ts'
import { flag, struct, text } from '../../schema.ts'
import { masked, network, prefixOf, versionOf } from '../address.ts'
import { defineV1Kind, movePath, present, type Report } from '../kind.ts'
import { networkName } from '../names.ts'

interface V3Spec {
  readonly cidr?: string
  readonly ipipMode?: string
  readonly natOutgoing?: boolean
  readonly disabled?: boolean
}

/** `reference/model.md 1.4`. */
export const ipPool = defineV1Kind({ kind: 'ipPool', v3: 'IPPool' }, () => ({
  description: 'Addresses that workloads are given.',
  metadata: struct('What tells the pool apart.', { cidr: network('The network.') }),
  spec: struct('How the addresses are used.', {
    ipip: struct('Whether traffic between hosts goes through IP in IP; IPv4 only.', {
      enabled: flag('It does.'),
      mode: text('When: always, or only between different subnets.', { oneOf: ['always', 'cross-subnet'] }),
    }),
    'nat-outgoing': flag("Traffic to addresses outside of all pools gets the host's address as source."),
    disabled: flag('No addresses are assigned from the pool any more.'),
  }),
  rules: ({ metadata, spec }, report) => {
    checkNetwork(metadata.cidr, spec.disabled ?? false, report)
    if (!spec.ipip?.enabled || metadata.cidr === undefined || versionOf(metadata.cidr) === 4) return
    const path = ['spec', 'ipip', 'enabled']
    report({ code: 'family-mismatch', path, message: 'IP in IP is not supported on an IPv6 pool', help: 'leave ipip out' })
  },
  toV3: ({ metadata, spec }) => {
    const cidr = metadata.cidr ?? ''
    return {
      kind: 'IPPool',
      apiVersion: API_VERSION,
      metadata: { name: networkName(cidr) },
      spec: present({
        cidr,
        vxlanMode: 'Never',
        ipipMode: spec.ipip?.enabled ? (spec.ipip.mode === 'cross-subnet' ? 'CrossSubnet' : 'Always') : 'Never',
        natOutgoing: spec['nat-outgoing'],
        disabled: spec.disabled,
        blockSize: versionOf(cidr) === 4 ? 26 : 122,
        nodeSelector: 'all()',
        allowedUses: ['Workload', 'Tunnel'],
        assignmentMode: 'Automatic',
      }),
    }
  },
  fromV3: (resource) => {
    const spec = resource.spec as V3Spec
    const mode = MODES.get(spec.ipipMode ?? '')
    return {
      metadata: present({ cidr: spec.cidr }),
      spec: present({ ipip: mode === undefined ? undefined : { enabled: true, mode }, 'nat-outgoing': spec.natOutgoing, disabled: spec.disabled }),
    }
  },
  v1Path: (path, document) =>
    movePath(path, [
      [
        ['metadata', 'name'],
        ['metadata', 'cidr'],
      ],
      [
        ['spec', 'cidr'],
        ['metadata', 'cidr'],
      ],
      [
        ['spec', 'blockSize'],
        ['metadata', 'cidr'],
      ],
      [
        ['spec', 'natOutgoing'],
        ['spec', 'nat-outgoing'],
      ],
      [['spec', 'ipipMode'], document.has('spec', 'ipip', 'mode') ? ['spec', 'ipip', 'mode'] : ['spec', 'ipip']],
    ]),
  harmless: ['metadata.labels', 'metadata.annotations'],
  example: `apiVersion: v1
kind: ipPool
metadata:
  cidr: 192.168.0.0/16
spec:
  ipip:
    enabled: true
    mode: cross-subnet
  nat-outgoing: true
`,
}))

// --- internal ---

const MODES = new Map([
  ['Always', 'always'],
  ['CrossSubnet', 'cross-subnet'],
])

const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10']

function checkNetwork(cidr: string | undefined, disabled: boolean, report: Report): void {
  const path = ['metadata', 'cidr']
  if (cidr === undefined) {
    report({ code: 'missing-field', path, message: 'an ipPool needs a cidr', help: 'give its network, as in cidr: 192.168.0.0/16' })
    return
  }
  const longest = versionOf(cidr) === 4 ? 26 : 122
  if (!disabled && prefixOf(cidr) > longest) {
    const message = `the pool "${cidr}" is too small: /${longest} is the smallest that addresses are assigned from`
    report({ code: 'bad-value', path, message, help: 'a disabled pool may be smaller' })
  }
  if (masked(cidr) !== cidr) report({ code: 'bad-value', path, message: `"${cidr}" is not strictly masked`, help: `write ${masked(cidr)}` })
  const linkLocal = LINK_LOCAL.find((range) => networksOverlap(range, cidr))
  if (linkLocal === undefined) return
  const message = `"${cidr}" overlaps with the link-local range ${linkLocal}`
  report({ code: 'bad-value', path, message, help: 'link-local addresses cannot be assigned to workloads' })
}
