import { isObject } from '../../../src/model/decode.ts'
import type { EndpointPort } from '../../../src/model/endpoint-port.ts'
import type { Resource } from '../../../src/model/kind.ts'
import { compareBytes } from '../../../src/model/json.ts'
import { maskNet, type Net, parseNet } from '../../../src/model/net.ts'
import type { PolicySpec } from '../../../src/model/policy.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import { kindNamed } from '../../../src/model/registry.ts'
import { completeResource, decodeResource } from '../../../src/model/resource.ts'
import type { EntityRule, Rule } from '../../../src/model/rule.ts'
import type { Selector } from '../../../src/model/selector/ast.ts'
import type { Labels } from '../../../src/model/selector/evaluate.ts'
import { parseSelector } from '../../../src/model/selector/parse.ts'
import type { EndpointFacts, EntityFacts, Facts, NetworkSetFacts, PolicyFacts, RuleFacts, RuleLists } from '../../../src/policy/core/facts.ts'

/** The facts of a small world, and which of its endpoints is which. */
export interface SmallWorld {
  readonly facts: Facts
  /** Index of each endpoint by `namespace/name`, of host endpoints by `host:name`. */
  readonly endpoints: ReadonlyMap<string, number>
}

/**
 * Resolves manifests, and objects that were stored past the client, into facts (`reference/model.md 4.7`, `reference/felix.md 1.1 to 1.3, 1.9`).
 * `hostAddresses`: addresses of host endpoints, which need not be among those that they expect.
 */
export function worldOf(
  manifests: readonly unknown[],
  stored: readonly unknown[] = [],
  hostAddresses: ReadonlyMap<string, readonly string[]> = new Map(),
): SmallWorld {
  const resources = [...manifests.map((raw) => read(raw, true)), ...stored.map((raw) => read(raw, false))]
  const of = (kind: string) => resources.filter((resource) => resource.kind === kind)
  const profiles = new Map(of('Profile').map((resource) => [resource.metadata.name ?? '', resource.spec as ProfileSpec]))
  if (!profiles.has(DEFAULT_ALLOW)) profiles.set(DEFAULT_ALLOW, { ingress: [{ action: 'Allow' }], egress: [{ action: 'Allow' }] })
  const inherited = (own: Labels, names: readonly string[]): Labels => {
    const labels: Record<string, string> = { ...own }
    for (const name of names) for (const [key, value] of Object.entries(profiles.get(name)?.labelsToApply ?? {})) labels[key] ??= value
    return labels
  }
  const endpoints = new Map<string, number>()
  const list: EndpointFacts[] = []
  for (const { metadata, spec } of of('WorkloadEndpoint') as Resource<WorkloadSpec>[]) {
    endpoints.set(`${metadata.namespace ?? 'default'}/${metadata.name}`, list.length)
    const own = Object.fromEntries(Object.entries(metadata.labels ?? {}).filter(([key]) => !/^pc(ns|sa)\./.test(key)))
    if (spec?.serviceAccountName) own['projectcalico.org/serviceaccount'] = spec.serviceAccountName
    list.push(endpoint('workload', inherited(own, spec?.profiles ?? []), spec?.profiles, spec?.ipNetworks, spec?.ports))
  }
  for (const { metadata, spec } of of('HostEndpoint') as Resource<HostSpec>[]) {
    endpoints.set(`host:${metadata.name}`, list.length)
    const facts = endpoint('host', inherited(metadata.labels ?? {}, spec?.profiles ?? []), spec?.profiles, spec?.expectedIPs, spec?.ports)
    const known = new Set(facts.addresses.map(({ value }) => value))
    const otherAddresses = netsOf(hostAddresses.get(metadata.name ?? ''))?.filter(({ value }) => !known.has(value)) ?? []
    list.push({ ...facts, otherAddresses, allInterfaces: spec?.interfaceName === '*' })
  }
  const networkSets: NetworkSetFacts[] = []
  for (const kind of ['GlobalNetworkSet', 'NetworkSet']) {
    for (const { metadata, spec } of of(kind) as Resource<{ nets?: string[] }>[]) {
      const { labels: own = {}, namespace = 'default' } = metadata
      const labels = kind === 'NetworkSet' ? inherited({ ...own, [NAMESPACE]: namespace }, [`kns.${namespace}`]) : own
      networkSets.push({ labels, nets: netsOf(spec?.nets) ?? [] })
    }
  }
  return {
    endpoints,
    facts: {
      endpoints: list,
      networkSets,
      tiers: tiersOf(of('Tier') as Resource<TierSpec>[], [...of('GlobalNetworkPolicy'), ...of('NetworkPolicy')] as Resource<PolicySpec>[]),
      profiles: new Map(
        [...profiles].map(([name, spec]): [string, RuleLists] => [name, { ingress: rules(spec?.ingress), egress: rules(spec?.egress) }]),
      ),
    },
  }
}

