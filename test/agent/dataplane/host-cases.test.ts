import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { agentSettings } from '../../../src/agent/felix-settings.ts'
import { Renderer } from '../../../src/agent/dataplane/render.ts'
import { replaceTable } from '../../../src/agent/dataplane/transaction.ts'
import { type Ip, parseIp } from '../../../src/model/net.ts'
import type { Packet } from '../../../src/policy/interpreter/packet.ts'
import { namespacesHere } from '../../lab/namespace.ts'
import { type LabPlace, PacketLab } from '../../lab/packet-lab.ts'
import { hostEndpoint, manifestWorld, OPEN, policy, workload } from '../../policy/manifest-world.ts'

/** What Calico promises of hosts (`reference/felix.md 2.5`; the numbers are its cases), seen by packets and their answers. */

const NODE = 'lab'
const HOST = '203.0.113.1'
/** The address that leads to workload A's port 8055 by the host's own translation. */
const NODE_PORT = 32_010

const at = (text: string): Ip => parseIp(text) ?? assert.fail(text)
const ADDRESS = { outside: '192.0.2.77', elsewhere: '198.18.77.7', host: HOST, A: '10.1.0.1', B: '10.1.0.2' } as const
type Who = keyof typeof ADDRESS
const PLACE: Readonly<Record<Who, LabPlace>> = { outside: 'outside', elsewhere: 'elsewhere', host: 'host', A: 0, B: 1 }

const onLab = (name: string, spec: object, labels = {}) => hostEndpoint(name, { node: NODE, ...spec }, labels)
/** The workload on a wire. */
const end = (index: number, profiles: string[]) => workload(String(index), [`10.1.0.${index + 1}`], { node: NODE, profiles })
const PODS = [OPEN, end(0, ['open']), end(1, ['open'])]
const eth0 = (more: object = {}) => onLab('eth', { interfaceName: 'eth0', ...more }, { host: '' })
const all = (more: object = {}) => onLab('all', { interfaceName: '*', ...more }, { host: '' })
const rule = (action: string, ports?: number[]) => ({ action, ...(ports ? { protocol: 'UDP', destination: { ports } } : {}) })
const gnp = (name: string, spec: object) => policy(name, { selector: 'has(host)', ...spec })
const FORWARD = { applyOnForward: true }
const ALLOW = [rule('Allow')]
const DENY = [rule('Deny')]

interface Case {
  readonly what: string
  readonly world: readonly string[]
  readonly settings?: Readonly<Record<string, unknown>>
  /** `from > to:port`, with `!` when it must not arrive; `~` in front: the answer to the packet before. */
  readonly flows: readonly string[]
}

