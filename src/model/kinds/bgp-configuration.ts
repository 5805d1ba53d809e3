import { ipv4Address, ipv6Address, strictlyMasked } from '../address.ts'
import { asNumber, MAX_SIGNED_AS_NUMBER } from '../as-number.ts'
import { nameColumn } from '../column.ts'
import { communityFault, isCommunityValue } from '../community.ts'
import { duration } from '../duration.ts'
import { ignoredInterface } from '../interface-name.ts'
import { defineKind, type Report, type Resource } from '../kind.ts'
import { objectName } from '../object-name.ts'
import { type Field, flag, integer, list, struct, text, type ValueOf } from '../schema.ts'
import { passwordReference } from '../secret-reference.ts'

/** Settings of BGP (`reference/model.md 2.12`). */
export const bgpConfiguration = defineKind(
  { kind: 'BGPConfiguration', plural: 'bgpconfigurations', aliases: ['bgpconfig', 'bgpconfigs'], scope: 'cluster' },
  () => ({
    description: 'Settings of BGP: "default" for all nodes, "node.<name>" for one.',
    spec: specSchema(),
    columns: [
      nameColumn(),
      { heading: 'LOGSEVERITY', value: ({ spec }: Configuration) => spec?.logSeverityScreen ?? '' },
      { heading: 'MESHENABLED', value: ({ spec }: Configuration) => String(spec?.nodeToNodeMeshEnabled ?? '-') },
      { heading: 'ASNUMBER', value: ({ spec }: Configuration) => String(spec?.asNumber ?? '-') },
    ],
    rules,
    example: `apiVersion: projectcalico.org/v3
kind: BGPConfiguration
metadata:
  name: default
spec:
  asNumber: 64512
  nodeToNodeMeshEnabled: false
`,
  }),
)

// --- internal ---

const specSchema = () =>
  struct('The settings.', {
    logSeverityScreen: text('How much BIRD and confd log (default Info).', {
      oneOf: ['Trace', 'Debug', 'Info', 'Warning', 'Error', 'Fatal'],
      anyCase: true,
      default: 'Info',
    }),
    nodeToNodeMeshEnabled: flag('Whether each node peers with every other (default true); in "default" only.', { omit: 'absent' }),
    asNumber: asNumber('AS number of nodes that have none of their own (default 64512); in "default" only.', {
      omit: 'absent',
      max: MAX_SIGNED_AS_NUMBER,
    }),
    serviceLoadBalancerIPs: blocks('Addresses of load balancers that are advertised; in "default" only.'),
    serviceExternalIPs: blocks('External addresses of services that are advertised; in "default" only.'),
    serviceClusterIPs: blocks('Cluster addresses of services that are advertised; in "default" only.'),
    serviceLoadBalancerAggregation: text('Whether addresses of load balancers are advertised by network rather than one by one (default Enabled).', {
      omit: 'absent',
      oneOf: ['Enabled', 'Disabled'],
      default: 'Enabled',
    }),
    communities: list(
      'Names for community values, for use in prefixAdvertisements.',
      struct('A named community.', {
        name: text('The name.', { check: objectName }),
        value: text('The value: aa:nn or aa:nn:mm.', { check: (value) => communityFault(value, { leadingZeros: true }) }),
      }),
    ),
    prefixAdvertisements: list(
      'Networks that are advertised with communities.',
      struct('A network and its communities.', {
        cidr: text('The network.', { check: strictlyMasked }),
        communities: list('Names from communities, or values.', text('A name or value.'), { max: 50 }),
      }),
    ),
    listenPort: integer('Port on which BIRD listens (default 179).', { range: [0, 65_535] }),
    nodeMeshPassword: passwordReference('Password of the sessions between nodes; in "default" only.'),
    nodeMeshMaxRestartTime: duration('How long routes of a node that restarts are kept (default 120s); in "default" only.'),
    bindMode: text("Whether BIRD listens on all addresses or the node's own (default None).", { omit: 'absent', oneOf: ['None', 'NodeIP'] }),
    ignoredInterfaces: list(
      'Interfaces whose networks are not advertised; "*" stands for any text.',
      text('A name or pattern.', { check: ignoredInterface }),
    ),
    localWorkloadPeeringIPV4: text('IPv4 address at which workloads peer with their node.', { check: ipv4Address }),
    localWorkloadPeeringIPV6: text('IPv6 address at which workloads peer with their node.', { check: ipv6Address }),
    programClusterRoutes: text('Which routes to other nodes BIRD makes, rather than Felix (default EnabledNoEncapOnly).', {
      omit: 'absent',
      oneOf: ['Enabled', 'Disabled', 'EnabledIPIPOnly', 'EnabledNoEncapOnly'],
    }),
    ipv4NormalRoutePriority: priority('Priority of the IPv4 routes that BIRD makes; lower goes first (default 1024).'),
    ipv6NormalRoutePriority: priority('Priority of the IPv6 routes that BIRD makes; lower goes first (default 1024).'),
  })

