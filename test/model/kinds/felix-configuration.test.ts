import assert from 'node:assert/strict'
import { test } from 'node:test'
import { felixConfiguration } from '../../../src/model/kinds/felix-configuration.ts'
import { decodeResource, encodeResource } from '../../../src/model/resource.ts'
import { shapeOf } from '../../../src/model/shape.ts'
import { readRecords } from '../../conformance/data.ts'
import { judge } from './judge.ts'

const DEFAULT = { name: 'default' }

test('all fields of the recorded object with nearly all fields are known, in the order of its bytes', () => {
  const everything = readRecords<{ name: string; stored?: string }>('validation/felixconfiguration').find(({ name }) => name === 'everything set')
  const recorded = Object.keys((JSON.parse(everything?.stored ?? '') as { spec: object }).spec)
  const shape = shapeOf(felixConfiguration.body.spec)
  assert.ok(shape.type === 'struct')
  const declared = shape.fields.map(([name]) => name)
  assert.equal(declared.length, 188)
  // A selector cannot stand in "default", nor both forms of route tables.
  assert.deepEqual(
    declared.filter((name) => !['nodeSelector', 'routeTableRange'].includes(name)),
    recorded,
  )
})

const completed: readonly [what: string, spec: object, stored: string][] = [
  [
    'an empty spec',
    {},
    '{"nftablesMode":"Auto","nftablesFlowTableOffload":"Disabled","bpfLogLevel":"","bpfConnectTimeLoadBalancing":"TCP","bpfHostNetworkedNATWithoutCTLB":"Enabled","floatingIPs":"Disabled"}',
  ],
  [
    'what is set stays',
    {
      nftablesMode: 'Disabled',
      nftablesFlowTableOffload: 'All',
      bpfLogLevel: 'info',
      bpfConnectTimeLoadBalancing: 'Enabled',
      floatingIPs: 'Enabled',
    },
    '{"nftablesMode":"Disabled","nftablesFlowTableOffload":"All","bpfLogLevel":"info","bpfConnectTimeLoadBalancing":"Enabled","bpfHostNetworkedNATWithoutCTLB":"Enabled","floatingIPs":"Enabled"}',
  ],
  [
    'the switch that is out of use decides over its successors',
    { bpfConnectTimeLoadBalancingEnabled: false, bpfConnectTimeLoadBalancing: 'TCP', bpfHostNetworkedNATWithoutCTLB: 'Enabled' },
    '{"nftablesMode":"Auto","nftablesFlowTableOffload":"Disabled","bpfLogLevel":"","bpfConnectTimeLoadBalancingEnabled":false,"bpfConnectTimeLoadBalancing":"Disabled","bpfHostNetworkedNATWithoutCTLB":"Disabled","floatingIPs":"Disabled"}',
  ],
]

for (const [what, spec, stored] of completed) {
  test(`defaults: ${what}`, () => {
    const judged = judge(felixConfiguration, spec, DEFAULT)
    assert.deepEqual(judged.faults, [])
    assert.equal(judged.stored, `{"kind":"FelixConfiguration","apiVersion":"projectcalico.org/v3","metadata":{"name":"default"},"spec":${stored}}`)
  })
}

/** How a value is stored; nothing: the field is left out. */
const kept: readonly [field: string, value: unknown, stored?: unknown][] = [
  ['ipv6Support', false, false],
  ['healthPort', 0, 0],
  ['debugHost', '', ''],
  ['interfacePrefix', ''],
  ['failsafeInboundHostPorts', [], []],
  ['failsafeInboundHostPorts', [{}], [{ port: 0 }]],
  ['failsafeInboundHostPorts', [{ protocol: 6, port: 22, net: 'x' }], [{ protocol: '6', port: 22, net: 'x' }]],
  ['healthTimeoutOverrides', []],
  ['healthTimeoutOverrides', [{ name: 'x' }], [{ name: 'x', timeout: '0s' }]],
  ['kubeNodePortRanges', ['80:80', '1:2'], [80, '1:2']],
  ['routeTableRanges', [], []],
  ['routeTableRanges', [{ min: 1, max: 65_535 }], [{ min: 1, max: 65_535 }]],
  ['routeTableRanges', [{ min: 4_294_967_295, max: 4_294_967_295 }], [{ min: 4_294_967_295, max: 4_294_967_295 }]],
  ['bpfConntrackTimeouts', { tcpSynSent: null }, {}],
  ['bpfConntrackTimeouts', { tcpSynSent: 'Auto', udpTimeout: '1.5h20us' }, { tcpSynSent: 'Auto', udpTimeout: '1.5h20us' }],
  ['bpfLogFilters', { all: '', eth0: null }, { all: '', eth0: '' }],
  ['chainInsertMode', 'APPEND', 'APPEND'],
  ['chainInsertMode', ''],
  ['ipForwarding', ''],
  ['reportingInterval', '0.5h', '30m0s'],
  ['dataplaneWatchdogTimeout', '-1.5s', '-1.5s'],
  ['nftablesRefreshInterval', '10us', '10µs'],
  ['liveMigrationRouteConvergenceTime', '1500ms', '1.5s'],
  ['localSubnetL2ReachabilityRefreshInterval', '-1s', '-1s'],
  ['featureDetectOverride', 'A=true,B=false,', 'A=true,B=false,'],
  ['featureGates', 'X=a b', 'X=a b'],
  ['logActionRateLimit', '9999/day', '9999/day'],
  ['externalNodesList', ['10.0.0.1', '10.0.0.1/8'], ['10.0.0.1', '10.0.0.1/8']],
  ['bpfDSROptoutCIDRs', ['', '10.0.0.1/8', 'fd00::1'], ['', '10.0.0.1/8', 'fd00::1']],
  ['wireguardInterfaceName', '*', '*'],
  ['istioDSCPMark', '23', 23],
  ['iptablesMarkMask', 4_294_967_295, 4_294_967_295],
]

