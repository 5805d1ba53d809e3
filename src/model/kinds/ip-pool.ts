import { canonicalNetwork, strictlyMasked } from '../address.ts'
import { nameColumn } from '../column.ts'
import { defineKind, type Resource } from '../kind.ts'
import { blockSizeRange, checkPool, poolSelector } from '../pool-check.ts'
import { flag, integer, list, struct, text, type ValueOf } from '../schema.ts'
import { time } from '../time.ts'

export const ipPool = defineKind({ kind: 'IPPool', plural: 'ippools', aliases: ['ipp', 'ipps', 'pool', 'pools'], scope: 'cluster' }, () => ({
  description: 'Addresses that workloads are given, and how traffic of these addresses travels between hosts.',
  spec: specSchema,
  status: statusSchema,
  columns: [
    nameColumn(),
    { heading: 'CIDR', value: ({ spec }: Pool) => spec?.cidr ?? '' },
    { heading: 'NAT', views: ['wide'], value: ({ spec }: Pool) => String(spec?.natOutgoing ?? false) },
    { heading: 'IPIPMODE', views: ['wide'], value: ({ spec }: Pool) => spec?.ipipMode ?? '' },
    { heading: 'VXLANMODE', views: ['wide'], value: ({ spec }: Pool) => spec?.vxlanMode ?? '' },
    { heading: 'DISABLED', views: ['wide'], value: ({ spec }: Pool) => String(spec?.disabled ?? false) },
    { heading: 'DISABLEBGPEXPORT', views: ['wide'], value: ({ spec }: Pool) => String(spec?.disableBGPExport ?? false) },
    { heading: 'SELECTOR', value: ({ spec }: Pool) => spec?.nodeSelector ?? '' },
    { heading: 'ASSIGNMENTMODE', views: ['wide'], value: ({ spec }: Pool) => spec?.assignmentMode ?? '' },
  ],
  complete,
  fromStored: (resource: Resource<Spec>) => {
    complete(resource)
    return resource
  },
  rules: checkPool,
  example: `apiVersion: projectcalico.org/v3
kind: IPPool
metadata:
  name: net1
spec:
  cidr: 192.168.0.0/16
  ipipMode: CrossSubnet
  natOutgoing: true
  nodeSelector: all()
`,
}))

// --- internal ---

const MODES = ['Never', 'Always', 'CrossSubnet']

const specSchema = struct('The addresses and how they are used.', {
  cidr: text('The network. It cannot be changed, nor may it overlap with that of another pool.', { check: strictlyMasked }),
  vxlanMode: text('When traffic between hosts goes through VXLAN.', { oneOf: MODES, default: 'Never' }),
  ipipMode: text('When traffic between hosts goes through IP in IP; IPv4 only.', { oneOf: MODES, default: 'Never' }),
  natOutgoing: flag("Traffic to addresses outside of all pools gets the host's address as source."),
  disabled: flag('No addresses are assigned from the pool any more.'),
  disableBGPExport: flag('Routes to the pool are not announced to BGP peers.'),
  blockSize: integer('Prefix length of the blocks that hosts claim: 26 for IPv4 and 122 for IPv6 when absent. It cannot be changed.'),
  nodeSelector: text('Hosts that assign addresses from the pool.', { default: 'all()', check: poolSelector }),
  namespaceSelector: text('Namespaces whose workloads get addresses from the pool.', { check: poolSelector }),
  allowedUses: list('What addresses of the pool are for.', text('A use.', { oneOf: ['Workload', 'Tunnel', 'LoadBalancer'] }), {
    default: ['Workload', 'Tunnel'],
  }),
  assignmentMode: text('Manual: only workloads that ask for the pool get addresses from it.', {
    oneOf: ['Automatic', 'Manual'],
    default: 'Automatic',
  }),
})

const statusSchema = struct(
  'What Calico found out about the pool.',
  {
    conditions: list(
      'Findings.',
      struct('A finding.', {
        type: text('What it is about.', { omit: 'never' }),
        status: text('True, False or Unknown.', { omit: 'never', oneOf: ['True', 'False', 'Unknown'] }),
        observedGeneration: integer('Generation of the pool that it is about.'),
        lastTransitionTime: time('Since when.', { omit: 'never' }),
        reason: text('A word for the reason.', { omit: 'never' }),
        message: text('The reason in full.', { omit: 'never' }),
      }),
    ),
  },
  { omit: 'absent' },
)

type Spec = ValueOf<typeof specSchema>

interface Pool {
  readonly spec?: Spec
}

/** Empty values are the same as absent ones, and the block size follows from the IP version; what older releases left out is filled in too. */
function complete(resource: Resource<Spec>): void {
  const spec = (resource.spec ??= {})
  spec.cidr = canonicalNetwork(spec.cidr ?? '') ?? spec.cidr
  spec.vxlanMode ||= 'Never'
  spec.ipipMode ||= 'Never'
  spec.nodeSelector ||= 'all()'
  spec.assignmentMode ||= 'Automatic'
  if (!spec.allowedUses?.length) spec.allowedUses = ['Workload', 'Tunnel']
  spec.blockSize ||= blockSizeRange(spec.cidr ?? '')?.usual
}
