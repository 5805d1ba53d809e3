import { formatResourceName, type Problem, type ResourceName } from '../../model/problem.ts'
import type { EntityFacts } from '../facts.ts'
import type { Origin } from './origin.ts'
import type { Endpoint, Policy, Profile, Rule, Unknown, World } from './world.ts'

/** What the resources of a world ask for and do not have. Each missing thing is told once, where it is asked for first. */
export function findUnknowns(world: Omit<World, 'unknowns'>): Unknown[] {
  const unknowns = new Map<string, Unknown>()
  const add = (unknown: Unknown) => {
    const key = `${unknown.code}/${unknown.subject}`
    if (!unknowns.has(key)) unknowns.set(key, unknown)
  }
  const broken = new Set(world.setAside.filter(({ kind }) => kind === 'Profile').map(({ name }) => name))
  for (const endpoint of world.endpoints) {
    const resource = nameOf(endpoint)
    for (const [index, name] of endpoint.profiles.entries()) {
      if (world.profiles.has(name) || broken.has(name)) continue
      const problem = problemAt(endpoint.origin, ['spec', 'profiles', index], {
        code: 'missing-profile',
        message: `there is no profile "${name}", which ${formatResourceName(resource)} has: it denies all that reaches it`,
        resource,
        help: `create the profile, or take "${name}" from the endpoint`,
      })
      add({ code: 'missing-profile', subject: name, problem })
    }
    if (endpoint.addresses.length === 0 && (endpoint.otherAddresses ?? []).length === 0) {
      const field = endpoint.kind === 'workload' ? 'ipNetworks' : 'expectedIPs'
      const problem = problemAt(endpoint.origin, ['spec', field], {
        code: 'no-address',
        message: `${formatResourceName(resource)} has no address: no rule knows it by its labels`,
        resource,
        help: `give it an address in ${field}`,
      })
      add({ code: 'no-address', subject: endpoint.id, problem })
    }
  }
  for (const tier of world.tiers) {
    const [first] = tier.policies
    if (!tier.missing || !first) continue
    const problem = problemAt(first.origin, ['spec', 'tier'], {
      code: 'missing-tier',
      message: `there is no tier "${tier.name}": its policies act after all others`,
      resource: nameOf(first),
      help: 'create the tier',
    })
    add({ code: 'missing-tier', subject: tier.name, problem })
  }
  for (const unknown of missingPorts(world)) add(unknown)
  return [...unknowns.values()]
}

// --- internal ---

function nameOf({ resource }: Endpoint | Policy | Profile): ResourceName {
  const { kind, metadata } = resource
  return { kind, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), name: metadata.name ?? '' }
}

function problemAt(origin: Origin, path: readonly (string | number)[], rest: Omit<Problem, 'severity' | 'file' | 'range'>): Problem {
  const range = origin.locate?.(path)
  return { severity: 'warning', ...rest, ...(origin.file === undefined ? {} : { file: origin.file }), ...(range ? { range } : {}) }
}

function* missingPorts(world: Omit<World, 'unknowns'>): Generator<Unknown> {
  const declared = new Set(world.endpoints.flatMap(({ ports }) => ports.map(({ name }) => name)))
  for (const owner of [...world.tiers.flatMap(({ policies }) => policies), ...world.profiles.values()]) {
    for (const rule of [...(owner.ingress ?? []), ...(owner.egress ?? [])]) {
      for (const [name, path] of namedPorts(rule)) {
        if (declared.has(name)) continue
        const resource = nameOf(owner)
        const problem = problemAt(owner.origin, path, {
          code: 'missing-port',
          message: `no endpoint declares a port "${name}", which ${formatResourceName(resource)} names`,
          resource,
          help: 'declare it in spec.ports of the endpoints that have it, or write its number',
        })
        yield { code: 'missing-port', subject: name, problem }
      }
    }
  }
}

function* namedPorts(rule: Rule): Generator<[name: string, path: readonly (string | number)[]]> {
  const at = ['spec', rule.direction, rule.index]
  for (const end of ['source', 'destination'] as const) {
    const entity: EntityFacts = rule[end]
    for (const field of ['ports', 'notPorts'] as const) {
      for (const [index, port] of (entity[field] ?? []).entries()) {
        if (typeof port === 'string' && !port.includes(':')) yield [port, [...at, end, field, index]]
      }
    }
  }
}
