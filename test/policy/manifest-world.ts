import { readManifest } from '../../src/manifest/read.ts'
import { v1Converter } from '../../src/model/v1/convert.ts'
import { buildWorld, type Source } from '../../src/policy/world/build.ts'
import type { World } from '../../src/policy/world/world.ts'

/** Resources of a manifest in YAML, as commands have them; rules stand in `world.yaml`. */
export function sourcesOf(text: string): Source[] {
  const { items, problems } = readManifest('world.yaml', new TextEncoder().encode(text), { convertV1: v1Converter })
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'))
  return items.map((item) => ({ resource: item.resource, origin: { file: item.file, locate: (path) => item.locate(path) } }))
}

export function manifestWorld(...documents: string[]): World {
  return buildWorld(sourcesOf(documents.join('\n---\n')))
}

/** A workload endpoint in a line: its name on host `node`, addresses and labels. */
export function workload(
  name: string,
  ips: readonly string[],
  options: {
    readonly labels?: Readonly<Record<string, string>>
    readonly profiles?: readonly string[]
    readonly node?: string
    readonly namespace?: string
    readonly ports?: unknown
  } = {},
): string {
  const { labels = {}, profiles = [], node = 'h1', namespace = 'default', ports } = options
  return JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: { name: `${node}-plain-${name}-eth0`, namespace, labels },
    spec: {
      node,
      orchestrator: 'plain',
      workload: name,
      endpoint: 'eth0',
      interfaceName: `cali${name}`,
      ipNetworks: ips,
      profiles,
      ...(ports ? { ports } : {}),
    },
  })
}

export function hostEndpoint(name: string, spec: Readonly<Record<string, unknown>>, labels: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'HostEndpoint', metadata: { name, labels }, spec: { node: 'h1', ...spec } })
}

export function profile(name: string, spec: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind: 'Profile', metadata: { name }, spec })
}

/** A profile that allows everything. */
export const OPEN = profile('open', { ingress: [{ action: 'Allow' }], egress: [{ action: 'Allow' }] })

export function policy(name: string, spec: Readonly<Record<string, unknown>>, namespace?: string): string {
  const kind = namespace === undefined ? 'GlobalNetworkPolicy' : 'NetworkPolicy'
  return JSON.stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, spec })
}

export function networkSet(name: string, nets: readonly string[], labels: Readonly<Record<string, string>> = {}, namespace?: string): string {
  const kind = namespace === undefined ? 'GlobalNetworkSet' : 'NetworkSet'
  return JSON.stringify({
    apiVersion: 'projectcalico.org/v3',
    kind,
    metadata: { name, labels, ...(namespace === undefined ? {} : { namespace }) },
    spec: { nets },
  })
}