type Spec = ValueOf<ReturnType<typeof specSchema>>
type Configuration = Resource<Spec>

const DEFAULT_ONLY = [
  'nodeToNodeMeshEnabled',
  'asNumber',
  'serviceLoadBalancerIPs',
  'serviceExternalIPs',
  'serviceClusterIPs',
  'nodeMeshPassword',
  'nodeMeshMaxRestartTime',
] as const

function blocks(description: string) {
  return list(
    description,
    struct('A network.', { cidr: text('The network; a single address is written as /32 or /128.', { check: strictlyMasked }) }),
  )
}

function priority(description: string): Field<number> {
  return integer(description, { omit: 'absent', min: 1, max: 2_147_483_646 })
}

function rules({ metadata, spec = {} }: Configuration, report: Report): void {
  if (metadata.name !== 'default') {
    for (const field of DEFAULT_ONLY) {
      const value = spec[field]
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue
      const message = `${field} cannot be set in the BGPConfiguration "${metadata.name}"`
      report({ code: 'not-allowed-here', path: ['spec', field], message, help: 'set it in "default", where it holds for all nodes' })
    }
  }
  if (spec.nodeToNodeMeshEnabled === false) {
    for (const field of ['nodeMeshPassword', 'nodeMeshMaxRestartTime'] as const) {
      if (spec[field] === undefined) continue
      const message = `${field} cannot be set when nodeToNodeMeshEnabled is false`
      report({ code: 'exclusive-fields', path: ['spec', field], message, help: `remove ${field}: there is no mesh that could use it` })
    }
  }
  checkCommunities(spec, report)
}

function checkCommunities({ communities = [], prefixAdvertisements = [] }: Spec, report: Report): void {
  if (communities.length > 0 && prefixAdvertisements.length === 0) {
    const message = 'communities are defined, but no prefixAdvertisements use them'
    report({ code: 'unused-communities', path: ['spec', 'communities'], message, help: 'advertise a network with them, or remove them' })
  }
  communities.forEach((community, index) => {
    for (const field of ['name', 'value'] as const) {
      if (!community[field]) report({ code: 'missing-field', path: ['spec', 'communities', index, field], message: `a community needs a ${field}` })
    }
  })
  const names = new Set(communities.map(({ name }) => name))
  prefixAdvertisements.forEach((advertisement, index) => {
    const path = ['spec', 'prefixAdvertisements', index, 'communities']
    const used = advertisement.communities ?? []
    if (used.length === 0) {
      report({
        code: 'missing-field',
        path,
        message: 'an advertisement needs communities',
        help: 'list names from communities, or values such as 65001:100',
      })
    }
    used.forEach((community, place) => {
      const fault = communityUseFault(community, names)
      if (fault !== undefined) report({ code: 'bad-community', path: [...path, place], ...fault })
    })
  })
}

function communityUseFault(community: string, names: ReadonlySet<string | undefined>): { message: string; help: string } | undefined {
  if (isCommunityValue(community)) {
    const [fault, help = ''] = communityFault(community, { leadingZeros: true })?.split('\n') ?? []
    return fault === undefined ? undefined : { message: `"${community}" ${fault}`, help }
  }
  if (community !== '' && names.has(community)) return undefined
  return { message: `"${community}" is no community's name or value`, help: 'name it in communities, or write a value such as 65001:100' }
}
