import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Ip, parseIp } from '../../../src/model/net.ts'
import { actsOn } from '../../../src/policy/applies.ts'
import type { Header } from '../../../src/policy/connections/packet.ts'
import type { Packet } from '../../../src/policy/interpreter/packet.ts'
import { type Layer, type Side, walkForward, walkSide } from '../../../src/policy/interpreter/walk.ts'
import { lint } from '../../../src/policy/lint/lint.ts'
import { proveRules } from '../../../src/policy/lint/proofs.ts'
import { Study } from '../../../src/policy/lint/study.ts'
import type { Step } from '../../../src/policy/lint/trails.ts'
import type { World } from '../../../src/policy/world/world.ts'
import { anyResources, assertSameAnswers, type Raw, raw, type RawRule, withRule, worldOf } from './worlds.ts'

const RUNS = 100

const HEADERS: readonly Header[] = [
  ...[6, 17].flatMap((protocol) => [22, 53, 80, 85, 443].map((dstPort) => ({ protocol, srcPort: 40_000, dstPort }))),
  { protocol: 6, srcPort: 80, dstPort: 40_000 },
  { protocol: 1, icmpType: 8, icmpCode: 0 },
  { protocol: 1, icmpType: 8, icmpCode: 1 },
  { protocol: 1, icmpType: 0, icmpCode: 0 },
  { protocol: 47 },
]
const OUTSIDE = ['10.0.0.77', '10.0.1.77', '10.0.200.1', '172.16.0.1', '192.0.2.1', 'fd00::77'].map((text) => parseIp(text) as Ip)

/** The layers that each of many packets meets at each end, local and forwarded, with the packet. */
function* walks(world: World): Generator<Pick<Side, 'layers' | 'verdict'> & { readonly packet: Packet }> {
  const addresses = [...OUTSIDE, ...world.endpoints.flatMap((endpoint) => endpoint.addresses)]
  for (const endpoint of world.endpoints) {
    for (const direction of ['ingress', 'egress'] as const) {
      for (const peer of addresses) {
        for (const own of endpoint.addresses) {
          if (own.family !== peer.family) continue
          for (const header of HEADERS) {
            const packet: Packet = {
              ...header,
              ...(direction === 'ingress' ? { source: peer, destination: own } : { source: own, destination: peer }),
            }
            yield { ...walkSide(world, endpoint, direction, packet), packet }
            const forwarded = endpoint.kind === 'host' ? walkForward(world, endpoint, direction, packet) : undefined
            if (forwarded) yield { ...forwarded, packet }
          }
        }
      }
    }
  }
}

function verdicts(world: World): string[] {
  return Array.from(walks(world), ({ verdict }) => verdict)
}

function decides(layers: readonly Layer[], { owner, rule }: Step): boolean {
  return layers.some(
    (layer) =>
      (layer.type === 'tier' && layer.by?.rule === rule) ||
      (layer.type === 'profile' && layer.by === rule && layer.profile === owner) ||
      (layer.type === 'tier' &&
        layer.steps.some(({ tried }) => tried.some((one) => one.rule === rule && one.rule.action === 'Log' && one.misses.length === 0))),
  )
}

function change(resources: readonly Raw[], { owner, rule }: Step, change: (rule: RawRule) => readonly RawRule[]): readonly Raw[] {
  return withRule(resources, owner.name, rule.direction, rule.index, change)
}

function nameOf({ owner, rule }: Step): string {
  return `${owner.name} ${rule.direction}[${rule.index}]`
}

test('a shadowed rule decides about no packet, and whatever it does, nothing changes', () => {
  let found = 0
  fc.assert(
    fc.property(anyResources({ maybe: false }), (resources) => {
      const world = worldOf(resources)
      const { shadowed } = new Study(world, []).proofs
      found += shadowed.length
      if (shadowed.length === 0) return
      for (const { layers, packet } of walks(world)) {
        const deciding = shadowed.find((step) => decides(layers, step))
        if (deciding) assert.fail(`${nameOf(deciding)} decides about a packet of ${packet.protocol} to ${packet.dstPort}`)
      }
      for (const step of shadowed) {
        if (step.rule.action === 'Log') continue
        const opposite = step.rule.action === 'Allow' ? 'Deny' : 'Allow'
        const changed = worldOf(change(resources, step, (rule) => [{ ...rule, action: opposite }]))
        assertSameAnswers(world, changed, `${nameOf(step)} the other way round`)
      }
    }),
    { numRuns: RUNS },
  )
  assert.ok(found > 20, `only ${found} shadowed rules in all worlds`)
})

