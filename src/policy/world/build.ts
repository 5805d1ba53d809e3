import { BUILTIN_TIERS } from '../../model/builtin-tiers.ts'
import { API_VERSION, type Resource } from '../../model/kind.ts'
import { type Ip, parseNet } from '../../model/net.ts'
import type { Labels } from '../../model/selector/evaluate.ts'
import { formatPath, formatResourceName, type Path, type Problem, type ResourceName } from '../../model/problem.ts'
import { FAILSAFE } from '../failsafe.ts'
import { configurationsOf, type FelixSpec, hostSettings, specOf } from '../host-settings.ts'
import { hostEndpoint, type HostOfEndpoint, type Inheritance, networkSet, profilesOf, workloadEndpoint } from './endpoints.ts'
import { comparePolicies, compareTiers } from './order.ts'
import { BUILT_IN, type Origin } from './origin.ts'
import { resolvePolicy, resolveProfile } from './policies.ts'
import { NotUnderstood } from './rules.ts'
import { Selectors } from './selectors.ts'
import type { Endpoint, NetworkSet, Policy, Profile, SetAside, Tier, World } from './world.ts'
import { findUnknowns } from './unknowns.ts'

/** A resource as users see it, completed as the client would, and where it is from. */
export interface Source {
  readonly resource: Resource
  readonly origin: Origin
}

/** Kinds that decide about packets; a world takes no others. */
export const WORLD_KINDS = [
  'Tier',
  'GlobalNetworkPolicy',
  'NetworkPolicy',
  'Profile',
  'GlobalNetworkSet',
  'NetworkSet',
  'WorkloadEndpoint',
  'HostEndpoint',
  'Node',
  'FelixConfiguration',
] as const

/** Makes the world of some resources, in any order. Of two with the same name the later one counts. */
export function buildWorld(sources: Iterable<Source>, setAside: Iterable<SetAside> = []): World {
  const builder = new WorldBuilder()
  for (const source of sources) builder.put(source)
  for (const one of setAside) builder.putAside(one)
  return builder.world()
}

/**
 * Keeps the resources of a world that changes. `world()` makes a snapshot; what did not change since the last one is the same object in both, so
 * that engines can tell what to compute anew.
 */
export class WorldBuilder {
  readonly #selectors = new Selectors()
  readonly #tiers = new Map<string, Source>()
  readonly #policies = new Map<string, Policy>()
  readonly #profiles = new Map<string, Profile>()
  readonly #nodes = new Map<string, Resource>()
  readonly #configurations = new Map<string, Resource>()
  /** What FelixConfigurations say of nodes that have host endpoints, by name. */
  readonly #hostSettings = new Map<string, Pick<HostOfEndpoint, 'failsafe' | 'endpointToHost'>>()
  readonly #endpointSources = new Map<string, Source>()
  readonly #setSources = new Map<string, Source>()
  /** Resolved from their sources, until labels or addresses that they take from elsewhere change. */
  readonly #endpoints = new Map<string, Endpoint>()
  readonly #sets = new Map<string, NetworkSet>()
  readonly #setAside = new Map<string, SetAside>()
  /** Endpoints and network sets that are to be resolved. */
  readonly #stale = new Set<string>()
  #endpointList: readonly Endpoint[] | undefined
  #setList: readonly NetworkSet[] | undefined
  #orderedTiers: readonly Tier[] | undefined
  #profilesNow: ReadonlyMap<string, Profile> | undefined
  #inheritance: Inheritance | undefined

  constructor() {
    this.put({ resource: DEFAULT_ALLOW, origin: BUILT_IN })
  }

  /** Adds a resource, or replaces the one of its name. Resources of other kinds than `WORLD_KINDS` are let go. */
  put(source: Source): void {
    const { kind, metadata } = source.resource
    const name: ResourceName = { kind, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), name: metadata.name ?? '' }
    const key = keyOf(name)
    // What hangs on a profile's labels stays resolved when they stay the same; an endpoint or network set keeps its place.
    if (kind === 'Profile' || this.#endpointSources.has(key) || this.#setSources.has(key)) this.#setAside.delete(key)
    else this.remove(name)
    try {
      this.#add(key, source)
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error
      this.putAside({ ...name, name: name.name ?? '', problem: problemAt(source, error.path, error.message) })
    }
  }

  /** Notes a resource that cannot even be read. */
  putAside(one: SetAside): void {
    this.remove(one)
    this.#setAside.set(keyOf(one), one)
  }

