import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { API_VERSION, type Resource } from '../../../src/model/kind.ts'
import { UserError } from '../../../src/model/user-error.ts'
import { TCP } from '../../../src/policy/connections/packet.ts'
import { Engine } from '../../../src/policy/core/engine.ts'
import { wholeMap } from '../../../src/policy/core/map.ts'
import { walk } from '../../../src/policy/interpreter/walk.ts'
import { buildWorld } from '../../../src/policy/world/build.ts'

const range = (count: number) => Array.from({ length: count }, (_, i) => i)
const rules = (count: number, make: (i: number) => object) =>
  range(count).map((i) => ({ action: i % 3 === 0 ? 'Deny' : 'Allow', protocol: 'TCP', ...make(i) }))

/** Worlds that were written to explode: each is small as text, and is computed in a moment or refused. */
const worlds: Readonly<Record<string, () => Resource[]>> = {
  'selectors nested a thousand deep': () => [
    ...pods(20),
    ...range(10).map((i) => {
      const nested = `${'!('.repeat(999)}is == 'p${i}'${')'.repeat(999)}`
      return policy(i, {
        selector: nested,
        ingress: [{ action: 'Allow', source: { selector: `${'(has(x) || '.repeat(500)}is != 'p${i}'${')'.repeat(500)}` } }],
      })
    }),
  ],
  'thousands of networks within networks': () => [
    ...pods(200),
    ...range(8).map((i) => policy(i, { ingress: rules(3, (j) => ({ source: { nets: networks(600, 3 * i + j), notNets: networks(5, j) } })) })),
  ],
  'a thousand ranges that overlap like stairs': () => [
    ...pods(20),
    policy(0, {
      ingress: rules(1024, (i) => ({
        source: { ports: [`${i * 30}:${65_535 - i * 20}`] },
        destination: { ports: [`${i * 20}:${65_535 - i * 30}`] },
      })),
    }),
  ],
  'policies of a thousand rules that name one endpoint each': () => [
    ...pods(300),
    ...range(3).map((k) =>
      policy(k, {
        ingress: rules(1024, (i) => ({ source: { selector: `is == 'p${(i * 7 + k) % 300}'` }, destination: { ports: [1 + (i % 100)] } })),
      }),
    ),
  ],
  'hundreds of rules that may match': () => [
    ...pods(60),
    ...range(4).map((k) =>
      policy(k, {
        ingress: rules(200, (i) => ({
          http: { methods: ['GET'] },
          source: { selector: `is == 'p${(i * 7 + k) % 60}'` },
          destination: { ports: [1 + (i % 90)] },
        })),
      }),
    ),
  ],
}

describe('worlds that were written to explode are computed, and right', () => {
  for (const [name, make] of Object.entries(worlds)) {
    test(name, () => {
      const world = buildWorld(make().map((resource) => ({ resource, origin: {} })))
      assert.deepEqual(world.setAside, [])
      const engine = new Engine(world)
      assert.ok(wholeMap(engine).groups.length > 0)
      for (const [from, to, dstPort] of [
        [0, 1, 80],
        [1, 0, 1],
        [2, 11, 700],
        [17, 3, 20_000],
      ] as const) {
        const [source, destination] = [world.endpoints[from], world.endpoints[to]]
        assert.ok(source?.addresses[0] && destination?.addresses[0])
        const packet = { protocol: TCP, srcPort: 31_000, dstPort, source: source.addresses[0], destination: destination.addresses[0] }
        const { allowed, unknown } = engine.verdict(engine.places.ofEndpoint(from)[0] ?? -1, engine.places.ofEndpoint(to)[0] ?? -1)
        const said = engine.space.contains(allowed, packet) ? 'allow' : engine.space.contains(unknown, packet) ? 'unknown' : 'deny'
        assert.equal(said, walk(world, source, destination, packet).verdict)
      }
    })
  }
})

test('ports of both ends that multiply without end are refused, and single packets still answered', () => {
  const ports = (i: number, step: number) => range(40).map((j) => (i * 37 + j * step) % 65_536)
  const resources = [
    ...pods(2),
    policy(0, { ingress: rules(1024, (i) => ({ source: { ports: ports(i, 1601) }, destination: { ports: ports(i, 1609) } })) }),
  ]
  const world = buildWorld(resources.map((resource) => ({ resource, origin: {} })))
  assert.throws(
    () => wholeMap(new Engine(world)),
    (error) => error instanceof UserError && error.message.includes('too many different ranges of ports'),
  )
  const [a, b] = world.endpoints
  assert.ok(a?.addresses[0] && b?.addresses[0])
  const packet = { protocol: TCP, srcPort: 37, dstPort: 37, source: a.addresses[0], destination: b.addresses[0] }
  assert.equal(walk(world, a, b, packet).verdict, 'allow')
})

test('more parentheses than can be read set the policy aside', () => {
  const world = buildWorld([policy(0, { selector: `${'('.repeat(1001)}has(x)${')'.repeat(1001)}` })].map((resource) => ({ resource, origin: {} })))
  assert.deepEqual(
    world.setAside.map(({ name }) => name),
    ['policy-0'],
  )
})

// --- internal ---

function pods(count: number): Resource[] {
  return range(count).map((i) => ({
    kind: 'WorkloadEndpoint',
    apiVersion: API_VERSION,
    metadata: { namespace: 'n', name: `p${i}`, labels: { is: `p${i}` } },
    spec: { ipNetworks: [`10.0.${i >> 8}.${i & 255}`], profiles: ['projectcalico-default-allow'] },
  }))
}

function policy(i: number, spec: Record<string, unknown>): Resource {
  return {
    kind: 'GlobalNetworkPolicy',
    apiVersion: API_VERSION,
    metadata: { name: `policy-${i}` },
    spec: { selector: 'all()', order: i, types: ['Ingress'], ...spec },
  }
}

/** Networks of all sizes, many of them within others. */
function networks(count: number, seed: number): string[] {
  return range(count).map((j) => `10.${(seed * 7 + j) % 256}.${(j * 13) % 256}.${(j * 8) % 256}/${9 + ((seed * 31 + j) % 22)}`)
}
