import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatIp, netOf, parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import { describeSet } from '../../../src/policy/connections/describe.ts'
import { type ConnectionSet, NOTHING } from '../../../src/policy/connections/space.ts'
import { Engine } from '../../../src/policy/core/engine.ts'
import { findSubject, isSubjectFault, type Subject } from '../../../src/policy/subject.ts'
import type { Answer, Judgement } from '../../../src/policy/why/answer.ts'
import { remedyFor } from '../../../src/policy/why/change.ts'
import { type End, examine } from '../../../src/policy/why/examine.ts'
import { judgeAll } from '../../../src/policy/why/judge-all.ts'
import { judgeFew } from '../../../src/policy/why/judge.ts'
import { addressesOf } from '../../../src/policy/why/places.ts'
import { parseTraffic, type Traffic, tunnels } from '../../../src/policy/why/traffic.ts'
import type { World } from '../../../src/policy/world/world.ts'
import { hostEndpoint, manifestWorld, networkSet, OPEN, policy, profile, workload } from '../manifest-world.ts'
import { recordedWorlds, worldOf } from '../recorded.ts'

function subject(world: World, text: string): Subject {
  const found = findSubject(world, text)
  return isSubjectFault(found) ? assert.fail(found.message) : found
}

function trafficOf(text: string): Traffic {
  const traffic = parseTraffic(text)
  return 'fault' in traffic ? assert.fail(traffic.fault) : traffic
}

function ask(world: World, from: string, to: string, traffic = 'any'): Judgement {
  const question = [subject(world, from), subject(world, to), trafficOf(traffic)] as const
  return judgeFew(world, ...question) ?? judgeAll(world, ...question)
}

/** Answers in a line each: `allow tcp 80: 2 pairs`. */
function told({ space, answers }: Judgement): string[] {
  return answers.map(({ verdict, connections, pairs }) => `${verdict} ${describeSet(space, connections)}: ${pairs}`)
}

const ALLOW_80 = { action: 'Allow', protocol: 'TCP', destination: { ports: [80] } }

describe('one pair', () => {
  const world = manifestWorld(
    OPEN,
    policy('web', {
      selector: "app == 'web'",
      ingress: [{ action: 'Deny', protocol: 'UDP' }, ALLOW_80, { action: 'Allow', protocol: 'ICMP', icmp: { type: 8 } }],
    }),
    workload('web', ['10.0.0.1'], { labels: { app: 'web' }, profiles: ['open'] }),
    workload('client', ['10.0.0.2'], { profiles: ['open'] }),
  )

  it('is told part by part, each by the rule that decides it', () => {
    const judgement = ask(world, 'client', 'web')
    assert.equal(judgement.verdict, 'some')
    assert.deepEqual(told(judgement), [
      'allow tcp 80: 1',
      'allow icmp 8: 1',
      'deny udp but 4789: 1',
      'deny all but tcp 80; udp; icmp 8; protocol 4: 1',
    ])
  })

  it('is one answer where one packet stands for the traffic', () => {
    assert.deepEqual(told(ask(world, 'client', 'web', 'tcp/80')), ['allow tcp 80: 1'])
    assert.equal(ask(world, 'client', 'web', 'tcp/81').verdict, 'deny')
    assert.equal(ask(world, 'web', 'client').verdict, 'allow')
  })

  it('of which only some is allowed', () => {
    assert.equal(ask(world, 'client', 'web', 'icmp').verdict, 'some')
    assert.equal(ask(world, 'client', 'web', 'icmp/8').verdict, 'allow')
  })

  it('from and to outside', () => {
    assert.deepEqual(told(ask(world, '192.0.2.1', 'web', 'tcp/80')), ['allow tcp 80: 1'])
    const out = ask(world, 'client', '192.0.2.1')
    assert.equal(out.verdict, 'allow')
    assert.equal(out.answers[0]?.example.ingress, undefined)
  })
})

describe('both IP versions', () => {
  const world = manifestWorld(
    OPEN,
    policy('v4', { selector: "app == 'web'", ingress: [{ action: 'Allow', ipVersion: 4 }] }),
    workload('web', ['10.0.0.1', 'fd00::1'], { labels: { app: 'web' }, profiles: ['open'] }),
    workload('client', ['10.0.0.2', 'fd00::2'], { profiles: ['open'] }),
  )
  it('are two pairs, with an answer each where they differ', () => {
    const judgement = ask(world, 'client', 'web', 'tcp/80')
    assert.equal(judgement.verdict, 'some')
    assert.deepEqual(
      judgement.answers.map(({ verdict, example }) => [verdict, formatIp(example.to.ip)]),
      [
        ['allow', '10.0.0.1'],
        ['deny', 'fd00::1'],
      ],
    )
  })
})

