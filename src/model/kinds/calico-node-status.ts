import { join, nameColumn } from '../column.ts'
import { defineKind, type Report, type Resource } from '../kind.ts'
import { objectName } from '../object-name.ts'
import { integer, list, struct, text, type ValueOf } from '../schema.ts'
import { time } from '../time.ts'

export const calicoNodeStatus = defineKind(
  { kind: 'CalicoNodeStatus', plural: 'caliconodestatuses', aliases: ['nodestatus', 'nodestatuses'], scope: 'cluster' },
  () => ({
    description: 'Asks a node to report the state of its agents, BGP sessions and routes; the report is its status.',
    spec: specSchema,
    status: statusSchema,
    columns: [
      nameColumn(),
      { heading: 'NODE', value: (resource: NodeStatus) => resource.spec?.node ?? '' },
      { heading: 'CLASSES', views: ['wide'], value: (resource: NodeStatus) => join(resource.spec?.classes) },
    ],
    rules,
    example: `apiVersion: projectcalico.org/v3
kind: CalicoNodeStatus
metadata:
  name: host1
spec:
  node: host1
  classes:
  - Agent
  - BGP
  - Routes
  updatePeriodSeconds: 10
`,
  }),
)

// --- internal ---

const CLASSES = ['Agent', 'BGP', 'Routes']
const MAX_PERIOD = 86_400

const specSchema = struct('What to report, and how often.', {
  node: text('The node that reports.', { check: objectName }),
  classes: list('What to report on.', text('A part of the node.', { oneOf: CLASSES }), { check: distinct }),
  updatePeriodSeconds: integer('Seconds between two reports; 0: report once.', { range: [0, 2 ** 32 - 1], max: MAX_PERIOD, omit: 'absent' }),
})

const daemonSchema = (description: string) =>
  struct(
    description,
    {
      state: text('Ready or NotReady.'),
      version: text('Version of the daemon.'),
      routerID: text('Router id in use.'),
      lastBootTime: text('When the daemon started, in its own words.'),
      lastReconfigurationTime: text('When it last read its configuration, in its own words.'),
    },
    { omit: 'never' },
  )

const peersSchema = (description: string) =>
  list(
    description,
    struct('A BGP session.', {
      peerIP: text('Address of the peer.'),
      type: text('Where the session comes from: NodeMesh, NodePeer or GlobalPeer.'),
      state: text('State of the session, as in Idle or Established.'),
      since: text('Since when it is in that state, in the words of the daemon.'),
    }),
  )

const routesSchema = (description: string) =>
  list(
    description,
    struct('A route.', {
      type: text('FIB: in use by the kernel; RIB: known to the daemon.'),
      destination: text('Network that it leads to.'),
      gateway: text('Next hop.'),
      interface: text('Interface that it leaves by.'),
      learnedFrom: struct(
        'Where it comes from.',
        {
          sourceType: text('Kernel, Static, Direct, NodeMesh or BGPPeer.'),
          peerIP: text('The peer that announced it.'),
        },
        { omit: 'never' },
      ),
    }),
  )

const count = (description: string) => integer(description, { omit: 'never' })

const statusSchema = struct('The last report of the node.', {
  lastUpdated: time('When the node last reported.', { omit: 'never' }),
  agent: struct(
    'The daemons that speak BGP.',
    { birdV4: daemonSchema('The one for IPv4.'), birdV6: daemonSchema('The one for IPv6.') },
    { omit: 'never' },
  ),
  bgp: struct(
    'The BGP sessions.',
    {
      numberEstablishedV4: count('IPv4 sessions that are up.'),
      numberNotEstablishedV4: count('IPv4 sessions that are not.'),
      numberEstablishedV6: count('IPv6 sessions that are up.'),
      numberNotEstablishedV6: count('IPv6 sessions that are not.'),
      peersV4: peersSchema('The IPv4 sessions.'),
      peersV6: peersSchema('The IPv6 sessions.'),
    },
    { omit: 'never' },
  ),
  routes: struct('The routes.', { routesV4: routesSchema('The IPv4 routes.'), routesV6: routesSchema('The IPv6 routes.') }, { omit: 'never' }),
})

interface NodeStatus {
  readonly spec?: ValueOf<typeof specSchema>
}

function distinct(classes: string[]): string | undefined {
  const twice = classes.find((name, index) => classes.indexOf(name) !== index)
  return twice === undefined ? undefined : `"${twice}" stands here twice`
}

/** An empty list of classes passes, as it does in the peer: the node then reports nothing. */
function rules({ spec = {} }: Resource<ValueOf<typeof specSchema>>, report: Report): void {
  if (!spec.node) report({ code: 'missing-field', path: ['spec', 'node'], message: 'node must be given', help: 'name the node that reports' })
  if (!spec.classes) {
    report({ code: 'missing-field', path: ['spec', 'classes'], message: 'classes must be given', help: `name some of ${CLASSES.join(', ')}` })
  }
  if (spec.updatePeriodSeconds === undefined) {
    report({
      code: 'missing-field',
      path: ['spec', 'updatePeriodSeconds'],
      message: 'updatePeriodSeconds must be given',
      help: `seconds between two reports, 0 to ${MAX_PERIOD}; 0 reports once`,
    })
  }
}