// --- internal ---

const DEFAULT_ALLOW = 'projectcalico-default-allow'
const NAMESPACE = 'projectcalico.org/namespace'
const ACCOUNT = 'projectcalico.org/serviceaccount'

interface ProfileSpec {
  ingress?: Rule[]
  egress?: Rule[]
  labelsToApply?: Record<string, string>
}
interface WorkloadSpec {
  serviceAccountName?: string
  profiles?: string[]
  ipNetworks?: string[]
  ports?: EndpointPort[]
}
interface HostSpec {
  interfaceName?: string
  profiles?: string[]
  expectedIPs?: string[]
  ports?: EndpointPort[]
}
interface TierSpec {
  order?: number
  defaultAction?: string
}

function read(raw: unknown, complete: boolean): Resource {
  if (!isObject(raw)) throw new Error('a resource is an object')
  const kind = kindNamed(String(raw['kind']))
  if (!kind) throw new Error(`no kind ${String(raw['kind'])}`)
  const resource = decodeResource(kind, raw, {
    report: (fault) => {
      throw new Error(`${fault.path.join('.')}: ${fault.message}`)
    },
  })
  if (complete) completeResource(kind, resource)
  return resource
}

function endpoint(
  kind: 'workload' | 'host',
  labels: Labels,
  profiles: string[] | undefined,
  addresses: string[] | undefined,
  ports: EndpointPort[] | undefined,
): EndpointFacts {
  return {
    kind,
    labels,
    profiles: profiles ?? [],
    addresses: netsOf(addresses) ?? [],
    ports: (ports ?? []).map(({ name = '', protocol = 0, port = 0 }) => ({ name, protocol: protocolNumber(protocol) ?? 0, port })),
  }
}

function tiersOf(resources: readonly Resource<TierSpec>[], policies: readonly Resource<PolicySpec>[]): Facts['tiers'] {
  const known = new Map<string, { order: number; end: string; missing: boolean }>([
    ['default', { order: 1_000_000, end: 'Deny', missing: false }],
    ['kube-admin', { order: 1_000, end: 'Pass', missing: false }],
    ['kube-baseline', { order: 10_000_000, end: 'Pass', missing: false }],
  ])
  for (const { metadata, spec } of resources)
    known.set(metadata.name ?? '', { order: spec?.order ?? Infinity, end: spec?.defaultAction ?? 'Deny', missing: false })
  for (const { spec } of policies)
    if (!known.has(spec?.tier ?? 'default')) known.set(spec?.tier ?? 'default', { order: Infinity, end: 'Deny', missing: true })
  const sorted = [...known].sort(
    ([a, one], [b, other]) => Number(one.missing) - Number(other.missing) || compareOrders(one.order, other.order) || compareBytes(a, b),
  )
  return sorted.map(([name, { end }]) => ({
    defaultAction: end === 'Pass' ? 'Pass' : 'Deny',
    policies: policies
      .filter(({ spec }) => (spec?.tier || 'default') === name)
      .sort((a, b) => compareOrders(a.spec?.order ?? Infinity, b.spec?.order ?? Infinity) || compareBytes(tie(a), tie(b)))
      .map(policyFacts),
  }))
}

