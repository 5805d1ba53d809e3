import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { formatIp, type Ip } from '../../../src/model/net.ts'
import { ConnectionSpace } from '../../../src/policy/connections/space.ts'
import { Engine } from '../../../src/policy/core/engine.ts'
import { buildWorld } from '../../../src/policy/world/build.ts'
import type { Origin } from '../../../src/policy/world/origin.ts'
import type { World } from '../../../src/policy/world/world.ts'
import { resourceOf } from '../recorded.ts'

/** A manifest's resource as plain data, so that tests can change it. */
export interface Raw {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name?: string }
  readonly spec: Readonly<Record<string, unknown>> & { readonly ingress?: readonly RawRule[]; readonly egress?: readonly RawRule[] }
}

export type RawRule = Readonly<Record<string, unknown>> & { readonly action: string }

export function raw(kind: string, metadata: Raw['metadata'], spec: Raw['spec']): Raw {
  return { apiVersion: 'projectcalico.org/v3', kind, metadata, spec }
}

export function worldOf(resources: readonly Raw[], origin: Origin = { file: 'world.yaml' }): World {
  return buildWorld(resources.map((one) => ({ resource: resourceOf(one), origin })))
}

/** The same resources with one rule changed, or taken out. */
export function withRule(
  resources: readonly Raw[],
  name: string,
  direction: 'ingress' | 'egress',
  index: number,
  change: (rule: RawRule) => readonly RawRule[],
): readonly Raw[] {
  return resources.map((resource) => {
    const rules = resource.spec[direction]
    if (resource.metadata.name !== name || !rules) return resource
    return { ...resource, spec: { ...resource.spec, [direction]: rules.flatMap((rule, at) => (at === index ? change(rule) : [rule])) } }
  })
}

/** Holds that two worlds with the same endpoints give the same answer, of each side alone and together, for all headers between all addresses. */
export function assertSameAnswers(before: World, after: World, why: string): void {
  const space = new ConnectionSpace()
  const engines = [before, after].map((world) => ({ world, engine: new Engine(world, space) })) as [Side, Side]
  const outside = new Map<string, Ip>()
  for (const { engine } of engines) {
    for (const place of engine.places.list) {
      if (place.owners.length > 0 || place.endpointClass !== undefined) continue
      const ip = engine.atoms.sample(place.atom, (ip) => engine.places.isOwned(ip))
      if (ip) outside.set(formatIp(ip), ip)
    }
  }
  const points = [...outside.values()].map(
    (ip): Point => ({ name: formatIp(ip), family: ip.family, place: ({ engine }) => engine.places.at(ip) ?? -1 }),
  )
  for (const [index, { id, addresses, otherAddresses = [] }] of before.endpoints.entries()) {
    for (const [at, ip] of [...addresses, ...otherAddresses].entries())
      points.push({ name: `${id} ${formatIp(ip)}`, family: ip.family, place: ({ engine }) => engine.places.ofEndpoint(index)[at] ?? -1 })
  }
  for (const from of points) {
    for (const to of points) {
      if (from.family !== to.family) continue
      const [one, two] = engines.map((side) => {
        const [source, destination] = [from.place(side), to.place(side)]
        const { engine } = side
        return [engine.verdict(source, destination), engine.oneSide('egress', source, destination), engine.oneSide('ingress', source, destination)]
      })
      assert.deepEqual(two, one, `${why}: ${from.name} -> ${to.name}`)
    }
  }
}

/** Small worlds in which rules often meet the same packets. */
export function anyResources(options: { readonly maybe: boolean }): fc.Arbitrary<readonly Raw[]> {
  return fc
    .record({
      endpoints: fc.array(labels, { minLength: 1, maxLength: 4 }),
      hosts: fc.array(labels, { maxLength: 1 }),
      sets: fc.array(fc.record({ labels, nets: fc.subarray(NETS, { minLength: 1 }) }), { maxLength: 2 }),
      tierEnd: fc.constantFrom('Deny', 'Pass'),
      policies: fc.array(policy(options.maybe), { minLength: 1, maxLength: 4 }),
      profile: fc.record({ ingress: rules(options.maybe, false), egress: rules(options.maybe, false) }),
    })
    .map(({ endpoints, hosts, sets, tierEnd, policies, profile }) => [
      raw('Tier', { name: 'first' }, { order: 10, defaultAction: tierEnd }),
      raw('Profile', { name: 'base' }, profile),
      ...endpoints.map((labels, i) =>
        raw(
          'WorkloadEndpoint',
          { name: `node-orch-w${i}-eth0`, namespace: 'default', labels },
          {
            node: 'node',
            orchestrator: 'orch',
            workload: `w${i}`,
            endpoint: 'eth0',
            interfaceName: `cali${i}`,
            ipNetworks: [`10.0.${i}.1/32`, ...(i === 0 ? ['fd00::1/128'] : [])],
            profiles: ['base'],
            ...(i % 2 === 0 ? { ports: [{ name: 'http', protocol: 'TCP', port: 80 }] } : {}),
          },
        ),
      ),
      ...hosts.map((labels, i) =>
        raw('HostEndpoint', { name: `h${i}`, labels }, { node: `node${i}`, interfaceName: 'eth0', expectedIPs: [`10.1.${i}.1`], profiles: ['base'] }),
      ),
      ...sets.map(({ labels, nets }, i) => raw('GlobalNetworkSet', { name: `set${i}`, labels }, { nets })),
      ...policies.map((spec, i) => raw('GlobalNetworkPolicy', { name: `p${i}` }, spec)),
    ])
}