describe('groups', () => {
  const world = manifestWorld(
    OPEN,
    policy('web', { selector: "app == 'web'", ingress: [{ ...ALLOW_80, source: { selector: "app == 'client'" } }] }),
    ...[1, 2, 3].map((n) => workload(`web${n}`, [`10.0.0.${n}`], { labels: { app: 'web' }, profiles: ['open'] })),
    ...[1, 2].map((n) => workload(`client${n}`, [`10.0.1.${n}`], { labels: { app: 'client' }, profiles: ['open'] })),
    networkSet('office', ['198.51.100.0/24', '10.0.1.0/31']),
  )

  it('all pairs, none of an endpoint with itself', () => {
    assert.deepEqual(told(ask(world, 'selector:all()', "app == 'web'", 'tcp/80')), ['allow tcp 80: 6', 'deny tcp 80: 6'])
    assert.deepEqual(told(ask(world, "app == 'web'", "app == 'web'", 'tcp/80')), ['deny tcp 80: 6'])
  })

  it('a network means its endpoints, and addresses outside it once for each kind', () => {
    const judgement = ask(world, '10.0.1.0/24', 'web1', 'tcp/80')
    assert.deepEqual(told(judgement), ['allow tcp 80: 2', 'deny tcp 80: 2'])
    const outside = judgement.answers[1]?.example.from
    assert.equal(outside?.endpoint, undefined)
    assert.ok(outside && formatIp(outside.ip).startsWith('10.0.1.'))
  })

  it('a network set means the endpoints in it too', () => {
    assert.deepEqual(told(ask(world, 'office', 'web1', 'tcp/80')), ['allow tcp 80: 1', 'deny tcp 80: 2'])
  })
})

describe('very many pairs', () => {
  const kinds = Array.from({ length: 25 }, (_, index) => index)
  const apps = kinds.map((n) =>
    policy(`app${n}`, { selector: `app == 'a${n}'`, ingress: [{ ...ALLOW_80, source: { selector: `app == 'a${(n + 1) % 25}'` } }] }),
  )
  const many = [
    OPEN,
    ...apps,
    ...kinds.map((n) => workload(`w${n}`, [`10.0.0.${n}`], { labels: { app: `a${n}` }, profiles: ['open'], node: `h${n % 2}` })),
  ]

  it('are told apart by their verdict alone', () => {
    const judgement = ask(manifestWorld(...many), 'selector:all()', 'selector:all()', 'tcp/80')
    assert.equal(judgement.coarse, true)
    assert.deepEqual(told(judgement), ['allow tcp 80: 25', 'deny tcp 80: 575'])
  })

  it('each by itself where hosts on the way have a say', () => {
    const gate = policy('gate', {
      selector: 'has(gate)',
      applyOnForward: true,
      types: ['Ingress'],
      ingress: [{ action: 'Deny', source: { selector: "app == 'a1'" } }, { action: 'Allow' }],
    })
    const judgement = ask(
      manifestWorld(...many, hostEndpoint('all', { interfaceName: '*', node: 'h1' }, { gate: 'yes' }), gate),
      'selector:has(app)',
      'selector:has(app)',
      'tcp/80',
    )
    assert.deepEqual(told(judgement), ['allow tcp 80: 24', 'deny tcp 80: 576'])
  })
})