function compareOrders(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function tie({ kind, metadata }: Resource): string {
  return `${metadata.name}/${metadata.namespace ?? ''}/${kind}`
}

function policyFacts({ metadata, spec = {} }: Resource<PolicySpec>): PolicyFacts {
  const parts = [parse(spec.selector ?? '')]
  if (metadata.namespace) parts.push(equals(NAMESPACE, metadata.namespace))
  if (spec.namespaceSelector) parts.push(prefixed(spec.namespaceSelector, 'pcns.', NAMESPACE))
  if (spec.serviceAccountSelector) parts.push(prefixed(spec.serviceAccountSelector, 'pcsa.', ACCOUNT))
  const types = spec.types && spec.types.length > 0 ? spec.types : ['Ingress', 'Egress']
  return {
    selector: and(parts),
    ...(spec.doNotTrack ? { stage: 'untracked' as const } : spec.preDNAT ? { stage: 'preDNAT' as const } : {}),
    ...(types.includes('Ingress') ? { ingress: rules(spec.ingress, metadata.namespace) } : {}),
    ...(types.includes('Egress') ? { egress: rules(spec.egress, metadata.namespace) } : {}),
  }
}

function rules(list: readonly Rule[] | undefined, namespace?: string): RuleFacts[] {
  return (list ?? []).map((rule) => {
    const [protocol, notProtocol] = [rule.protocol, rule.notProtocol].map((one) => (one === undefined ? undefined : protocolNumber(one)))
    return {
      action: rule.action as RuleFacts['action'],
      ...(rule.ipVersion === undefined ? {} : { ipVersion: rule.ipVersion as 4 | 6 }),
      ...(protocol === undefined ? {} : { protocol }),
      ...(notProtocol === undefined ? {} : { notProtocol }),
      ...(rule.icmp ? { icmp: rule.icmp } : {}),
      ...(rule.notICMP ? { notIcmp: rule.notICMP } : {}),
      source: entity(rule.source, namespace),
      destination: entity(rule.destination, namespace),
      ...(rule.http || rule.source?.services || rule.destination?.services ? { maybe: true } : {}),
    }
  })
}

function entity(rule: EntityRule | undefined, namespace: string | undefined): EntityFacts {
  if (!rule) return {}
  const parts: Selector[] = []
  const accounts = rule.serviceAccounts
  if (rule.namespaceSelector?.trim() === 'global()') parts.push({ type: 'not', operand: { type: 'has', label: NAMESPACE } })
  else if (rule.namespaceSelector) parts.push(prefixed(rule.namespaceSelector, 'pcns.', NAMESPACE))
  else if (namespace && (rule.selector || rule.notSelector || accounts)) parts.push(equals(NAMESPACE, namespace))
  if (accounts?.names && accounts.names.length > 0) parts.push({ type: 'set', label: ACCOUNT, operator: 'in', values: accounts.names })
  if (accounts?.selector) parts.push(prefixed(accounts.selector, 'pcsa.', ACCOUNT))
  if (rule.selector) parts.push(parse(rule.selector))
  const not = rule.notSelector ? parse(rule.notSelector) : undefined
  if (not && parts.length > 0) parts.push({ type: 'not', operand: not })
  const [nets, notNets] = [netsOf(rule.nets), netsOf(rule.notNets)]
  return {
    ...(parts.length > 0 ? { selector: and(parts) } : not ? { notSelector: not } : {}),
    ...(nets ? { nets } : {}),
    ...(notNets ? { notNets } : {}),
    ...(rule.ports ? { ports: rule.ports } : {}),
    ...(rule.notPorts ? { notPorts: rule.notPorts } : {}),
  }
}

function netsOf(texts: readonly string[] | undefined): Net[] | undefined {
  return texts?.flatMap((text) => {
    const net = parseNet(text)
    return net ? [maskNet(net)] : []
  })
}

function parse(text: string): Selector {
  const { ast } = parseSelector(text)
  if (!ast) throw new Error(`not a selector: ${text}`)
  return ast
}

function prefixed(text: string, prefix: string, whole: string): Selector {
  const ast = parse(text)
  return ast.type === 'all' ? { type: 'has', label: whole } : withPrefix(ast, prefix)
}

function withPrefix(ast: Selector, prefix: string): Selector {
  if (ast.type === 'not') return { ...ast, operand: withPrefix(ast.operand, prefix) }
  if (ast.type === 'and' || ast.type === 'or') return { ...ast, operands: ast.operands.map((operand) => withPrefix(operand, prefix)) }
  return 'label' in ast ? { ...ast, label: prefix + ast.label } : ast
}

function equals(label: string, value: string): Selector {
  return { type: 'compare', label, operator: '==', value }
}

function and(parts: readonly Selector[]): Selector {
  const operands = parts.filter(({ type }) => type !== 'all')
  return operands.length > 1 ? { type: 'and', operands } : (operands[0] ?? { type: 'all' })
}
