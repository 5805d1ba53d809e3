import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Resource } from '../../src/model/kind.ts'
import { immutablePoolFaults, overlappingPool, poolBlockFaults, poolOverlap } from '../../src/model/pool-rules.ts'

function pool(name: string, spec: object): Resource {
  return { kind: 'IPPool', apiVersion: 'projectcalico.org/v3', metadata: { name }, spec }
}

const overlaps: readonly [string, string, boolean][] = [
  ['10.10.0.0/16', '10.10.0.0/16', true],
  ['10.10.0.0/16', '10.10.5.0/24', true],
  ['10.10.5.0/24', '10.0.0.0/8', true],
  ['10.10.0.0/16', '10.11.0.0/16', false],
  ['10.10.0.0/16', 'fd00::/64', false],
  ['', '10.10.0.0/16', false],
]

for (const [a, b, expected] of overlaps) {
  test(`pools of ${a || 'nothing'} and ${b} ${expected ? 'overlap' : 'do not overlap'}`, () => assert.equal(poolOverlap(a, b), expected))
}

test('a new pool may not overlap with another, itself aside; the fault names the other', () => {
  const others = [pool('far', { cidr: '10.11.0.0/16' }), pool('first', { cidr: '10.10.0.0/16', disabled: true })]
  const [fault, ...more] = overlappingPool(pool('second', { cidr: '10.10.5.0/24' }), others)
  assert.deepEqual(fault?.path, ['spec', 'cidr'])
  assert.match(fault?.message ?? '', /10\.10\.5\.0\/24 overlaps with IPPool\(first\) CIDR 10\.10\.0\.0\/16/)
  assert.deepEqual(more, [])
  assert.deepEqual(overlappingPool(pool('first', { cidr: '10.10.0.0/16' }), others), [])
})

const changes: readonly [what: string, before: object, after: object, blamed: readonly string[]][] = [
  ['nothing', { cidr: '10.0.0.0/16', blockSize: 26 }, { cidr: '10.0.0.0/16', blockSize: 26 }, []],
  ['the spelling of the network', { cidr: 'FD00:0::/64', blockSize: 122 }, { cidr: 'fd00::/64', blockSize: 122 }, []],
  ['the network', { cidr: '10.0.0.0/16' }, { cidr: '10.1.0.0/16' }, ['cidr']],
  ['its prefix length', { cidr: '10.0.0.0/16' }, { cidr: '10.0.0.0/17' }, ['cidr']],
  ['the block size', { cidr: '10.0.0.0/16', blockSize: 27 }, { cidr: '10.0.0.0/16', blockSize: 26 }, ['blockSize']],
  ['both', { cidr: '10.0.0.0/16', blockSize: 27 }, { cidr: '10.1.0.0/16', blockSize: 26 }, ['cidr', 'blockSize']],
  ['workloads to load balancers', { allowedUses: ['Workload', 'Tunnel'] }, { allowedUses: ['LoadBalancer'] }, []],
  ['load balancers to workloads', { allowedUses: ['LoadBalancer'] }, { allowedUses: ['Workload'] }, ['allowedUses']],
]

for (const [what, before, after, blamed] of changes) {
  test(`changing ${what} of a pool blames ${blamed.length === 0 ? 'nothing' : blamed.join(' and ')}`, () => {
    const faults = immutablePoolFaults(pool('p', before), pool('p', after))
    assert.deepEqual(
      faults.map((fault) => fault.path),
      blamed.map((field) => ['spec', field]),
    )
  })
}

test('a new pool has the block size of the blocks that are there already', () => {
  const blocks = ['10.0.0.0/26', '10.10.0.64/28', 'fd00::/122']
  assert.deepEqual(poolBlockFaults(pool('p', { cidr: '10.0.0.0/16', blockSize: 26 }), blocks), [])
  const [fault] = poolBlockFaults(pool('p', { cidr: '10.10.0.0/16', blockSize: 26 }), blocks)
  assert.deepEqual(fault?.path, ['spec', 'blockSize'])
  assert.equal(fault?.help, 'write blockSize: 28, or release the addresses first')
})