// --- internal ---

interface Side {
  readonly world: World
  readonly engine: Engine
}

interface Point {
  readonly name: string
  readonly family: 4 | 6
  readonly place: (side: Side) => number
}

const NETS = ['10.0.0.0/16', '10.0.0.0/24', '10.0.1.0/24', '172.16.0.0/12', '0.0.0.0/0']
const labels = fc.record({ a: fc.constantFrom('x', 'y'), b: fc.constantFrom('x', 'y') }, { requiredKeys: [] })
const selector = fc.constantFrom("a == 'x'", "a == 'y'", "b == 'x'", 'has(a)', 'all()', "a == 'x' && b == 'x'", "a != 'x'", '!has(b)')

function entity(end: 'source' | 'destination', ported: boolean) {
  const ports = fc.constantFrom<(string | number)[]>([80], [443], ['80:90'], ['1:65535'], ...(end === 'destination' ? [['http'], ['http', 443]] : []))
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 2, arbitrary: fc.record({ selector }) },
    { weight: 1, arbitrary: fc.record({ notSelector: selector }) },
    { weight: 1, arbitrary: fc.record({ nets: fc.subarray(NETS, { minLength: 1, maxLength: 2 }) }) },
    { weight: 1, arbitrary: fc.record({ notNets: fc.subarray(NETS.slice(0, 4), { minLength: 1, maxLength: 2 }) }) },
    ...(ported ? [{ weight: 3, arbitrary: fc.record({ ports, selector }, { requiredKeys: ['ports'] }) }] : []),
  )
}

function rule(maybe: boolean, policy: boolean): fc.Arbitrary<RawRule> {
  const action = fc.constantFrom('Allow', 'Allow', 'Deny', 'Deny', ...(policy ? ['Pass', 'Log'] : []))
  const tcp = fc.record({ action, protocol: fc.constantFrom('TCP', 'UDP'), source: entity('source', true), destination: entity('destination', true) })
  const other = fc.record(
    {
      action,
      source: entity('source', false),
      destination: entity('destination', false),
      icmp: fc.constantFrom({ type: 8 }, { type: 8, code: 0 }),
      protocol: fc.constant('ICMP'),
    },
    { requiredKeys: ['action'] },
  )
  const plain = other.map(({ icmp, protocol, ...rest }) => (icmp && protocol ? { ...rest, icmp, protocol } : rest))
  const chosen = fc.oneof(tcp, plain)
  if (!maybe) return chosen
  return fc
    .tuple(chosen, fc.integer({ min: 0, max: 5 }))
    .map(([one, die]) => (die === 0 && one.action !== 'Log' ? { ...one, http: { methods: ['GET'] } } : one))
}

function rules(maybe: boolean, policy: boolean) {
  return fc.array(rule(maybe, policy), { maxLength: 4 })
}

function policy(maybe: boolean): fc.Arbitrary<Raw['spec']> {
  return fc
    .record({
      tier: fc.constantFrom('first', 'default'),
      order: fc.constantFrom(1, 2, 3),
      selector,
      types: fc.constantFrom<string[]>(['Ingress'], ['Egress'], ['Ingress', 'Egress']),
      forward: fc.boolean(),
      ingress: rules(maybe, true),
      egress: rules(maybe, true),
    })
    .map(({ types, ingress, egress, forward, ...rest }) => ({
      ...rest,
      types,
      ...(forward ? { applyOnForward: true } : {}),
      ...(types.includes('Ingress') ? { ingress } : {}),
      ...(types.includes('Egress') ? { egress } : {}),
    }))
}