test('without a redundant rule no answer changes; nor without all rules that are told, together', () => {
  let found = 0
  fc.assert(
    fc.property(anyResources({ maybe: true }), (resources) => {
      const world = worldOf(resources)
      const { redundant, shadowed } = new Study(world, []).proofs
      found += redundant.size
      const told = [...shadowed, ...redundant.keys()]
      for (const step of told) {
        const without = worldOf(change(resources, step, () => []))
        assertSameAnswers(world, without, `without ${nameOf(step)}`)
      }
      if (told.length === 0) return
      const last = [...told].sort((a, b) => b.rule.index - a.rule.index)
      const none = worldOf(last.reduce((rest, step) => change(rest, step, () => []), resources))
      assertSameAnswers(world, none, `without ${told.map(nameOf).join(', ')}`)
      assert.deepEqual(verdicts(none), verdicts(world))
    }),
    { numRuns: RUNS },
  )
  assert.ok(found > 20, `only ${found} redundant rules in all worlds`)
})

test('a copy of a rule that decides, put behind it, is found as shadowed', () => {
  let planted = 0
  fc.assert(
    fc.property(anyResources({ maybe: false }), fc.nat(), (resources, pick) => {
      const before = worldOf(resources)
      const deciding = new Set<Step['rule']>()
      for (const { layers } of walks(before)) {
        for (const layer of layers) {
          if (layer.type === 'tier' && layer.by) deciding.add(layer.by.rule)
          if (layer.type === 'profile' && layer.by) deciding.add(layer.by)
        }
      }
      const owners = [...before.tiers.flatMap(({ policies }) => policies), ...before.profiles.values()]
      const steps = owners.flatMap((owner) => [...(owner.ingress ?? []), ...(owner.egress ?? [])].map((rule): Step => ({ owner, rule })))
      const candidates = steps.filter(({ owner, rule }) => deciding.has(rule) && owner.name !== 'projectcalico-default-allow')
      const chosen = candidates[pick % candidates.length]
      if (!chosen) return
      planted++
      const study = new Study(worldOf(change(resources, chosen, (rule) => [rule, rule])), [])
      const copy = `${chosen.owner.name} ${chosen.rule.direction}[${chosen.rule.index + 1}]`
      assert.ok(study.proofs.shadowed.some((step) => nameOf(step) === copy))
      const told = study.shadows.rules.find(({ step }) => nameOf(step) === copy)
      assert.ok(told, 'told as a rule')
      assert.ok(told.always, 'whatever endpoints there are')
      assert.ok(told.takers.length > 0)
    }),
    { numRuns: RUNS },
  )
  assert.ok(planted > 50)
})