describe('hosts on the way', () => {
  const forward = (action: string, more = {}) =>
    policy('gate', { selector: 'has(gate)', applyOnForward: true, types: ['Egress'], egress: [{ action, ...more }], ...more })
  const ends = [
    OPEN,
    workload('a', ['10.0.0.1'], { profiles: ['open'] }),
    workload('b', ['10.0.1.1'], { profiles: ['open'], node: 'h2' }),
    workload('near', ['10.0.0.2'], { profiles: ['open'] }),
  ]
  const eth0 = hostEndpoint('eth0', { interfaceName: 'eth0' }, { gate: 'yes' })
  const all = hostEndpoint('all', { interfaceName: '*' }, { gate: 'yes' })

  it('have no say without a policy for what is forwarded', () => {
    const world = manifestWorld(...ends, eth0, policy('gate', { selector: 'has(gate)', types: ['Egress'] }))
    const judgement = ask(world, 'a', 'b', 'tcp/80')
    assert.deepEqual([judgement.verdict, judgement.answers[0]?.example.forwards], ['allow', []])
  })

  it('which of several interfaces is taken cannot be told: a denial there is one only if it is that one', () => {
    const judgement = ask(manifestWorld(...ends, eth0, forward('Deny')), 'a', 'b', 'tcp/80')
    assert.equal(judgement.verdict, 'unknown')
    assert.deepEqual(
      judgement.answers[0]?.example.doubts.map(({ code, text }) => [code, text]),
      [['forwarded', 'it is denied if it leaves host h1 through host:eth0']],
    )
    assert.equal(ask(manifestWorld(...ends, eth0, forward('Allow')), 'a', 'b', 'tcp/80').verdict, 'allow')
    // What stays on the host does not go through eth0.
    assert.equal(ask(manifestWorld(...ends, eth0, forward('Deny')), 'a', 'near', 'tcp/80').verdict, 'allow')
  })

  it('a host endpoint for all interfaces stands at those of workloads too', () => {
    const deny = policy('gate', { selector: 'has(gate)', applyOnForward: true, types: ['Ingress'], ingress: [{ action: 'Deny' }] })
    const judgement = ask(manifestWorld(...ends, all, deny), 'a', 'near', 'tcp/80')
    assert.equal(judgement.verdict, 'deny')
    assert.deepEqual(
      judgement.answers[0]?.example.forwards.map(({ side, certain }) => [side.direction, side.verdict, certain]),
      [['ingress', 'deny', true]],
    )
  })

  it('preDNAT policies see what is forwarded as it comes in, save failsafe ports', () => {
    const before = policy('gate', { selector: 'has(gate)', preDNAT: true, applyOnForward: true, types: ['Ingress'], ingress: [{ action: 'Deny' }] })
    const world = manifestWorld(...ends, all, before)
    assert.equal(ask(world, '192.0.2.1', 'a', 'tcp/80').verdict, 'deny')
    assert.equal(ask(world, '192.0.2.1', 'a', 'tcp/22').verdict, 'allow')
    assert.equal(ask(world, 'b', 'near', 'tcp/22').verdict, 'allow')
  })

  it('parts of the traffic that only they tell apart are told apart', () => {
    const world = manifestWorld(
      ...ends,
      all,
      policy('gate', {
        selector: 'has(gate)',
        applyOnForward: true,
        types: ['Ingress'],
        ingress: [{ action: 'Deny', protocol: 'UDP' }, { action: 'Allow' }],
      }),
    )
    assert.deepEqual(told(ask(world, 'a', 'near')), ['allow all but udp; protocol 4: 1', 'deny udp but 4789: 1'])
    assert.deepEqual(told(ask(world, "selector:projectcalico.org/orchestrator == 'plain'", 'near', 'udp/53')), ['deny udp 53: 2'])
  })

  it('a host always reaches its own workloads; what they send to it is dropped unless a setting says otherwise', () => {
    const host = hostEndpoint('host', { interfaceName: 'eth0', expectedIPs: ['192.0.2.1'] })
    const world = manifestWorld(...ends, host)
    assert.equal(ask(world, 'host:host', 'a').verdict, 'allow')
    assert.equal(ask(world, 'host:host', 'a').answers[0]?.example.exempt, 'host to its own workload')
    assert.equal(ask(world, 'host:host', 'b').verdict, 'some', 'failsafe ports alone')
    assert.equal(ask(world, 'a', 'host:host', 'tcp/80').verdict, 'deny')
    assert.equal(ask(world, 'a', 'host:host', 'tcp/80').answers[0]?.example.toOwnHost, 'Drop')
    assert.deepEqual(told(ask(world, 'host:host', 'selector:all()', 'tcp/80')), ['allow tcp 80: 2', 'deny tcp 80: 1'])
  })
})