const CASES: readonly Case[] = [
  { what: '107 no host endpoint: not policed', world: PODS, flows: ['outside>host:80', 'host>outside:80', 'outside>elsewhere:80'] },
  {
    what: '108-110 a host endpoint without policy closes all but failsafe ports, and their answers come',
    world: [...PODS, eth0()],
    flows: ['outside>host:80!', 'outside>host:68', '~', 'host>outside:80!', 'host>outside:53', '~'],
  },
  {
    what: '112 forwarded traffic is not closed by it',
    world: [...PODS, eth0()],
    flows: ['outside>A:80', '~', 'A>outside:80', 'outside>elsewhere:80'],
  },
  {
    what: '113, 123 a host reaches its own workloads',
    world: [...PODS, all(), gnp('no', { ...FORWARD, ingress: DENY, egress: DENY })],
    flows: ['host>A:80', '~'],
  },
  { what: '116 a profile opens it', world: [...PODS, eth0({ profiles: ['open'] })], flows: ['outside>host:80', '~', 'host>outside:80', '~'] },
  {
    what: '117 a policy wins over a profile',
    world: [...PODS, eth0({ profiles: ['open'] }), gnp('no', { types: ['Egress'], egress: DENY })],
    flows: ['host>outside:80!', 'outside>host:80'],
  },
  {
    what: '118 policy without applyOnForward leaves forwarding alone',
    world: [...PODS, eth0(), gnp('no', { ingress: DENY })],
    flows: ['outside>A:80', 'outside>host:80!'],
  },
  {
    what: '119-121 applyOnForward: the end of the tier denies, the other direction is free, failsafe ports do not count',
    world: [...PODS, eth0(), gnp('some', { ...FORWARD, types: ['Ingress'], ingress: [rule('Allow', [80])] })],
    flows: ['outside>A:80', '~', 'outside>A:81!', 'outside>A:68!', 'A>outside:81', '~', 'outside>elsewhere:81!', 'elsewhere>outside:81'],
  },
  {
    what: '122 profiles do not count for what is forwarded',
    world: [...PODS, eth0({ profiles: ['open'] }), gnp('some', { ...FORWARD, ingress: [rule('Allow', [80])] })],
    flows: ['outside>A:81!', 'outside>host:81!', 'outside>A:80'],
  },
  {
    what: 'applyOnForward on the way out, after what allowed it on the way in',
    world: [
      ...PODS,
      all(),
      gnp('in', { ...FORWARD, types: ['Ingress'], ingress: ALLOW }),
      gnp('out', { ...FORWARD, types: ['Egress'], egress: [rule('Allow', [80])] }),
    ],
    flows: ['outside>elsewhere:80', 'outside>elsewhere:81!', 'outside>A:80', 'outside>A:81!', 'A>B:81!', 'A>B:80', '~'],
  },
  {
    what: '124 with a host endpoint for all interfaces, between workloads too',
    world: [...PODS, all(), gnp('no', { ...FORWARD, ingress: DENY, egress: ALLOW })],
    flows: ['A>B:80!', 'outside>A:80!'],
  },
  {
    what: '125 doNotTrack in both directions: packets and their answers pass untracked',
    world: [...PODS, eth0(), gnp('raw', { ...FORWARD, doNotTrack: true, ingress: ALLOW, egress: ALLOW })],
    flows: ['outside>host:80', '~', 'host>outside:80', '~'],
  },
  {
    what: '126, 127 doNotTrack in one direction: answers need rules of their own, but not those of failsafe ports',
    world: [...PODS, eth0(), gnp('raw', { ...FORWARD, doNotTrack: true, types: ['Ingress'], ingress: ALLOW })],
    flows: ['outside>host:80', '~!', 'outside>host:68', '~', 'host>outside:53', '~'],
  },
  {
    what: 'doNotTrack leaves what is forwarded to a failsafe port to applyOnForward',
    world: [
      ...PODS,
      eth0(),
      gnp('raw', { ...FORWARD, doNotTrack: true, types: ['Ingress'], ingress: [rule('Allow', [7])] }),
      gnp('no', { ...FORWARD, types: ['Ingress'], ingress: DENY }),
    ],
    flows: ['outside>A:68!', 'outside>host:68', '~'],
  },
  {
    what: '128 doNotTrack is nothing to a host endpoint for all interfaces',
    world: [...PODS, all(), gnp('raw', { ...FORWARD, doNotTrack: true, ingress: ALLOW, egress: ALLOW })],
    flows: ['outside>host:80!'],
  },
  {
    what: '129, 132 preDNAT closes a node port to the outside, not to workloads',
    world: [...PODS, eth0(), gnp('pre', { ...FORWARD, preDNAT: true, types: ['Ingress'], ingress: DENY })],
    flows: [`outside>host:${NODE_PORT}!`, `B>host:${NODE_PORT}`, 'outside>A:8055!'],
  },
  {
    what: '130 and opens the one that is allowed',
    world: [...PODS, eth0(), gnp('pre', { ...FORWARD, preDNAT: true, types: ['Ingress'], ingress: [rule('Allow', [NODE_PORT]), ...DENY] })],
    flows: [`outside>host:${NODE_PORT}`, '~', 'outside>host:32011!'],
  },
  {
    what: '131 it sees the port from before translation',
    world: [...PODS, eth0(), gnp('pre', { ...FORWARD, preDNAT: true, types: ['Ingress'], ingress: [rule('Allow', [8055]), ...DENY] })],
    flows: [`outside>host:${NODE_PORT}!`, 'outside>A:8055'],
  },
  {
    what: '133 with a host endpoint for all interfaces, for workloads too',
    world: [...PODS, all(), gnp('pre', { ...FORWARD, preDNAT: true, types: ['Ingress'], ingress: DENY })],
    flows: [`B>host:${NODE_PORT}!`],
  },
  {
    what: "134 what it allows is still for the workloads' own policy",
    world: [
      ...PODS,
      all(),
      gnp('pre', { ...FORWARD, preDNAT: true, types: ['Ingress'], ingress: ALLOW }),
      policy('shut', { selector: '!has(host)', order: 1, types: ['Ingress'], ingress: [rule('Allow', [80])] }),
    ],
    flows: [`B>host:${NODE_PORT}!`],
  },
  {
    what: '135, 136 preDNAT that allows passes over normal policy, that matches nothing goes on to it',
    world: [
      ...PODS,
      eth0(),
      gnp('pre', { ...FORWARD, preDNAT: true, types: ['Ingress'], ingress: [rule('Allow', [80])] }),
      gnp('no', { ingress: DENY }),
    ],
    flows: ['outside>host:80', '~', 'outside>host:81!'],
  },
  {
    what: '138 of two for an interface the first by name acts',
    world: [...PODS, onLab('a', { interfaceName: 'eth0', profiles: ['open'] }), eth0()],
    flows: ['outside>host:80'],
  },
  {
    what: '139 an interface is meant by its address',
    world: [...PODS, onLab('x', { expectedIPs: [HOST] })],
    flows: ['outside>host:80!', 'elsewhere>host:80'],
  },
  {
    what: '140 one for an interface wins over that for all',
    world: [...PODS, eth0({ profiles: ['open'] }), all()],
    flows: ['outside>host:80', 'elsewhere>host:80!'],
  },
  { what: '142 what a workload sends to its host is dropped', world: PODS, flows: ['A>host:80!', 'A>host:68!'] },
  {
    what: '143, 144 or accepted, after its own rules, whatever policy of the host endpoint says',
    world: [...PODS, end(2, []), all(), gnp('no', { ingress: DENY })],
    settings: { defaultEndpointToHostAction: 'Accept' },
    flows: ['A>host:80', '~'],
  },
  {
    what: '143 its own rules deny',
    world: [OPEN, end(0, []), end(1, ['open'])],
    settings: { defaultEndpointToHostAction: 'Accept' },
    flows: ['A>host:80!', 'B>host:80'],
  },
  { what: 'or left to the host', world: [...PODS, all()], settings: { defaultEndpointToHostAction: 'Return' }, flows: ['A>host:80', '~'] },
  {
    what: '150 no failsafe ports',
    world: [...PODS, eth0()],
    settings: { failsafeInboundHostPorts: [], failsafeOutboundHostPorts: [] },
    flows: ['outside>host:68!', 'host>outside:53!'],
  },
  {
    what: '151 failsafe ports of some networks only',
    world: [...PODS, all()],
    settings: { failsafeInboundHostPorts: [{ protocol: 'UDP', port: 22, net: '198.18.77.0/24' }] },
    flows: ['outside>host:22!', 'elsewhere>host:22'],
  },
  {
    what: '152 the built-in profile opens it',
    world: [...PODS, eth0({ profiles: ['projectcalico-default-allow'] })],
    flows: ['outside>host:80', '~'],
  },
  {
    what: 'an excluded interface is that of no host endpoint',
    world: [...PODS, eth0(), onLab('x', { expectedIPs: [HOST] })],
    settings: { interfaceExclude: '/^eth/' },
    flows: ['outside>host:80'],
  },
]

