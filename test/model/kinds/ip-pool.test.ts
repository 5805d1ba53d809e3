import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ipPool } from '../../../src/model/kinds/ip-pool.ts'
import { decodeResource } from '../../../src/model/resource.ts'
import { judge } from './judge.ts'

const V4 = '10.10.0.0/16'
const V6 = 'fd00:10::/64'

const completed: readonly [what: string, spec: object, stored: object][] = [
  [
    'an IPv4 pool',
    { cidr: V4 },
    {
      cidr: V4,
      vxlanMode: 'Never',
      ipipMode: 'Never',
      blockSize: 26,
      nodeSelector: 'all()',
      allowedUses: ['Workload', 'Tunnel'],
      assignmentMode: 'Automatic',
    },
  ],
  ['an IPv6 pool', { cidr: V6 }, { blockSize: 122 }],
  ['another spelling of a network', { cidr: 'FD00:0010:0::/064' }, { cidr: V6 }],
  ['IPv4 in IPv6 clothes', { cidr: '::ffff:10.0.0.0/104' }, { cidr: '10.0.0.0/8', blockSize: 26 }],
  [
    'what is empty',
    { cidr: V4, vxlanMode: '', ipipMode: '', nodeSelector: '', assignmentMode: '', allowedUses: [], blockSize: 0 },
    { vxlanMode: 'Never', nodeSelector: 'all()', allowedUses: ['Workload', 'Tunnel'], blockSize: 26 },
  ],
  ['a small pool that is disabled', { cidr: '10.0.0.0/30', disabled: true }, { blockSize: 26, disabled: true }],
  ['a pool of single addresses', { cidr: '10.0.0.0/31', blockSize: 32 }, { blockSize: 32 }],
  ['namespaces with workloads only', { cidr: V4, namespaceSelector: "team == 'a'", allowedUses: ['Workload'] }, { namespaceSelector: "team == 'a'" }],
]

for (const [what, spec, stored] of completed) {
  test(`${what} is completed as Calico's client does it`, () => {
    const { faults, resource } = judge(ipPool, spec)
    assert.deepEqual(faults, [])
    assert.deepEqual(resource.spec, { ...(resource.spec as object), ...stored })
  })
}