describe('what FelixConfiguration says', () => {
  const settings = (name: string, spec: Readonly<Record<string, unknown>>) => JSON.stringify({ ...CONFIGURATION, metadata: { name }, spec })
  const CONFIGURATION = { apiVersion: 'projectcalico.org/v3', kind: 'FelixConfiguration' }
  const ends = [
    OPEN,
    workload('a', ['10.0.0.1'], { node: 'h1', profiles: ['open'] }),
    workload('shut', ['10.0.0.2'], { node: 'h1' }),
    hostEndpoint('host', { node: 'h1', interfaceName: '*', expectedIPs: ['192.0.2.1'] }),
  ]
  const toHost = (action: string) => settings('default', { defaultEndpointToHostAction: action })

  for (const [action, verdict] of [
    ['Drop', 'deny'],
    ['Accept', 'allow'],
    ['Return', 'unknown'],
  ] as const) {
    it(`what a workload sends to its own host is judged by ${action}, after its own rules and preDNAT policies`, () => {
      const world = manifestWorld(...ends, toHost(action))
      assert.equal(ask(world, 'a', 'host:host', 'tcp/80').verdict, verdict)
      assert.equal(ask(world, 'shut', 'host:host', 'tcp/80').verdict, 'deny')
      const spec = { selector: 'all()', preDNAT: true, applyOnForward: true, types: ['Ingress'], ingress: [{ action: 'Deny', protocol: 'TCP' }] }
      const gated = manifestWorld(...ends, toHost(action), policy('gate', spec))
      assert.equal(ask(gated, 'a', 'host:host', 'tcp/80').verdict, 'deny')
      assert.equal(ask(gated, 'a', 'host:host', 'udp/80').verdict, verdict)
      assert.equal(ask(gated, 'a', 'host:host', 'tcp/22').verdict, verdict, 'preDNAT policies do not see failsafe ports')
    })
  }

  it('that of a node wins over that of a selector, and both over the one for all', () => {
    const node = JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata: { name: 'h1', labels: { rack: '1' } } })
    const some = settings('some', { nodeSelector: "rack == '1'", defaultEndpointToHostAction: 'Drop' })
    const verdict = (...more: string[]) => ask(manifestWorld(...ends, node, ...more), 'a', 'host:host', 'tcp/80').verdict
    assert.equal(verdict(some, toHost('Accept')), 'deny')
    assert.equal(verdict(settings('node.h1', { defaultEndpointToHostAction: 'accept' }), some), 'allow')
    assert.equal(verdict(settings('node.h2', { defaultEndpointToHostAction: 'Drop' }), toHost('Accept')), 'allow')
  })

  it('failsafe ports are those that it lists, to and from the networks that it names', () => {
    const world = manifestWorld(
      ...ends,
      settings('default', { failsafeInboundHostPorts: [{ port: 8022, net: '198.51.100.0/24' }], failsafeOutboundHostPorts: [] }),
    )
    assert.deepEqual(told(ask(world, '198.51.100.7', 'host:host')), ['allow tcp 8022: 1', 'deny all but tcp 8022: 1'])
    assert.equal(ask(world, '203.0.113.7', 'host:host').verdict, 'deny')
    assert.equal(ask(world, 'host:host', '203.0.113.7').verdict, 'deny', 'an empty list is one')
    assert.equal(ask(world, '198.51.100.0/24', 'host:host', 'tcp/8022').verdict, 'allow')
    assert.equal(ask(world, '198.51.0.0/16', 'host:host', 'tcp/8022').verdict, 'some')
  })

  it('a value that cannot be understood is as if it were not set', () => {
    const broken = settings('default', { failsafeInboundHostPorts: [{ protocol: 'XYZ', port: 1 }] })
    assert.equal(ask(manifestWorld(...ends, broken), '203.0.113.7', 'host:host', 'tcp/22').verdict, 'allow')
  })
})

describe('what cannot be told', () => {
  const ends = [OPEN, workload('a', ['10.0.0.1'], { profiles: ['open'] }), workload('b', ['10.0.1.1'], { profiles: ['open'] })]

  it('names the rules that hang on services or HTTP', () => {
    const world = manifestWorld(...ends, policy('http', { ingress: [{ action: 'Allow', http: { methods: ['GET'] } }, { action: 'Deny' }] }))
    const judgement = ask(world, 'a', 'b', 'tcp/80')
    assert.equal(judgement.verdict, 'unknown')
    assert.match(judgement.answers[0]?.example.doubts[0]?.text ?? '', /^rule 1 of GlobalNetworkPolicy http \(allow\) asks for something within HTTP/)
  })

  it('a denial that holds either way is one', () => {
    const world = manifestWorld(...ends, policy('http', { ingress: [{ action: 'Deny' }, { action: 'Allow', http: { methods: ['GET'] } }] }))
    assert.equal(ask(world, 'a', 'b', 'tcp/80').verdict, 'deny')
  })
})

