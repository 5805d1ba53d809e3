import { API_VERSION, type Resource } from '../../../src/model/kind.ts'
import { resourceOf } from '../recorded.ts'

/** One of the acceptance cases (`reference/felix.md 2`), by its number there. */
export type Case = Asked | ForTheAgent

export interface Asked {
  readonly number: string
  readonly title: string
  /** What there is besides A, B and C, or in place of them. */
  readonly world: readonly Resource[]
  /** Questions and answers: `B->A in`, `A->X eg`, `X->h1 fwd-in`, then protocol and port unless it is TCP to 80. */
  readonly says: Readonly<Record<string, 'allow' | 'deny' | 'not asked'>>
}

/** What hangs on the kernel, on interfaces or on earlier packets: the agent's tests have it. */
export interface ForTheAgent {
  readonly number: string
  readonly title: string
  readonly agent: string
}

/** Addresses of the cases. */
export const IPS: Readonly<Record<string, string>> = {
  A: '10.0.0.1',
  B: '10.0.0.2',
  C: '10.0.0.3',
  D: '10.0.0.4',
  X: '192.0.2.9',
  X6: '2001:db8::9',
  A6: 'fd00::1',
  h1: '172.16.0.1',
  h2: '172.16.0.2',
}

/** A workload endpoint; with profile `open` unless others are given. */
export function pod(
  name: string,
  more: { labels?: Record<string, string>; profiles?: string[]; namespace?: string; ports?: unknown[]; ips?: string[] } = {},
): Resource {
  const { labels = {}, profiles = ['open'], namespace = 'n1', ports = [], ips = [IPS[name] ?? ''] } = more
  return {
    kind: 'WorkloadEndpoint',
    apiVersion: API_VERSION,
    metadata: { name, namespace, labels: { is: name, ...labels, 'projectcalico.org/namespace': namespace } },
    spec: { node: 'h1', profiles, ipNetworks: ips, ports },
  }
}

export function hep(name: string, more: Record<string, unknown> = {}, labels: Record<string, string> = { is: name }): Resource {
  return {
    kind: 'HostEndpoint',
    apiVersion: API_VERSION,
    metadata: { name, labels },
    spec: { node: name, interfaceName: 'eth0', expectedIPs: [IPS[name] ?? ''], ...more },
  }
}

export function profile(name: string, spec: Record<string, unknown>): Resource {
  return { kind: 'Profile', apiVersion: API_VERSION, metadata: { name }, spec }
}

export function tier(name: string, spec: Record<string, unknown> = {}): Resource {
  return { kind: 'Tier', apiVersion: API_VERSION, metadata: { name }, spec }
}

/** A policy for A unless `spec` has a selector, with types as the client completes them; `t1/p` is in a tier. */
export function gnp(name: string, spec: Record<string, unknown>): Resource {
  return completed('GlobalNetworkPolicy', name, undefined, spec)
}

export function np(name: string, spec: Record<string, unknown>, namespace = 'n1'): Resource {
  return completed('NetworkPolicy', name, namespace, spec)
}

/** A policy as it is when written past the client. */
export function stored(policy: Resource, spec: Record<string, unknown>): Resource {
  return { ...policy, spec }
}

export function set(name: string, nets: string[], labels: Record<string, string>, namespace?: string): Resource {
  const kind = namespace === undefined ? 'GlobalNetworkSet' : 'NetworkSet'
  return { kind, apiVersion: API_VERSION, metadata: { name, labels, ...(namespace === undefined ? {} : { namespace }) }, spec: { nets } }
}

export const ALLOW = { action: 'Allow' }
export const DENY = { action: 'Deny' }
export const PASS = { action: 'Pass' }
export const LOG = { action: 'Log' }

/** A rule for packets from an endpoint by its name. */
export function from(name: string, rule: Record<string, unknown> = ALLOW): Record<string, unknown> {
  return { ...rule, source: { selector: `is == '${name}'` } }
}

/** A rule for packets to an endpoint by its name. */
export function to(name: string, rule: Record<string, unknown> = ALLOW): Record<string, unknown> {
  return { ...rule, destination: { selector: `is == '${name}'` } }
}

/** What every case has, unless its world has one of the same name. */
export const COMMON: readonly Resource[] = [
  profile('open', { ingress: [ALLOW], egress: [ALLOW] }),
  profile('shut', {}),
  profile('denyall', { ingress: [DENY], egress: [DENY] }),
  pod('A'),
  pod('B'),
  pod('C'),
]

// --- internal ---

function completed(kind: string, name: string, namespace: string | undefined, spec: Record<string, unknown>): Resource {
  const [tierName, own] = name.includes('/') ? name.split('/') : [undefined, name]
  return resourceOf({
    kind,
    apiVersion: API_VERSION,
    metadata: { name: own, ...(namespace === undefined ? {} : { namespace }) },
    spec: { selector: "is == 'A'", ...(tierName === undefined ? {} : { tier: tierName }), ...spec },
  })
}