for (const [field, value, stored] of kept) {
  test(`${field}: ${JSON.stringify(value)} is stored as ${JSON.stringify(stored) ?? 'nothing'}`, () => {
    const judged = judge(felixConfiguration, { [field]: value }, DEFAULT)
    assert.deepEqual(judged.faults, [])
    assert.deepEqual((JSON.parse(judged.stored) as { spec: Record<string, unknown> }).spec[field], stored)
  })
}

const refused: readonly [spec: object, fault: RegExp][] = [
  [{ nodeSelector: 'all()' }, /^spec\.nodeSelector: nodeSelector cannot be set in the FelixConfiguration "default" \("default" holds for all nodes/],
  [{ nodeSelector: '' }, /^spec\.nodeSelector: nodeSelector cannot be set/],
  [{ routeTableRange: { min: 1, max: 2 }, routeTableRanges: [] }, /^spec\.routeTableRange: routeTableRange and routeTableRanges cannot both be set/],
  [{ routeTableRange: { max: 250 } }, /^spec\.routeTableRange\.min: min is 0, and route tables begin with 1/],
  [{ routeTableRange: { min: 1 } }, /^spec\.routeTableRange\.max: max must be given: the range begins with 1/],
  [{ routeTableRange: { min: 1, max: 251 } }, /^spec\.routeTableRange\.max: max is 251, and the last route table is 250/],
  [
    {
      routeTableRanges: [
        { min: 1, max: 2 },
        { min: 0, max: 2 },
      ],
    },
    /^spec\.routeTableRanges\[1\]\.min: min is 0/,
  ],
  [{ routeTableRanges: [{ min: 5, max: 4 }] }, /^spec\.routeTableRanges\[0\]\.max: max 4 is below min 5/],
  [{ routeTableRanges: [null] }, /^spec\.routeTableRanges\[0\]\.min: min is 0/],
  [{ routeTableRanges: [{ min: 4_294_967_296, max: 4_294_967_296 }] }, /^spec\.routeTableRanges\[0\]\.max: max is 4294967296/],
  [
    {
      routeTableRanges: [
        { min: 1, max: 60_000 },
        { min: 1, max: 6000 },
      ],
    },
    /^spec\.routeTableRanges: the ranges hold 66000 route tables together/,
  ],
  [{ healthTimeoutOverrides: [{ timeout: '1s' }] }, /^spec\.healthTimeoutOverrides\[0\]\.name: the part of Felix must be named/],
  [{ healthTimeoutOverrides: [{ name: 'a.b' }] }, /^spec\.healthTimeoutOverrides\[0\]\.name: "a\.b" is not the name of a part of Felix/],
  [{ healthTimeoutOverrides: [{ name: 'a', timeout: '-1s' }] }, /^spec\.healthTimeoutOverrides\[0\]\.timeout: "-1s" is negative/],
  [{ kubeNodePortRanges: [1, 2, 3, 4, 5, 6, 7, 8] }, /^spec\.kubeNodePortRanges: has 8 items, 7 at most are allowed/],
  [{ kubeNodePortRanges: ['http'] }, /^spec\.kubeNodePortRanges\[0\]: "http" is a name \(only port numbers and ranges/],
  [{ kubeNodePortRanges: [null] }, /^spec\.kubeNodePortRanges\[0\]: 0 is not a port/],
  [{ failsafeInboundHostPorts: [{ port: 65_536 }] }, /^spec\.failsafeInboundHostPorts\[0\]\.port: 65536 is not between 0 and 65535/],
  [{ bpfForceTrackPacketsFromIfaces: ['eth*'] }, /^spec\.bpfForceTrackPacketsFromIfaces\[0\]: "eth\*" is not an interface name/],
  [{ bpfForceTrackPacketsFromIfaces: [''] }, /^spec\.bpfForceTrackPacketsFromIfaces\[0\]: "" is not an interface name/],
  [{ bpfForceTrackPacketsFromIfaces: [null] }, /^spec\.bpfForceTrackPacketsFromIfaces\[0\]: "" is not an interface name/],
  [{ bpfLogFilters: { 'eth 0': '' } }, /^spec\.bpfLogFilters\.eth 0: "eth 0" is not an interface name/],
  [{ bpfConntrackTimeouts: { tcpSynSent: 20 } }, /^spec\.bpfConntrackTimeouts\.tcpSynSent: "20" is not a timeout/],
  [{ bpfConntrackTimeouts: { tcpSynSent: `${'m'.repeat(50)}!` } }, /^spec\.bpfConntrackTimeouts\.tcpSynSent: "m+!" is not a timeout/],
  [{ bpfDataIfacePattern: '(?!x)' }, /^spec\.bpfDataIfacePattern: "\(\?!x\)" looks around/],
  [{ bpfExcludeCIDRsFromNAT: ['x'] }, /^spec\.bpfExcludeCIDRsFromNAT\[0\]: "x" is not an IP address/],
  [{ externalNodesList: ['fd00::/8'] }, /^spec\.externalNodesList\[0\]: "fd00::\/8" is not an IPv4 address/],
  [{ externalNodesList: [null] }, /^spec\.externalNodesList\[0\]: ""/],
  [{ natOutgoingAddress: '::ffff:10.0.0.1' }, /^spec\.natOutgoingAddress: "::ffff:10\.0\.0\.1" is not an IPv4 address/],
  [{ deviceRouteSourceAddressIPv6: '::ffff:10.0.0.1' }, /^spec\.deviceRouteSourceAddressIPv6: "::ffff:10\.0\.0\.1" is not an IPv6 address/],
  [{ reportingInterval: '1.5s' }, /^spec\.reportingInterval: "1\.5s" has a fraction/],
  [{ liveMigrationRouteConvergenceTime: '10us' }, /^spec\.liveMigrationRouteConvergenceTime: "10µs" is finer than a millisecond/],
  [{ featureDetectOverride: 'A' }, /^spec\.featureDetectOverride: "A" has "A" without a value/],
  [{ featureDetectOverride: 'A=yes' }, /^spec\.featureDetectOverride: "A=yes" is not a list of features/],
  [{ featureGates: 'X=1, Y=2' }, /^spec\.featureGates: "X=1, Y=2" is not a list of features/],
  [{ openstackRegion: 'a'.repeat(47) }, /^spec\.openstackRegion: "a+" has 47 characters, 46 at most are allowed/],
  [{ logPrefix: 'a$b' }, /^spec\.logPrefix: "a\$b" has characters that a log prefix cannot have/],
  [{ logActionRateLimit: '' }, /^spec\.logActionRateLimit: "" is not a rate/],
  [{ prometheusMetricsHost: '[::1]' }, /^spec\.prometheusMetricsHost: "\[::1\]" is not an address or host name/],
  [{ iptablesBackend: 'nft' }, /^spec\.iptablesBackend: "nft" is not one of "Legacy", "NFT", "Auto" \(did you mean "NFT"\?\)/],
  [{ chainInsertMode: 'Before' }, /^spec\.chainInsertMode: "Before" is not one of "Insert", "Append"/],
  [{ bpfLogLevel: 'Of' }, /^spec\.bpfLogLevel: "Of" is not one of .* \(did you mean "Off"\?\)/],
  [{ goMaxProcs: -2 }, /^spec\.goMaxProcs: -2 is smaller than -1/],
  [{ wireguardListeningPort: 0 }, /^spec\.wireguardListeningPort: 0 is not between 1 and 65535/],
  [{ ifaceExclude: 'x' }, /^spec\.ifaceExclude: unknown field "ifaceExclude"/],
]

for (const [spec, fault] of refused) {
  test(`refused: ${JSON.stringify(spec).slice(0, 80)}`, () => {
    const { faults } = judge(felixConfiguration, spec, DEFAULT)
    assert.equal(faults.length, 1, faults.join(' | '))
    assert.match(faults[0] ?? '', fault)
  })
}

test('a selector is possible in an object of another name only', () => {
  assert.deepEqual(judge(felixConfiguration, { nodeSelector: "rack == 'a'" }, { name: 'rack-a' }).faults, [])
  assert.match(
    judge(felixConfiguration, { nodeSelector: "rack == 'a'" }, { name: 'node.n1' }).faults[0] ?? '',
    /"node\.n1" holds for that node alone/,
  )
})

test('a stored object of an older release is read as it is, without what is no longer known', () => {
  const spec = { iptablesLockTimeout: '10s', reportingInterval: '1.5s', chainInsertMode: 'Before', nftablesMode: 'Auto' }
  const raw = { kind: 'FelixConfiguration', metadata: DEFAULT, spec }
  const resource = decodeResource(felixConfiguration, raw, { stored: true, report: (fault) => assert.fail(fault.message) })
  const stored = '{"chainInsertMode":"Before","reportingInterval":"1.5s","nftablesMode":"Auto","bpfLogLevel":""}'
  assert.ok(encodeResource(felixConfiguration, resource).endsWith(`"spec":${stored}}`))
})