describe('held to the indexed engine', () => {
  /** The pairs of a world's probes, each once. */
  function pairs(probes: readonly { from: { ip: string; endpoint?: string }; to: { ip: string; endpoint?: string } }[], world: World): [End, End][] {
    const byId = new Map(world.endpoints.map((endpoint) => [endpoint.id, endpoint]))
    const endOf = ({ ip, endpoint }: { ip: string; endpoint?: string }): End => ({
      endpoint: byId.get(endpoint ?? ''),
      ip: parseIp(ip) ?? assert.fail(ip),
    })
    return probes.slice(0, 12).map(({ from, to }) => [endOf(from), endOf(to)])
  }

  it('the parts that follow packets are exactly its sets', () => {
    let [asked, followed] = [0, 0]
    for (const recorded of recordedWorlds('worlds').slice(0, 15)) {
      if (JSON.stringify(recorded.resources).includes('"HostEndpoint"')) continue
      const world = worldOf(recorded)
      const engine = new Engine(world)
      const { space } = engine
      const indexes = new Map(world.endpoints.map((endpoint, index) => [endpoint, index]))
      const placeOf = ({ endpoint, ip }: End): number | undefined =>
        endpoint
          ? engine.places.ofEndpoint(indexes.get(endpoint) ?? -1)[addressesOf(endpoint).findIndex(({ value }) => value === ip.value)]
          : engine.places.at(ip)
      for (const [from, to] of pairs(recorded.probes, world)) {
        // An address of an endpoint, asked about as one outside, is not what a subject can mean.
        if ([from, to].some(({ endpoint, ip }) => !endpoint && engine.places.isOwned(ip))) continue
        const [source, target] = [placeOf(from), placeOf(to)]
        const ends = [from, to].map(
          ({ endpoint, ip }): Subject => ({ type: 'address', text: '', net: netOf(ip), endpoints: endpoint ? [endpoint] : [] }),
        )
        const [a, b] = ends
        const judged = a && b && judgeFew(world, a, b, { words: 'any' })
        assert.ok(source !== undefined && target !== undefined)
        asked++
        // Too many parts for this way.
        if (!judged) continue
        followed++
        const verdict = engine.verdict(source, target)
        // Sets of another space are told apart by their words.
        const same = (answers: readonly Answer[], set: ConnectionSet) => {
          const union = answers.reduce((sum, { connections }) => judged.space.union(sum, connections), NOTHING)
          assert.equal(describeSet(judged.space, union), describeSet(space, set), `${recorded.name} ${formatIp(from.ip)} ${formatIp(to.ip)}`)
        }
        const meant = from.endpoint ? space.complement(tunnels(space)) : space.complement(NOTHING)
        same(
          judged.answers.filter(({ verdict }) => verdict === 'allow'),
          space.intersect(meant, verdict.allowed),
        )
        same(
          judged.answers.filter(({ verdict }) => verdict === 'unknown'),
          space.intersect(meant, verdict.unknown),
        )
      }
    }
    assert.ok(asked > 60 && followed > asked * 0.9, `${followed} of ${asked}`)
  })

  it('what would allow a denied packet does, or it is a tunnel', () => {
    let [mended, tunnelled] = [0, 0]
    for (const recorded of recordedWorlds('worlds').slice(0, 15)) {
      const world = worldOf(recorded)
      const byId = new Map(world.endpoints.map((endpoint) => [endpoint.id, endpoint]))
      for (const { from, to, protocol, srcPort, dstPort, icmpType, icmpCode, verdict } of recorded.probes) {
        const endOf = ({ ip, endpoint, hostEndpoint }: typeof from): End => ({
          endpoint: byId.get(endpoint ?? `host:${hostEndpoint}`),
          ip: parseIp(ip) ?? assert.fail(ip),
        })
        if (verdict !== 'deny') continue
        const number = protocolNumber(protocol) ?? 0
        const header = JSON.parse(JSON.stringify({ protocol: number, srcPort, dstPort, icmpType, icmpCode })) as { protocol: number }
        const denied = examine(world, endOf(from), endOf(to), header)
        const traffic: Traffic = { words: '', protocol: number, ...(dstPort === undefined ? {} : { ports: [dstPort, dstPort] as const }) }
        const remedy = remedyFor(world, [denied], traffic)
        if (remedy) {
          assert.deepEqual(
            remedy.proofs.map(({ verdict }) => verdict),
            ['allow'],
          )
          mended++
        } else {
          assert.equal(denied.egress?.layers[0]?.type, 'always', JSON.stringify({ world: recorded.name, from, to }))
          tunnelled++
        }
      }
    }
    assert.ok(mended > 100 && tunnelled > 0, `${mended} ${tunnelled}`)
  })
})

