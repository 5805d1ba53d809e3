import { goJson } from '../../model/json.ts'
import type { Ip } from '../../model/net.ts'
import type { ConnectionSpace } from '../connections/space.ts'
import { type Besides, Engine } from '../core/engine.ts'
import { failsafeText } from '../failsafe.ts'
import type { Facts } from '../facts.ts'
import type { Endpoint, NetworkSet, Policy, Profile, World } from '../world/world.ts'
import { type Joint, joinPlaces, type Sided } from './joint.ts'

/** Both sides with their engines, and their places brought together. */
export interface Pair {
  readonly before: Sided
  readonly after: Sided
  readonly joint: Joint
}

/**
 * Engines for two worlds with one space, so that their results can be compared. What the worlds have alike is computed once: a changed policy does not cost
 * a second map.
 */
export function pairOf(before: World, after: World, space: ConnectionSpace): Pair {
  const { facts, endpoints } = inObjectsOf(before, after)
  const a: Sided = { world: before, endpoints: before.endpoints, engine: new Engine(before, space, onlyIn(facts, before)) }
  const b: Sided = { world: after, endpoints, engine: a.engine.updated(facts) }
  return { before: a, after: b, joint: joinPlaces(a, b) }
}

// --- internal ---

/** The policies and profiles of one world that are not in another: an engine of this one has to tell apart what they ask for, too. */
function onlyIn(facts: Facts, other: World): Besides {
  const known = new Set<unknown>([...other.tiers.flatMap(({ policies }) => policies), ...other.profiles.values()])
  return {
    policies: facts.tiers.flatMap(({ policies }) => policies).filter((policy) => !known.has(policy)),
    profiles: [...facts.profiles.values()].filter((profile) => !known.has(profile)),
  }
}

/** The facts of the second world, in the objects and the order of the first where they are the same; and its own endpoints in that order. */
function inObjectsOf(before: World, after: World): { readonly facts: Facts; readonly endpoints: readonly Endpoint[] } {
  // Most stand at the same place in both lists.
  const isSameAt = (index: number) => before.endpoints[index]?.id === after.endpoints[index]?.id
  const rest = new Map<string, Endpoint>()
  for (const [index, endpoint] of after.endpoints.entries()) if (!isSameAt(index)) rest.set(endpoint.id, endpoint)
  const [taken, endpoints]: [Endpoint[], Endpoint[]] = [[], []]
  const add = (fact: Endpoint, own: Endpoint) => {
    taken.push(fact)
    endpoints.push(own)
  }
  for (const [index, endpoint] of before.endpoints.entries()) {
    const own = isSameAt(index) ? after.endpoints[index] : rest.get(endpoint.id)
    if (!own) continue
    rest.delete(own.id)
    add(isSameEndpoint(endpoint, own) ? endpoint : own, own)
  }
  for (const own of rest.values()) add(own, own)
  const policies = new Map(before.tiers.flatMap((tier) => tier.policies).map((policy) => [nameOf(policy), policy]))
  const facts: Facts = {
    endpoints: taken,
    networkSets: after.networkSets.map((set, index) => {
      const known = before.networkSets[index]
      return known && isSameSet(known, set) ? known : set
    }),
    tiers: after.tiers.map((tier) => ({ ...tier, policies: tier.policies.map((policy) => sameRules(policies.get(nameOf(policy)), policy)) })),
    profiles: new Map([...after.profiles].map(([name, profile]) => [name, sameRules(before.profiles.get(name), profile)])),
  }
  return { facts, endpoints }
}

function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  if (a === b) return true
  const isAlike =
    a.kind === b.kind &&
    a.allInterfaces === b.allInterfaces &&
    isSameRecord(a.labels, b.labels) &&
    isSameRecord(a.profiles, b.profiles) &&
    failsafeText(a) === failsafeText(b)
  const isThere = areSameNets(a.addresses, b.addresses) && areSameNets(a.otherAddresses ?? [], b.otherAddresses ?? [])
  return isAlike && isThere && a.ports.length === b.ports.length && (a.ports.length === 0 || JSON.stringify(a.ports) === JSON.stringify(b.ports))
}

function isSameSet(a: NetworkSet, b: NetworkSet): boolean {
  return a === b || (isSameRecord(a.labels, b.labels) && areSameNets(a.nets, b.nets))
}

/** Of texts by name or by index. */
function isSameRecord<T extends object>(a: T, b: T): boolean {
  if (a === b) return true
  const keys = Object.keys(a) as (keyof T)[]
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
}

type IpOrNet = Ip & { readonly prefix?: number }

function areSameNets(a: readonly IpOrNet[], b: readonly IpOrNet[]): boolean {
  return a.length === b.length && a.every(({ value, prefix }, index) => value === b[index]?.value && prefix === b[index].prefix)
}

/** A resource resolves to the same whenever it says the same. Most are one object on both sides: what is in a datastore and does not change. */
function sameRules<T extends Policy | Profile>(before: T | undefined, after: T): T {
  if (!before) return after
  return before.resource === after.resource || goJson(before.resource.spec) === goJson(after.resource.spec) ? before : after
}

function nameOf({ kind, namespace = '', name }: Policy): string {
  return `${kind}/${namespace}/${name}`
}
