import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostEndpoint } from '../../../src/model/kinds/host-endpoint.ts'
import { judge } from './judge.ts'

const fine: readonly [what: string, spec: object][] = [
  ['an interface', { node: 'host1', interfaceName: 'eth0' }],
  ['all interfaces', { node: 'host1', interfaceName: '*' }],
  ['addresses only', { node: 'host1', expectedIPs: ['10.0.0.1', 'fd00::1'] }],
  ['the same port twice', { node: 'host1', interfaceName: 'eth0', ports: [portWith(), portWith()] }],
]

for (const [what, spec] of fine) {
  test(`a host endpoint may have ${what}`, () => assert.deepEqual(judge(hostEndpoint, spec).faults, []))
}

const refused: readonly [what: string, spec: unknown, paths: readonly string[]][] = [
  ['nothing', undefined, ['spec.node', 'spec.interfaceName']],
  ['no interface', { node: 'host1', interfaceName: '', expectedIPs: [] }, ['spec.interfaceName']],
  ['no node', { interfaceName: 'eth0' }, ['spec.node']],
  ['a node in upper case', { node: 'Host1', interfaceName: 'eth0' }, ['spec.node']],
  ['a node of 254 characters', { node: 'a'.repeat(254), interfaceName: 'eth0' }, ['spec.node']],
  ['an alias of an interface', { node: 'host1', interfaceName: 'eth0:1' }, ['spec.interfaceName']],
  ['a network as address', { node: 'host1', expectedIPs: ['10.0.0.1', '10.0.0.0/24'] }, ['spec.expectedIPs[1]']],
  ['an empty address', { node: 'host1', expectedIPs: [''] }, ['spec.expectedIPs[0]']],
  ['a null profile', { node: 'host1', interfaceName: 'eth0', profiles: ['a', null] }, ['spec.profiles[1]']],
  ['a port without a name', { node: 'host1', interfaceName: 'eth0', ports: [portWith({ name: '' })] }, ['spec.ports[0].name']],
  [
    'a port with two dashes in its name',
    { node: 'host1', interfaceName: 'eth0', ports: [portWith(), portWith({ name: 'a--b' })] },
    ['spec.ports[1].name'],
  ],
  ['port 0', { node: 'host1', interfaceName: 'eth0', ports: [portWith({ port: 0 })] }, ['spec.ports[0].port']],
  ['port 65536', { node: 'host1', interfaceName: 'eth0', ports: [portWith({ port: 65536 })] }, ['spec.ports[0].port']],
  ['protocol 0', { node: 'host1', interfaceName: 'eth0', ports: [portWith({ protocol: '0' })] }, ['spec.ports[0].protocol']],
  ['protocol 255', { node: 'host1', interfaceName: 'eth0', ports: [portWith({ protocol: 255 })] }, ['spec.ports[0].protocol']],
  ['a port of the host', { node: 'host1', interfaceName: 'eth0', ports: [portWith({ hostPort: 1 })] }, ['spec.ports[0].hostPort']],
]

for (const [what, spec, paths] of refused) {
  test(`a host endpoint is refused for ${what}`, () => {
    const { faults } = judge(hostEndpoint, spec)
    assert.deepEqual(
      faults.map((fault) => fault.split(':')[0]),
      paths,
    )
  })
}

// --- internal ---

function portWith(change: object = {}): object {
  return { name: 'http', protocol: 'TCP', port: 80, ...change }
}