describe('hosts, by packets', { skip: namespacesHere('conntrack', 'perl', 'taskset') }, () => {
  let lab: PacketLab
  before(async () => {
    lab = await PacketLab.open(3)
    lab.address('eth0', at(HOST))
    lab.host.run(
      ['nft', '-f', '-'],
      `table ip translation {\nchain pre {\ntype nat hook prerouting priority dstnat; policy accept;\nip daddr ${HOST} udp dport ${NODE_PORT} dnat to 10.1.0.1:8055\n}\n}\n`,
    )
  })
  after(() => lab.close())

  for (const { what, world: documents, settings: spec = {}, flows } of CASES) {
    it(what, async () => {
      const { settings, faults } = agentSettings(spec)
      assert.deepEqual(faults, [])
      const world = manifestWorld(...documents)
      assert.deepEqual(world.setAside, [])
      const interfaces = new Map([
        ['eth0', [at(HOST)]],
        ['eth1', []],
      ])
      const { ruleset } = new Renderer().render(world, { node: NODE, interfaces, pools: [], hosts: [], settings })
      lab.route([[at(ADDRESS.A)], [at(ADDRESS.B)], [at('10.1.0.3')]])
      lab.host.run(['nft', '-f', '-'], replaceTable(ruleset))
      assert.deepEqual(await fare(lab, flows), flows)
    })
  }
})

// --- internal ---

/** Sends the flows one after another, and gives them as they fared. */
async function fare(lab: PacketLab, flows: readonly string[]): Promise<string[]> {
  const seen: string[] = []
  let last: { readonly from: Who; readonly to: Who; readonly srcPort: number; readonly dstPort: number } | undefined
  for (const [index, text] of flows.entries()) {
    const [, from, to, port] = /^(\w+)>(\w+):(\d+)/.exec(text) ?? []
    if (from !== undefined) last = { from: from as Who, to: to as Who, srcPort: 5000 + index, dstPort: Number(port) }
    if (!last) throw new Error('an answer to nothing')
    const isAnswer = from === undefined
    // A node port leads to workload A, and its answers seem to come from the host.
    const isTranslated = last.dstPort === NODE_PORT
    const [source, target]: [Who, Who] = [last.from, isTranslated ? 'A' : last.to]
    const there: Packet = {
      protocol: 17,
      source: at(ADDRESS[last.from]),
      destination: at(ADDRESS[last.to]),
      srcPort: last.srcPort,
      dstPort: last.dstPort,
    }
    const behind: Packet = isTranslated ? { ...there, destination: at(ADDRESS.A), dstPort: 8055 } : there
    const back = (packet: Packet): Packet => ({
      ...packet,
      source: packet.destination,
      destination: packet.source,
      srcPort: packet.dstPort ?? 0,
      dstPort: packet.srcPort ?? 0,
    })
    const arrives = isAnswer
      ? await lab.deliver([{ from: PLACE[target], to: PLACE[source], packet: back(behind), arriving: back(there) }])
      : await lab.deliver([{ from: PLACE[source], to: PLACE[target], packet: there, arriving: behind }])
    seen.push(`${text.replace(/!$/, '')}${arrives[0] ? '' : '!'}`)
  }
  return seen
}