test('what is shadowed whatever endpoints there are stays so with others', () => {
  const more = fc.array(
    fc.record({ labels: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('x', 'y', 'z')), net: fc.nat({ max: 3 }) }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  let found = 0
  fc.assert(
    fc.property(anyResources({ maybe: false }), more, (resources, others) => {
      const always = new Study(worldOf(resources), []).shadows.rules.filter((one) => one.always)
      if (always.length === 0) return
      found += always.length
      const extended = [
        ...resources,
        ...others.map(({ labels, net }, i) =>
          raw(
            'WorkloadEndpoint',
            { name: `node-orch-m${i}-eth0`, namespace: 'default', labels },
            {
              node: 'node',
              orchestrator: 'orch',
              workload: `m${i}`,
              endpoint: 'eth0',
              interfaceName: `calim${i}`,
              ipNetworks: [['10.0.0.50/32', '10.0.1.50/32', '172.16.0.50/32', 'fd00::50/128'][net] ?? ''],
              ports: [{ name: 'http', protocol: 'TCP', port: 443 }],
            },
          ),
        ),
      ]
      const world = worldOf(extended)
      for (const { step } of always) {
        if (step.rule.action === 'Log') continue
        const opposite = step.rule.action === 'Allow' ? 'Deny' : 'Allow'
        assertSameAnswers(world, worldOf(change(extended, step, (rule) => [{ ...rule, action: opposite }])), nameOf(step))
      }
    }),
    { numRuns: RUNS },
  )
  assert.ok(found > 2, `only ${found}`)
})

/** Headers that all rules of these worlds can tell apart, and in each of their parts one. */
const EVERY_HEADER: readonly Header[] = [
  ...HEADERS,
  ...[6, 17].flatMap((protocol) =>
    [0, 80, 85, 443, 40_000].flatMap((srcPort) => [0, 22, 53, 80, 85, 443].map((dstPort) => ({ protocol, srcPort, dstPort }))),
  ),
]

test('what is open to the world is what lets a stranger in, and all that does', () => {
  const strangers = ['192.0.2.1', '2001:db8::1'].map((text) => parseIp(text) as Ip)
  let found = 0
  fc.assert(
    fc.property(anyResources({ maybe: false }), (resources) => {
      const world = worldOf(resources)
      const opening = new Set<string>()
      for (const endpoint of world.endpoints) {
        for (const destination of endpoint.addresses) {
          const source = strangers.find(({ family }) => family === destination.family) as Ip
          for (const header of EVERY_HEADER) {
            const packet: Packet = { ...header, source, destination }
            const forwarded = endpoint.kind === 'host' ? walkForward(world, endpoint, 'ingress', packet) : undefined
            for (const side of [walkSide(world, endpoint, 'ingress', packet), ...(forwarded ? [forwarded] : [])]) {
              const last = side.layers.at(-1)
              if (side.verdict !== 'allow' || !last || !('by' in last) || !last.by) continue
              const [owner, rule] = last.type === 'tier' ? [last.by.policy, last.by.rule] : [last.profile, last.by]
              if (owner && rule.action === 'Allow') opening.add(nameOf({ owner, rule }))
            }
          }
        }
      }
      const told = new Set(lint(world, { select: ['open-to-world'] }).map(({ resource, path }) => `${resource?.name} ${path?.replace('spec.', '')}`))
      found += told.size
      // Hosts take packets to addresses that they do not list, too: what is told besides is about those.
      const hosts = world.endpoints.some(({ kind }) => kind === 'host')
      for (const one of opening) assert.ok(told.has(one), `${one} is not told`)
      if (!hosts) assert.deepEqual(told, opening)
    }),
    { numRuns: RUNS },
  )
  assert.ok(found > 20)
})

test('where name service is told to be blocked, some endpoint may send and no address answers udp 53', () => {
  fc.assert(
    fc.property(anyResources({ maybe: false }), (resources) => {
      const world = worldOf(resources)
      const peers = [...OUTSIDE, ...world.endpoints.flatMap((endpoint) => endpoint.addresses)]
      for (const { resource } of lint(world, { select: ['dns-blocked'] })) {
        const policy = world.tiers.flatMap(({ policies }) => policies).find(({ name }) => name === resource?.name) ?? assert.fail()
        const mute = world.endpoints.filter((endpoint) => {
          if (endpoint.kind === 'host' || !actsOn(policy, endpoint)) return false
          const allowed = EVERY_HEADER.filter((header) =>
            endpoint.addresses.some((source) =>
              peers.some(
                (destination) =>
                  destination.family === source.family && walkSide(world, endpoint, 'egress', { ...header, source, destination }).verdict === 'allow',
              ),
            ),
          )
          return allowed.length > 0 && allowed.every(({ protocol, dstPort }) => protocol !== 17 || dstPort !== 53)
        })
        assert.ok(mute.length > 0, policy.name)
      }
    }),
    { numRuns: RUNS },
  )
})

test('a policy that nothing reaches changes nothing, whatever its rules', () => {
  let found = 0
  fc.assert(
    fc.property(anyResources({ maybe: false }), (resources) => {
      const world = worldOf(resources)
      for (const { policy, direction } of new Study(world, []).proofs.unreached) {
        found++
        const open = resources.map((one) =>
          one.metadata.name === policy.name ? { ...one, spec: { ...one.spec, [direction]: [{ action: 'Allow' }] } } : one,
        )
        assertSameAnswers(world, worldOf(open), policy.name)
      }
    }),
    { numRuns: RUNS },
  )
  assert.ok(found > 2, `only ${found}`)
})

test('more rules upon rules than can be looked at: nothing is told as proven, and that is said', () => {
  const policies = Array.from({ length: 20 }, (_, i) =>
    raw(
      'GlobalNetworkPolicy',
      { name: `p${i}` },
      {
        order: i,
        selector: 'all()',
        types: ['Ingress'],
        ingress: [{ action: i % 2 ? 'Allow' : 'Deny', protocol: 'TCP', destination: { ports: ['1:1000'] } }],
      },
    ),
  )
  const endpoint = raw(
    'WorkloadEndpoint',
    { name: 'node-orch-w-eth0', namespace: 'default' },
    { node: 'node', orchestrator: 'orch', workload: 'w', endpoint: 'eth0', interfaceName: 'cali1', ipNetworks: ['10.0.0.1/32'] },
  )
  const { engine, sites } = new Study(worldOf([endpoint, ...policies]), [])
  assert.equal(proveRules(engine, sites).shadowed.length, 19)
  const { shadowed, redundant, unreached, gaveUp } = proveRules(engine, sites, 10)
  assert.deepEqual({ shadowed, redundant: redundant.size, unreached, gaveUp }, { shadowed: [], redundant: 0, unreached: [], gaveUp: true })
})
