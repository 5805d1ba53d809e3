import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Resource } from '../../../src/model/kind.ts'
import { ConnectionSpace, NOTHING } from '../../../src/policy/connections/space.ts'
import { Engine, type Verdict } from '../../../src/policy/core/engine.ts'
import { placeOf, pointsOf } from './points.ts'
import { anyResources, worldFrom } from './worlds.ts'

/** What passes between any two points, in one order that depends on endpoints and addresses alone. */
function mapOf(resources: readonly Resource[], space: ConnectionSpace): Verdict[] {
  const world = worldFrom(resources)
  const engine = new Engine(world, space)
  const places = pointsOf(world).map((point) => placeOf(engine, world, point))
  return places.flatMap((source) => places.map((destination) => engine.verdict(source, destination)))
}

/** Changes of the resources that must not change the map. `pick` says where; resources are copies. */
const same: Readonly<Record<string, (resources: Resource[], pick: number) => Resource[]>> = {
  'the order in which resources come': (resources, pick) => {
    // Endpoints keep their order, so that points do.
    const [endpoints, others] = [resources.filter(isEndpoint), resources.filter((resource) => !isEndpoint(resource))]
    const at = others.length === 0 ? 0 : pick % others.length
    return [...others.slice(at), ...endpoints, ...others.slice(0, at).reverse()]
  },
  'other names for labels': (resources) =>
    resources.map((resource) => {
      // A word of its own, so that the text of selectors can be rewritten: no value and no other name contains it.
      const text = JSON.stringify(resource).replaceAll(/\bconstructor\b/g, 'prefixed.name/constructor-2')
      return JSON.parse(text) as Resource
    }),
  'a rule again, just behind itself': (resources, pick) => {
    const { list, at } = ruleAt(resources, pick)
    list.splice(at, 0, ...list.slice(at, at + 1))
    return resources
  },
  'the opposite of a rule, just behind it': (resources, pick) => {
    const { list, at } = ruleAt(resources, pick)
    const rule = list[at]
    if (rule && rule.action !== 'Log' && !mayMatch(rule)) list.splice(at + 1, 0, { ...rule, action: rule.action === 'Allow' ? 'Deny' : 'Allow' })
    return resources
  },
  'the ports of a rule, each in a rule of its own': (resources, pick) => {
    const { list, at } = ruleAt(resources, pick)
    const rule = list[at]
    const ports = rule?.destination?.ports ?? []
    if (rule && ports.length > 0) list.splice(at, 1, ...ports.map((port) => ({ ...rule, destination: { ...rule.destination, ports: [port] } })))
    return resources
  },
  'a range of ports, cut in two': (resources, pick) => {
    const { list, at } = ruleAt(resources, pick)
    const rule = list[at]
    const cut = rule?.source?.ports?.flatMap((port) => (port === '0:65535' ? ['0:79', '80:65535'] : [port]))
    if (rule && cut) list[at] = { ...rule, source: { ...rule.source, ports: cut } }
    return resources
  },
  'a network, cut in two': (resources, pick) => {
    const { list, at } = ruleAt(resources, pick)
    const rule = list[at]
    const halves: Readonly<Record<string, string[]>> = {
      '10.0.0.0/24': ['10.0.0.0/25', '10.0.0.128/25'],
      'fd00::/64': ['fd00::/65', 'fd00:0:0:0:8000::/65'],
    }
    const nets = rule?.source?.nets?.flatMap((net) => halves[net] ?? [net])
    if (rule && nets) list[at] = { ...rule, source: { ...rule.source, nets } }
    return resources
  },
  'a policy that picks nobody': (resources) => [
    ...resources,
    {
      kind: 'GlobalNetworkPolicy',
      apiVersion: 'projectcalico.org/v3',
      metadata: { name: 'nobody' },
      spec: { order: -5, selector: "a == 'q'", ingress: [{ action: 'Deny' }] },
    },
  ],
  'a rule that logs': (resources, pick) => {
    const { list, at } = ruleAt(resources, pick)
    list.splice(at, 0, { action: 'Log' })
    return resources
  },
  'two policies that pick different endpoints, in either order': (resources, pick) => {
    const policy = (name: string, order: number, value: string): Resource => ({
      kind: 'GlobalNetworkPolicy',
      apiVersion: 'projectcalico.org/v3',
      metadata: { name },
      spec: {
        order,
        selector: `a == '${value}'`,
        ingress: [{ action: value === 'x' ? 'Allow' : 'Deny', protocol: 'TCP', source: { nets: ['10.0.0.0/30'] } }],
      },
    })
    const [first, second] = pick % 2 === 0 ? [1, 2] : [2, 1]
    return [...resources, policy('one', first, 'x'), policy('two', second, 'y')]
  },
}

describe('what changes nothing', () => {
  for (const [name, change] of Object.entries(same)) {
    test(name, () => {
      fc.assert(
        fc.property(anyResources(), fc.nat(), (resources, pick) => {
          const space = new ConnectionSpace()
          const before = name.startsWith('two policies') ? change(copy(resources), pick + 1) : resources
          assert.deepEqual(mapOf(change(copy(resources), pick), space), mapOf(before, space))
        }),
        { numRuns: 40 },
      )
    })
  }
})

test('an Allow at the front of a policy never takes anything away', () => {
  fc.assert(
    fc.property(anyResources(), fc.nat(), (resources, pick) => {
      const space = new ConnectionSpace()
      const before = mapOf(resources, space)
      const changed = copy(resources)
      ruleAt(changed, pick).list.unshift({ action: 'Allow', source: { nets: ['10.0.0.0/24'] } })
      const after = mapOf(changed, space)
      for (const [at, { allowed, unknown }] of before.entries()) {
        const now = after[at] ?? { allowed: NOTHING, unknown: NOTHING }
        assert.equal(space.subtract(allowed, now.allowed), NOTHING)
        assert.equal(space.subtract(unknown, space.union(now.allowed, now.unknown)), NOTHING)
      }
    }),
    { numRuns: 40 },
  )
})

// --- internal ---

interface WrittenRule {
  action: string
  http?: unknown
  source?: WrittenEntity
  destination?: WrittenEntity
}

interface WrittenEntity {
  ports?: (string | number)[]
  nets?: string[]
  services?: unknown
}

function isEndpoint({ kind }: Resource): boolean {
  return kind === 'WorkloadEndpoint' || kind === 'HostEndpoint'
}

function copy(resources: readonly Resource[]): Resource[] {
  return structuredClone(resources) as Resource[]
}

/** One of all rules, and the list that it stands in; a list that is in no resource when there is none. */
function ruleAt(resources: readonly Resource[], pick: number): { list: WrittenRule[]; at: number } {
  const all = resources.flatMap(({ kind, spec }) => {
    const { ingress = [], egress = [] } = (spec ?? {}) as { ingress?: WrittenRule[]; egress?: WrittenRule[] }
    return kind === 'Profile' || kind.endsWith('Policy') ? [ingress, egress].flatMap((list) => list.map((_, at) => ({ list, at }))) : []
  })
  return all[all.length === 0 ? 0 : pick % all.length] ?? { list: [], at: 0 }
}

function mayMatch({ http, source, destination }: WrittenRule): boolean {
  return http !== undefined || source?.services !== undefined || destination?.services !== undefined
}