describe('what would allow it', () => {
  const denied = (world: World, from: string, to: string, traffic: string) => {
    const judgement = ask(world, from, to, traffic)
    const [answer] = judgement.answers
    return answer ? remedyFor(world, [answer.example], trafficOf(traffic))?.changes : assert.fail()
  }
  const a = workload('a', ['10.0.0.1'], { labels: { app: 'a' }, profiles: ['open'] })

  it('a rule at the end of the profile, for the label that the fewest have', () => {
    const world = manifestWorld(OPEN, profile('net', { ingress: [] }), a, workload('b', ['10.0.0.2'], { profiles: ['net'] }))
    const [change] = denied(world, 'a', 'b', 'tcp/80') ?? []
    assert.ok(change?.type === 'rule')
    assert.deepEqual(
      [change.owner.name, change.direction, change.index, change.rule],
      ['net', 'ingress', 0, { action: 'Allow', protocol: 'TCP', source: { selector: "app == 'a'" }, destination: { ports: [80] } }],
    )
  })

  it('a rule in front of the one that denies', () => {
    const world = manifestWorld(
      OPEN,
      policy('guard', { selector: "app == 'b'", ingress: [{ action: 'Log' }, { action: 'Deny', protocol: 'UDP' }, { action: 'Allow' }] }),
      a,
      workload('b', ['10.0.0.2'], { labels: { app: 'b' }, profiles: ['open'] }),
    )
    const [change] = denied(world, 'a', 'b', 'udp/53') ?? []
    assert.ok(change?.type === 'rule')
    assert.deepEqual([change.owner.name, change.index], ['guard', 1])
  })

  it('in a policy of a namespace, a peer of another one is named beyond it', () => {
    const world = manifestWorld(OPEN, policy('guard', {}, 'prod'), a, workload('b', ['10.0.0.2'], { namespace: 'prod', profiles: ['open'] }))
    const [change] = denied(world, 'a', 'b', 'tcp/80') ?? []
    assert.ok(change?.type === 'rule')
    assert.deepEqual(change.rule.source, { selector: "app == 'a'", namespaceSelector: 'all()' })
  })

  it('at both ends where both deny', () => {
    const world = manifestWorld(
      profile('shut', {}),
      workload('a', ['10.0.0.1'], { profiles: ['shut'] }),
      workload('b', ['10.0.0.2'], { profiles: ['shut'] }),
    )
    const changes = denied(world, 'a', 'b', 'icmp/8') ?? []
    assert.deepEqual(
      changes.map((change) => [change.type, change.direction]),
      [
        ['rule', 'egress'],
        ['rule', 'ingress'],
      ],
    )
    const [change] = changes
    assert.deepEqual(change?.type === 'rule' && change.rule, {
      action: 'Allow',
      protocol: 'ICMP',
      icmp: { type: 8 },
      destination: { nets: ['10.0.0.2/32'] },
    })
  })

  it('a profile that is not there, or a policy for an endpoint that nothing acts on', () => {
    const world = manifestWorld(
      OPEN,
      a,
      workload('b', ['10.0.0.2'], { profiles: ['gone'] }),
      workload('bare', ['10.0.0.3'], { labels: { app: 'bare' } }),
    )
    const [made] = denied(world, 'a', 'b', 'tcp/80') ?? []
    assert.deepEqual(made?.type === 'resource' && [made.resource.kind, made.resource.metadata.name], ['Profile', 'gone'])
    const [policied] = denied(world, 'a', 'bare', 'tcp/80') ?? []
    assert.ok(policied?.type === 'resource')
    assert.equal(policied.resource.kind, 'NetworkPolicy')
    assert.equal((policied.resource.spec as { selector: string }).selector, "app == 'bare'")
  })

  it('nothing, for tunnels of workloads', () => {
    const world = manifestWorld(OPEN, a, workload('b', ['10.0.0.2'], { profiles: ['open'] }))
    assert.equal(ask(world, 'a', 'b', 'udp/4789').verdict, 'deny')
    assert.equal(denied(world, 'a', 'b', 'udp/4789'), undefined)
  })
})
