import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { endpoints } from '../../../src/agent/docker/endpoints.ts'
import type { Interfaces } from '../../../src/agent/docker/interfaces.ts'
import { ipamDriver } from '../../../src/agent/docker/ipam-driver.ts'
import { networkDriver } from '../../../src/agent/docker/network-driver.ts'
import { networkNames } from '../../../src/agent/docker/network-names.ts'
import type { Body } from '../../../src/agent/docker/plugin-server.ts'
import { createIpam } from '../../../src/ipam/store.ts'
import { UserError } from '../../../src/model/user-error.ts'
import { openMemory } from '../../../src/store/drivers/memory.ts'
import { run } from '../../context.ts'

/** Whatever comes in a body, the answer is one that Docker can show to its user, and no fault of the program. */

const FIELDS =
  'AddressSpace Pool SubPool Options V6 PoolID Address NetworkID EndpointID Interface SandboxKey IPv4Data IPv6Data AddressIPv6 MacAddress RequestAddressType'.split(
    ' ',
  )
const ODD_FIELDS = ['com.docker.network.generic', 'com.docker.network.portmap', '__proto__', 'constructor']
const TEXTS =
  ' CalicoPoolIPv4 CalicoPoolIPv6 CalicoLocalAddressSpace 192.168.0.0/24 192.168.0.300 192.168.0.5 10.0.0.1/33 :: fd00::/64 0.0.0.0 ee:ee:ee:ee:ee:ee'.split(
    ' ',
  )
const ODD_TEXTS = [
  'com.docker.network.gateway',
  '$(reboot)',
  '"; flush ruleset; "',
  '/var/run/docker/netns/../x',
  'a\u0000b',
  '\ud800',
  'x'.repeat(300),
]
const ID = '44eb2567d7640000000000000000000000000000000000000000000000000001'

describe('any body for any method', () => {
  it('is answered or refused in words', async () => {
    const store = openMemory()
    const clock = {
      now: () => new Date(),
      timestamp: () => '2026-01-02T03:04:05Z',
      uuid: () => globalThis.crypto.randomUUID(),
      pause: async () => {},
    }
    const interfaces: Interfaces = {
      create: async ({ endpoint }) => ({ containerEnd: `temp${endpoint.slice(0, 11)}` }),
      remove: async () => {},
      list: async () => [],
      removeNamed: async () => {},
      gateways: async () => [],
    }
    const docker = {
      network: async () => ({ name: 'net1', endpoints: [] }),
      containerNamed: async () => undefined,
      sharesNetworks: async () => false,
    }
    const resource = (kind: string, name: string, spec: object) => ({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec })
    const items = [resource('Node', 'host1', {}), resource('IPPool', 'any', { cidr: '192.168.0.0/24' })]
    await run(['apply', '-f', '-'], { store, stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
    const own = endpoints({ datastore: store, clock, node: 'host1', interfaces })
    const methods = {
      ...ipamDriver({ ipam: createIpam(store, clock), node: 'host1', endpoints: own }),
      ...networkDriver({
        docker,
        names: networkNames(store, docker),
        endpoints: own,
        interfaces,
        scope: async () => 'local',
        containerLabels: true,
        programmed: async () => {},
        pause: async () => {},
        warn: () => {},
      }),
    }
    const text = fc.oneof(fc.constantFrom(...TEXTS, ...ODD_TEXTS, ID), fc.string())
    const { body } = fc.letrec<{ value: unknown; body: Body }>((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('value'), { maxLength: 3 }), tie('body')),
      body: fc.dictionary(fc.constantFrom(...FIELDS, ...ODD_FIELDS), tie('value'), { maxKeys: 8 }),
    }))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(methods)), body, async (name, body) => {
        try {
          const answer: unknown = await methods[name]?.(body)
          assert.equal(typeof answer, 'object')
        } catch (error) {
          assert.ok(error instanceof UserError, `${name}: ${String(error)}`)
        }
      }),
      { numRuns: 800 },
    )
  })
})
