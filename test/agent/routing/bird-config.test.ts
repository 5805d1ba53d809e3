import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { bgpPlan } from '../../../src/agent/routing/bgp.ts'
import { birdConfig } from '../../../src/agent/routing/bird-config.ts'
import { routingFacts } from '../../../src/agent/routing/facts.ts'
import type { Resource } from '../../../src/model/kind.ts'
import { parseCidr } from '../../../src/model/net.ts'
import { namespacesHere } from '../../lab/namespace.ts'

/** What stands in BIRD's file; BIRD itself says whether it can be read. */

const resource = (kind: string, name: string, spec: object): Resource => ({ kind, apiVersion: 'projectcalico.org/v3', metadata: { name }, spec })
const BLOCKS = [
  { node: 'alpha', block: parseCidr('10.1.0.0/26') ?? assert.fail() },
  { node: 'alpha', block: parseCidr('10.1.9.9/32') ?? assert.fail() },
  { node: 'alpha', block: parseCidr('fd10::/122') ?? assert.fail() },
]
const ALPHA = resource('Node', 'alpha', { bgp: { ipv4Address: '172.18.18.101/24', ipv6Address: 'fd18::101/64' } })

const textOf = (resources: readonly Resource[], password?: string) => {
  const plan = bgpPlan(routingFacts('alpha', [ALPHA, ...resources], BLOCKS, []), () => password) ?? assert.fail('no plan')
  return birdConfig(plan, '/run/bird.log')
}