const refused: readonly [what: string, spec: object, faults: readonly (string | RegExp)[]][] = [
  ['no network', {}, ['spec.cidr: cidr must be given (write a network such as 192.168.0.0/16)']],
  ['an address', { cidr: '10.1.2.3' }, ['spec.cidr: "10.1.2.3" is not a network in CIDR notation (write 10.1.2.3/32 for this address alone)']],
  ['host bits', { cidr: '10.1.2.3/16' }, ['spec.cidr: "10.1.2.3/16" is not strictly masked (write 10.1.0.0/16)']],
  ['link local', { cidr: '169.0.0.0/8' }, [/^spec\.cidr: cidr 169\.0\.0\.0\/8 overlaps with the link local range 169\.254\.0\.0\/16/]],
  ['everything', { cidr: '::/0' }, [/^spec\.cidr: .* link local range fe80::\/10/]],
  [
    'smaller than a block',
    { cidr: '10.0.0.0/27' },
    [/^spec\.cidr: cidr 10\.0\.0\.0\/27 is too small: .*\/26 \(use a larger network, or blockSize 27 or above\)/],
  ],
  ['smaller than any block', { cidr: 'fd00::/115', blockSize: 115 }, [/^spec\.blockSize: blockSize 115 is not between 116 and 128/]],
  ['an IPv6 block size for IPv4', { cidr: V4, blockSize: 122 }, ['spec.blockSize: blockSize 122 is not between 20 and 32, as IPv4 pools have it']],
  ['a negative block size', { cidr: V4, blockSize: -1 }, [/^spec\.blockSize: blockSize -1/]],
  ['a block size as text', { cidr: V4, blockSize: '26' }, [/^spec\.blockSize: expected an integer/]],
  ['both encapsulations', { cidr: V4, ipipMode: 'Always', vxlanMode: 'CrossSubnet' }, [/^spec\.ipipMode: ipipMode and vxlanMode cannot both/]],
  ['IP in IP for IPv6', { cidr: V6, ipipMode: 'CrossSubnet' }, [/^spec\.ipipMode: ipipMode: IPIP is not supported on IPv6 pools/]],
  ['a mode in lower case', { cidr: V4, ipipMode: 'always' }, [/^spec\.ipipMode: "always" is not one of .* \(did you mean "Always"\?\)$/]],
  [
    'a broken selector',
    { cidr: V4, nodeSelector: "a = 'b'" },
    [/^spec\.nodeSelector: "a = 'b'" is not a selector: expected an operator .* \(write "=="\)$/],
  ],
  ['global() for nodes', { cidr: V4, nodeSelector: 'global()' }, [/^spec\.nodeSelector: "global\(\)" may not use global\(\) here/]],
  [
    'global( in a quoted value',
    { cidr: V4, allowedUses: ['Workload'], namespaceSelector: "a == 'global()'" },
    [/^spec\.namespaceSelector: .*global/],
  ],
  ['namespaces in a pool for tunnels', { cidr: V4, namespaceSelector: 'all()' }, [/^spec\.namespaceSelector: .*allowedUses: \[Workload\]/]],
  ['an unknown use', { cidr: V4, allowedUses: ['Workload', 'Pod'] }, [/^spec\.allowedUses\[1\]: "Pod" is not one of/]],
  ['a null use', { cidr: V4, allowedUses: [null] }, [/^spec\.allowedUses\[0\]: "" is not one of/]],
  [
    'load balancers and workloads',
    { cidr: V4, allowedUses: ['LoadBalancer', 'Workload'] },
    [/^spec\.allowedUses: .*LoadBalancer cannot be combined/],
  ],
  [
    'load balancers with all that they may not have',
    { cidr: V4, allowedUses: ['LoadBalancer'], ipipMode: 'Always', disableBGPExport: true, nodeSelector: ' all()' },
    [/^spec\.ipipMode/, /^spec\.disableBGPExport/, /^spec\.nodeSelector: nodeSelector must be all\(\).* " all\(\)"/],
  ],
  ['a field of v1', { cidr: V4, 'nat-outgoing': true }, [/^spec\.nat-outgoing: unknown field "nat-outgoing"/]],
]

for (const [what, spec, expected] of refused) {
  test(`a pool is refused: ${what}`, () => {
    const { faults } = judge(ipPool, spec)
    assert.equal(faults.length, expected.length, faults.join('\n'))
    for (const [index, fault] of expected.entries()) {
      if (typeof fault === 'string') assert.equal(faults[index], fault)
      else assert.match(faults[index] ?? '', fault)
    }
  })
}

test('a status is stored when there is one, even an empty one', () => {
  assert.ok(!judge(ipPool, { cidr: V4 }).stored.includes('status'))
  assert.ok(judge(ipPool, { cidr: V4 }, { name: 'x' }, {}).stored.endsWith('"status":{}}'))
  const condition = { type: 'Allocatable', status: 'True', reason: 'PoolActive', lastTransitionTime: '2026-01-02T03:04:05Z' }
  const stored = judge(ipPool, { cidr: V4 }, { name: 'x' }, { conditions: [condition] }).stored
  assert.ok(
    stored.endsWith(
      '"status":{"conditions":[{"type":"Allocatable","status":"True","lastTransitionTime":"2026-01-02T03:04:05Z","reason":"PoolActive","message":""}]}}',
    ),
    stored,
  )
})

test('what a pool of an older release lacks is there when it is read', () => {
  const raw = { metadata: { name: 'old' }, spec: { cidr: 'fd00::/64', ipip: { enabled: true } } }
  const read = decodeResource(ipPool, raw, { stored: true, report: (fault) => assert.fail(fault.message) })
  assert.deepEqual(ipPool.body.fromStored?.(read as never).spec, {
    cidr: 'fd00::/64',
    vxlanMode: 'Never',
    ipipMode: 'Never',
    blockSize: 122,
    nodeSelector: 'all()',
    allowedUses: ['Workload', 'Tunnel'],
    assignmentMode: 'Automatic',
  })
})
