import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOnlyFaults, wholeClusterInformation } from '../../../src/model/cluster-information.ts'
import { formatPath } from '../../../src/model/problem.ts'
import { clusterInformation } from '../../../src/model/kinds/cluster-information.ts'
import { ipReservation } from '../../../src/model/kinds/ip-reservation.ts'
import { ipamConfiguration } from '../../../src/model/kinds/ipam-configuration.ts'
import { judge } from './judge.ts'

const GUID = '5eed5eed5eed5eed5eed5eed5eed5eed'
const newGuid = () => GUID

test('the configuration of address assignment has one name, and its flags are always stored', () => {
  assert.ok(judge(ipamConfiguration, {}, { name: 'default' }).stored.endsWith('"spec":{"strictAffinity":false,"autoAllocateBlocks":false}}'))
  assert.match(judge(ipamConfiguration, {}, { name: 'other' }).faults[0] ?? '', /^metadata\.name: "other" .*"default"/)
  assert.match(judge(ipamConfiguration, { maxBlocksPerHost: -1 }, { name: 'default' }).faults[0] ?? '', /^spec\.maxBlocksPerHost: /)
  assert.match(judge(ipamConfiguration, { ipCooldownSeconds: 1201 }, { name: 'default' }).faults[0] ?? '', /^spec\.ipCooldownSeconds: /)
  assert.match(judge(ipamConfiguration, { kubeVirtVMAddressPersistence: 'on' }, { name: 'default' }).faults[0] ?? '', /^spec\.kubeVirtVMAddress/)
})

test('a reservation takes networks with host bits, but no bare or empty address', () => {
  assert.deepEqual(judge(ipReservation, { reservedCIDRs: ['10.8.7.6/24', '10.0.0.1/32', 'cafe:f00d::/123'] }).faults, [])
  assert.deepEqual(judge(ipReservation, { reservedCIDRs: ['10.0.0.0/8', '10.0.0.1'] }).faults, [
    'spec.reservedCIDRs[1]: "10.0.0.1" is not a network in CIDR notation (write 10.0.0.1/32 for this address alone)',
  ])
  assert.match(judge(ipReservation, { reservedCIDRs: [null] }).faults[0] ?? '', /^spec\.reservedCIDRs\[0\]: /)
})

test('an empty datastore gets a GUID and is ready', () => {
  assert.deepEqual(wholeClusterInformation(undefined, newGuid), { clusterGUID: GUID, datastoreReady: true })
})

test('what is missing is mended, what is there stays', () => {
  assert.deepEqual(wholeClusterInformation({ clusterType: 'x' }, newGuid), { clusterGUID: GUID, clusterType: 'x', datastoreReady: true })
  assert.deepEqual(wholeClusterInformation({ clusterGUID: '', datastoreReady: false }, newGuid), { clusterGUID: GUID, datastoreReady: false })
  assert.equal(wholeClusterInformation({ clusterGUID: 'a', datastoreReady: false }, newGuid), undefined)
})

test('whoever sets anything of a read-only kind is told what', () => {
  const { resource } = judge(clusterInformation, { clusterGUID: 'x', variant: 'y' }, { name: 'default', labels: { a: 'b' } })
  assert.deepEqual(
    readOnlyFaults(resource).map((fault) => formatPath(fault.path)),
    ['metadata.labels', 'spec.clusterGUID', 'spec.variant'],
  )
  assert.deepEqual(
    readOnlyFaults(judge(clusterInformation, {}, { name: 'default' }).resource).map((fault) => formatPath(fault.path)),
    ['spec'],
  )
})