describe("BIRD's file", { skip: namespacesHere('bird') }, () => {
  let folder: string
  before(() => void (folder = mkdtempSync(join(tmpdir(), 'calicoctl-bird-'))))
  after(() => rmSync(folder, { recursive: true }))

  /** What BIRD says against it. */
  const refusal = (text: string): string => {
    writeFileSync(join(folder, 'bird.cfg'), text)
    return spawnSync('bird', ['-p', '-c', join(folder, 'bird.cfg')], { encoding: 'utf8' }).stderr
  }

  it('without an address of the host it is there all the same, and says nothing', () => {
    assert.equal(refusal(birdConfig(undefined, '/run/bird.log').text), '')
  })

  it("each pool: who is told of it, and whose routes in the kernel are the agent's", () => {
    const pools = [
      resource('IPPool', 'plain', { cidr: '10.1.0.0/16' }),
      resource('IPPool', 'quiet', { cidr: '10.2.0.0/16', disableBGPExport: true }),
      resource('IPPool', 'vxlan', { cidr: '10.3.0.0/16', vxlanMode: 'CrossSubnet' }),
      resource('IPPool', 'ipip', { cidr: '10.4.0.0/16', ipipMode: 'Always' }),
      resource('IPPool', 'mixed', { cidr: '10.5.0.0/16', ipipMode: 'CrossSubnet' }),
      resource('IPPool', 'six', { cidr: 'fd10::/64' }),
    ]
    const { text, notes } = textOf(pools)
    assert.equal(refusal(text), '')
    assert.deepEqual(notes, [])
    const body = (start: string) => text.slice(text.indexOf(start)).split('\n}')[0]?.split('\n').slice(1)
    assert.deepEqual(body('function announce4'), [
      '  if net ~ 10.2.0.0/16 then reject;',
      '  if source = RTS_DEVICE then reject;',
      '  if net ~ [ 10.1.0.0/26{27,32} ] then reject;',
      '  if net ~ 10.1.0.0/16 then accept;',
      '  if net ~ 10.2.0.0/16 then accept;',
      '  if net ~ 10.3.0.0/16 then accept;',
      '  if net ~ 10.4.0.0/16 then accept;',
      '  if net ~ 10.5.0.0/16 then accept;',
      '  reject;',
    ])
    assert.deepEqual(body('filter to_kernel4'), [
      '  if proto = "gateways4" then accept;',
      '  if source != RTS_BGP then reject;',
      '  if net ~ 10.3.0.0/16 then reject;',
      '  if net ~ 10.4.0.0/16 then reject;',
      '  if net ~ 10.5.0.0/16 && bgp_next_hop !~ 172.18.18.0/24 then reject;',
      '  krt_prefsrc = 172.18.18.101;',
      '  if !defined(krt_metric) then krt_metric = 1024;',
      '  accept;',
    ])
    assert.match(text, /^protocol static blocks6 \{ ipv6; route fd10::\/122 blackhole; \}$/m)
  })

  it('each kind of rule of a filter', () => {
    const rules = [
      { cidr: '10.0.0.0/8', matchOperator: 'In', action: 'Accept' },
      { cidr: '10.0.0.0/8', matchOperator: 'NotIn', prefixLength: { min: 16, max: 24 }, action: 'Accept' },
      { cidr: '10.0.0.0/8', matchOperator: 'Equal', prefixLength: { max: 24 }, action: 'Accept' },
      { cidr: '10.0.0.0/8', matchOperator: 'NotEqual', action: 'Reject' },
      { source: 'RemotePeers', interface: 'eth*', peerType: 'eBGP', action: 'Reject' },
      { peerType: 'iBGP', action: 'Reject' },
      { communities: { values: ['65000:1'] }, asPathPrefix: [65000, 65001], priority: 77, action: 'Reject' },
      {
        action: 'Accept',
        communities: { values: ['65000:1:2'] },
        operations: [
          { addCommunity: { value: '65000:9' } },
          { addCommunity: { value: '1:2:3' } },
          { prependASPath: { prefix: [1, 2] } },
          { setPriority: { value: 99 } },
        ],
      },
    ]
    const { text, notes } = textOf([
      resource('BGPFilter', 'all', { importV4: rules }),
      resource('BGPPeer', 'tor', { peerIP: '192.0.2.1', asNumber: 65000, filters: ['all'] }),
    ])
    assert.equal(refusal(text), '')
    assert.deepEqual(notes, [])
    assert.deepEqual(
      /import filter \{\n(.*?)\n {4}\};/s
        .exec(text)?.[1]
        ?.split('\n')
        .map((line) => line.trim()),
      [
        'if (net ~ 10.0.0.0/8) then { accept; }',
        'if (net !~ [ 10.0.0.0/8{16,24} ]) then { accept; }',
        'if (net = 10.0.0.0/8 && net.len >= 0 && net.len <= 24) then { accept; }',
        'if (net != 10.0.0.0/8) then { reject; }',
        'if (source = RTS_BGP) && (defined(ifname)) && (ifname ~ "eth*") then { reject; }',
        'if ((65000,1) ~ bgp_community) && (bgp_path ~ [= 65000 65001 * =]) && (defined(krt_metric)) && (krt_metric = 77) then { reject; }',
        'if ((65000,1,2) ~ bgp_large_community) then { bgp_community.add((65000,9)); bgp_large_community.add((1,2,3)); bgp_path.prepend(2); bgp_path.prepend(1); krt_metric = 99; accept; }',
        'accept;',
      ],
    )
  })

  it('the settings of sessions', () => {
    const { text } = textOf(
      [
        resource('BGPConfiguration', 'default', {
          listenPort: 1790,
          bindMode: 'NodeIP',
          ignoredInterfaces: ['foo*'],
          logSeverityScreen: 'debug',
          ipv4NormalRoutePriority: 500,
        }),
        resource('BGPPeer', 'tor', {
          peerIP: '192.0.2.1',
          asNumber: 65000,
          ttlSecurity: 3,
          keepaliveTime: '10s',
          maxRestartTime: '1m0s',
          numAllowedLocalASNumbers: 2,
          nextHopMode: 'Self',
          reachableBy: '172.18.18.1',
          password: { secretKeyRef: { name: 'a', key: 'b' } },
        }),
        resource('BGPPeer', 'six', { peerIP: '[fd00::1]:200', asNumber: 65000, sourceAddress: 'None' }),
      ],
      'open; sesame \\ {}',
    )
    assert.equal(refusal(text), '')
    for (const part of [
      '  local 172.18.18.101 port 1790 as 64512;\n  neighbor 192.0.2.1 port 179 as 65000;\n  ttl security on; multihop 3;',
      '  graceful restart time 60;\n  keepalive time 10; hold time 240;\n  allow local as 2;\n  strict bind on;\n  password "open; sesame \\ {}";',
      'next hop self;',
      'route 192.0.2.1/32 via 172.18.18.1;',
      'protocol bgp Global_fd00__1_port_200 {\n  local port 1790 as 64512;\n  neighbor fd00::1 port 200 as 65000;',
      '-"foo*", "*"',
      'krt_metric = 500;',
      'info, remote, trace',
    ])
      assert.ok(text.includes(part), `${part}\nis not in\n${text}`)
  })

  it('a password that quotes cannot hold: no session', () => {
    const peer = resource('BGPPeer', 'tor', { peerIP: '192.0.2.1', asNumber: 65000, password: { secretKeyRef: { name: 'a', key: 'b' } } })
    for (const password of ['a"b', 'a\nb', '', 'x'.repeat(81), 'a\u0000b']) {
      const { text, notes } = textOf([peer], password)
      assert.doesNotMatch(text, /protocol bgp/)
      assert.equal(notes.length, 1)
      assert.equal(refusal(text), '')
    }
  })

  it('whatever stands in resources, BIRD can read the file, and nothing is in it that was not meant', () => {
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((seed / 2_147_483_648) * below)
    }
    const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T
    const evil = () => pick(EVIL)
    const some = (good: readonly unknown[]) => (random(3) === 0 ? evil() : pick(good))
    const rule = () => ({
      cidr: some(['10.0.0.0/8', 'fd00::/8', '']),
      matchOperator: some(['In', 'NotIn', 'Equal', 'NotEqual']),
      prefixLength: pick([undefined, { min: random(40) - 5, max: random(200) }, {}]),
      source: some(['RemotePeers', '']),
      interface: some(['eth*', '']),
      peerType: some(['eBGP', 'iBGP', '']),
      communities: pick([undefined, { values: [some(['1:2', '1:2:3'])] }]),
      asPathPrefix: pick([undefined, [1, 2], []]),
      priority: pick([undefined, 5]),
      action: some(['Accept', 'Reject']),
      operations: pick([
        undefined,
        [{ addCommunity: { value: some(['1:2']) } }],
        [{ setPriority: { value: 7 } }, { prependASPath: { prefix: [5] } }],
      ]),
    })
    for (let round = 0; round < 150; round++) {
      const resources = [
        resource('Node', evil(), {
          bgp: {
            ipv4Address: some(['172.18.18.102/24', '172.18.18.103']),
            ipv6Address: some(['fd18::102/64']),
            routeReflectorClusterID: some(['244.0.0.1', '']),
          },
        }),
        resource('IPPool', evil(), {
          cidr: some(['10.1.0.0/16', 'fd10::/64']),
          ipipMode: some(['Always', 'CrossSubnet']),
          vxlanMode: some(['Never']),
          disableBGPExport: random(2) === 0,
        }),
        resource('BGPConfiguration', 'default', {
          logSeverityScreen: some(['Info', 'Debug']),
          ignoredInterfaces: [some(['eth1', 'foo*'])],
          bindMode: some(['NodeIP', 'None']),
          communities: [{ name: evil(), value: some(['1:2']) }],
          prefixAdvertisements: [{ cidr: some(['10.1.0.0/16']), communities: [some(['1:2', '1:2:3'])] }],
          nodeMeshMaxRestartTime: some(['10s', '-5s', '99999h']),
        }),
        resource('BGPFilter', 'f', { importV4: [rule(), rule()], exportV4: [rule()], importV6: [rule()], exportV6: [rule(), rule()] }),
        resource('BGPPeer', evil(), {
          peerIP: some(['192.0.2.1', '[fd00::1]:1000', '192.0.2.7:180']),
          asNumber: pick([65000, 64512, 0]),
          filters: ['f', evil()],
          keepaliveTime: some(['10s', '-1s', '9999999s']),
          maxRestartTime: some(['0s', '5000s']),
          numAllowedLocalASNumbers: pick([-4, 0, 3, 1000]),
          ttlSecurity: pick([0, 1, 255, 999]),
          reachableBy: some(['172.18.18.1', 'fd18::1']),
          nextHopMode: some(['Self', 'Keep', 'Auto']),
          sourceAddress: some(['None', 'UseNodeIP']),
          password: pick([undefined, { secretKeyRef: { name: evil(), key: evil() } }]),
        }),
      ]
      const { text } = textOf(resources, evil())
      assert.equal(refusal(text), '', text)
      // Quoted it is a name; outside of quotes it would be a command.
      assert.doesNotMatch(text.replaceAll(/"[^"\n]*"/g, '""'), /INJECTED/, text)
    }
  })
})

const EVIL = [
  '"; INJECTED; "',
  'INJECTED',
  'x"\n}\nprotocol INJECTED {}',
  '\u0000INJECTED',
  '# INJECTED',
  '/* INJECTED',
  "'INJECTED'",
  '\\"INJECTED',
  '10.0.0.1; INJECTED',
  'é\u2028INJECTED',
  '{INJECTED}',
  '',
  ' ',
  '%n%s',
  '🐦 INJECTED',
  'x'.repeat(5000),
  '$(INJECTED)',
  '1:2; INJECTED',
]