  remove(name: ResourceName): void {
    const key = keyOf(name)
    this.#setAside.delete(key)
    switch (name.kind) {
      case 'Tier':
        if (this.#tiers.delete(key)) this.#orderedTiers = undefined
        break
      case 'GlobalNetworkPolicy':
      case 'NetworkPolicy':
        if (this.#policies.delete(key)) this.#orderedTiers = undefined
        break
      case 'Profile':
        if (this.#profiles.delete(name.name ?? '')) this.#forgetInheritance(name.name ?? '')
        break
      case 'Node':
        if (this.#nodes.delete(key)) this.#forgetHosts()
        break
      case 'FelixConfiguration':
        if (this.#configurations.delete(key)) this.#forgetHosts()
        break
      case 'WorkloadEndpoint':
      case 'HostEndpoint':
        this.#endpointSources.delete(key)
        this.#forgetResolved(key)
        break
      case 'GlobalNetworkSet':
      case 'NetworkSet':
        this.#setSources.delete(key)
        this.#forgetResolved(key)
        break
      default:
    }
  }

  /** The world as it is now. */
  world(): World {
    const inheritance = (this.#inheritance ??= new Map([...this.#profiles].map(([name, { labelsToApply }]) => [name, labelsToApply])))
    for (const key of this.#stale) this.#resolve(key, inheritance)
    this.#stale.clear()
    const world: Omit<World, 'unknowns'> = {
      endpoints: (this.#endpointList ??= [...this.#endpoints.values()]),
      networkSets: (this.#setList ??= [...this.#sets.values()]),
      tiers: (this.#orderedTiers ??= this.#orderTiers()),
      profiles: (this.#profilesNow ??= new Map(this.#profiles)),
      setAside: [...this.#setAside.values()],
    }
    let unknowns: World['unknowns'] | undefined
    return {
      ...world,
      get unknowns() {
        return (unknowns ??= findUnknowns(world))
      },
    }
  }

  // --- internal ---

  #add(key: string, source: Source): void {
    const { resource, origin } = source
    const name = resource.metadata.name ?? ''
    switch (resource.kind) {
      case 'Tier':
        this.#tiers.set(key, source)
        this.#orderedTiers = undefined
        break
      case 'GlobalNetworkPolicy':
      case 'NetworkPolicy':
        this.#policies.set(key, resolvePolicy(resource, origin, this.#selectors))
        this.#orderedTiers = undefined
        break
      case 'Profile':
        this.#setProfile(name, resolveProfile(resource, origin, this.#selectors))
        break
      case 'Node':
        this.#nodes.set(key, resource)
        this.#forgetHosts()
        break
      case 'FelixConfiguration':
        this.#configurations.set(key, resource)
        this.#forgetHosts()
        break
      case 'WorkloadEndpoint':
      case 'HostEndpoint':
        this.#endpointSources.set(key, source)
        this.#stale.add(key)
        break
      case 'GlobalNetworkSet':
      case 'NetworkSet':
        this.#setSources.set(key, source)
        this.#stale.add(key)
        break
      default:
    }
  }

  #setProfile(name: string, profile: Profile): void {
    const before = this.#profiles.get(name)
    this.#profiles.set(name, profile)
    this.#profilesNow = undefined
    if (!before || !sameLabels(before.labelsToApply, profile.labelsToApply)) this.#forgetInheritance(name)
  }

  #resolve(key: string, inheritance: Inheritance): void {
    const endpoint = this.#endpointSources.get(key)
    const set = this.#setSources.get(key)
    if (endpoint) {
      const { resource, origin } = endpoint
      const isHost = resource.kind === 'HostEndpoint'
      const resolved = isHost
        ? hostEndpoint(resource, origin, inheritance, { addresses: this.#hostAddresses(resource), ...this.#settingsOf(resource) })
        : workloadEndpoint(resource, origin, inheritance)
      this.#endpoints.set(key, resolved)
      this.#endpointList = undefined
    } else if (set) {
      this.#sets.set(key, networkSet(set.resource, set.origin, inheritance))
      this.#setList = undefined
    }
  }

  #forgetResolved(key: string): void {
    this.#stale.delete(key)
    if (this.#endpoints.delete(key)) this.#endpointList = undefined
    if (this.#sets.delete(key)) this.#setList = undefined
  }

  /** What takes labels from a profile is resolved anew. */
  #forgetInheritance(profile: string): void {
    this.#profilesNow = undefined
    this.#inheritance = undefined
    for (const sources of [this.#endpointSources, this.#setSources]) {
      for (const [key, { resource }] of sources) if (profilesOf(resource).includes(profile)) this.#stale.add(key)
    }
  }

  #forgetHosts(): void {
    this.#hostSettings.clear()
    for (const [key, { resource }] of this.#endpointSources) if (resource.kind === 'HostEndpoint') this.#stale.add(key)
  }

  /** The addresses of a host endpoint's node, where its interface is not told by addresses. */
  #hostAddresses({ spec }: Resource): readonly Ip[] {
    const { node = '', interfaceName, expectedIPs } = (spec ?? {}) as { node?: string; interfaceName?: string; expectedIPs?: string[] }
    if (interfaceName !== '*' && expectedIPs && expectedIPs.length > 0) return []
    const found = this.#nodes.get(keyOf({ kind: 'Node', name: node }))?.spec as NodeSpec | undefined
    const texts = [found?.bgp?.ipv4Address, found?.bgp?.ipv6Address, ...(found?.addresses ?? []).map(({ address }) => address)]
    const distinct = new Map<string, Ip>()
    for (const text of texts) {
      const net = text === undefined ? undefined : parseNet(text)
      if (net) distinct.set(String(net.value), net.family === 4 ? { family: 4, value: net.value } : { family: 6, value: net.value })
    }
    return [...distinct.values()]
  }

  /** What its FelixConfigurations say of a host endpoint's node; without any, the defaults are left out. */
  #settingsOf({ spec }: Resource): Pick<HostOfEndpoint, 'failsafe' | 'endpointToHost'> {
    const { node = '' } = (spec ?? {}) as { node?: string }
    let known = this.#hostSettings.get(node)
    if (!known) {
      const labels = this.#nodes.get(keyOf({ kind: 'Node', name: node }))?.metadata.labels ?? {}
      const layers = configurationsOf(this.#configurations.values(), node, labels).map((one) => (one.spec ?? {}) as FelixSpec)
      const { failsafe, endpointToHost } = hostSettings(specOf(layers)).settings
      const isDefault = failsafe.ingress === FAILSAFE.ingress && failsafe.egress === FAILSAFE.egress
      known = { ...(isDefault ? {} : { failsafe }), ...(endpointToHost === 'Drop' ? {} : { endpointToHost }) }
      this.#hostSettings.set(node, known)
    }
    return known
  }

  #orderTiers(): readonly Tier[] {
    const tiers = new Map<string, Tier & { readonly policies: Policy[] }>()
    const add = (tier: Omit<Tier, 'policies'>) => void tiers.set(tier.name, { ...tier, policies: [] })
    for (const { name, order, defaultAction } of BUILTIN_TIERS) add({ name, order, defaultAction, missing: false, origin: BUILT_IN })
    for (const { resource, origin } of this.#tiers.values()) {
      const { order = Infinity, defaultAction } = (resource.spec ?? {}) as { order?: number; defaultAction?: string }
      add({ name: resource.metadata.name ?? '', order, defaultAction: defaultAction === 'Pass' ? 'Pass' : 'Deny', missing: false, origin })
    }
    for (const policy of this.#policies.values()) {
      if (!tiers.has(policy.tier)) add({ name: policy.tier, order: Infinity, defaultAction: 'Deny', missing: true, origin: BUILT_IN })
      tiers.get(policy.tier)?.policies.push(policy)
    }
    for (const { policies } of tiers.values()) policies.sort(comparePolicies)
    return [...tiers.values()].sort(compareTiers)
  }
}

// --- internal ---

function sameLabels(a: Labels, b: Labels): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
}

interface NodeSpec {
  readonly bgp?: { readonly ipv4Address?: string; readonly ipv6Address?: string }
  readonly addresses?: readonly { readonly address?: string }[]
}

/** The profile that is always there (`reference/model.md 2.4`). */
const DEFAULT_ALLOW: Resource = {
  kind: 'Profile',
  apiVersion: API_VERSION,
  metadata: { name: 'projectcalico-default-allow' },
  spec: { ingress: [{ action: 'Allow' }], egress: [{ action: 'Allow' }] },
}

const NAMESPACED: ReadonlySet<string> = new Set(['NetworkPolicy', 'NetworkSet', 'WorkloadEndpoint'])

function keyOf({ kind, namespace = 'default', name = '' }: ResourceName): string {
  return NAMESPACED.has(kind) ? `${kind}/${namespace}/${name}` : `${kind}/${name}`
}

function problemAt({ resource, origin }: Source, path: Path, message: string): Problem {
  const { kind, metadata } = resource
  const name = { kind, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), name: metadata.name ?? '' }
  return {
    code: 'not-understood',
    severity: 'error',
    message: `${formatResourceName(name)} cannot be understood: ${message}`,
    ...(origin.file === undefined ? {} : { file: origin.file }),
    ...(origin.locate ? { range: origin.locate(path) } : {}),
    resource: name,
    path: formatPath(path),
    help: origin.key === undefined ? 'correct it' : `correct it in the datastore, where it is ${origin.key}`,
  }
}
