import type { Ip } from '../../model/net.ts'
import { Engine } from '../core/engine.ts'
import type { ConnectionSpace } from '../connections/space.ts'
import type { Endpoint, NetworkSet, Policy, Profile, World } from '../world/world.ts'
import { type Joint, joinPlaces, joinSamePlaces, type Sided } from './joint.ts'

/** Both sides with their engines, and their places brought together. */
export interface Pair {
  readonly before: Sided
  readonly after: Sided
  readonly joint: Joint
}

/**
 * Engines for two worlds. Where these have the same endpoints and network sets, and only policies or profiles differ, the engines share all that is the
 * same: what a changed policy costs then is not a second map.
 */
export function pairOf(before: World, after: World, space: ConnectionSpace): Pair {
  const order = sameEnds(before, after)
  if (!order) {
    const sides = [before, after].map((world): Sided => ({ world, engine: new Engine(world, space) })) as [Sided, Sided]
    return { before: sides[0], after: sides[1], joint: joinPlaces(...sides) }
  }
  const facts = { ...rulesOf(before, after), endpoints: before.endpoints, networkSets: before.networkSets }
  const engine = new Engine(before, space, [], [facts])
  return {
    before: { world: before, engine },
    after: { world: after, engine: engine.variant(facts) },
    joint: joinSamePlaces(engine, before.endpoints, order),
  }
}

// --- internal ---

/** The endpoints of the second world in the order of the first; undefined when these, or network sets, are not the same. */
function sameEnds(before: World, after: World): readonly Endpoint[] | undefined {
  if (before.endpoints.length !== after.endpoints.length || before.networkSets.length !== after.networkSets.length) return undefined
  const sets = new Map(after.networkSets.map((set) => [nameOf(set), set]))
  if (!before.networkSets.every((set) => isSameSet(set, sets.get(nameOf(set))))) return undefined
  const byId = new Map(after.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const order: Endpoint[] = []
  for (const endpoint of before.endpoints) {
    const other = byId.get(endpoint.id)
    if (!other || !isSameEndpoint(endpoint, other)) return undefined
    order.push(other)
  }
  return order
}

function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  if (a === b) return true
  const isAlike =
    a.kind === b.kind && a.allInterfaces === b.allInterfaces && a.profiles.join() === b.profiles.join() && isSameRecord(a.labels, b.labels)
  const isThere = isSameAddresses(a.addresses, b.addresses) && isSameAddresses(a.otherAddresses ?? [], b.otherAddresses ?? [])
  return isAlike && isThere && a.ports.length === b.ports.length && (a.ports.length === 0 || JSON.stringify(a.ports) === JSON.stringify(b.ports))
}

function isSameSet(a: NetworkSet, b: NetworkSet | undefined): boolean {
  return a === b || (b !== undefined && isSameRecord(a.labels, b.labels) && isSameAddresses(a.nets, b.nets))
}

function nameOf({ kind, namespace = '', name }: NetworkSet): string {
  return `${kind}/${namespace}/${name}`
}

function isSameRecord(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
}

function isSameAddresses(a: readonly (Ip & { readonly prefix?: number })[], b: readonly (Ip & { readonly prefix?: number })[]): boolean {
  return a.length === b.length && a.every(({ value, prefix }, index) => value === b[index]?.value && prefix === b[index].prefix)
}

/** The rules of the second world, in the objects of the first where they are the same. */
function rulesOf(before: World, after: World): Pick<World, 'tiers' | 'profiles'> {
  const policies = new Map(before.tiers.flatMap((tier) => tier.policies).map((policy) => [keyOf(policy), policy]))
  const tiers = after.tiers.map((tier) => ({
    ...tier,
    policies: tier.policies.map((policy) => {
      const known = policies.get(keyOf(policy))
      return known && isSameSpec(known, policy) ? known : policy
    }),
  }))
  const profiles = [...after.profiles].map(([name, profile]): [string, Profile] => {
    const known = before.profiles.get(name)
    return [name, known && isSameSpec(known, profile) ? known : profile]
  })
  return { tiers, profiles: new Map(profiles) }
}

function keyOf({ kind, namespace = '', name }: Policy): string {
  return `${kind}/${namespace}/${name}`
}

function isSameSpec(a: Policy | Profile, b: Policy | Profile): boolean {
  return a === b || JSON.stringify(a.resource.spec) === JSON.stringify(b.resource.spec)
}
