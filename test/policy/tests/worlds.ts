import assert from 'node:assert/strict'
import { checkEntry, type EntryResult } from '../../../src/policy/tests/check.ts'
import { askAbout, type Asked } from '../../../src/policy/tests/ends.ts'
import type { Entry } from '../../../src/policy/tests/entry.ts'
import { buildWorld } from '../../../src/policy/world/build.ts'
import { resourceOf } from '../recorded.ts'

export const V3 = 'projectcalico.org/v3'
export const profile = (name: string, spec: object) => ({ apiVersion: V3, kind: 'Profile', metadata: { name }, spec })
export const gnp = (name: string, spec: object) => ({ apiVersion: V3, kind: 'GlobalNetworkPolicy', metadata: { name }, spec })
export const net = (name: string) =>
  profile(name, {
    egress: [{ action: 'Allow' }],
    ingress: [{ action: 'Allow', source: { selector: `${name} == ''` } }],
    labelsToApply: { [name]: '' },
  })
export const workload = (name: string, profiles: string[], ipNetworks: string[], labels: Record<string, string> = {}) => ({
  apiVersion: V3,
  kind: 'WorkloadEndpoint',
  metadata: { namespace: 'libnetwork', labels, annotations: { 'docker.projectcalico.org/container': name } },
  spec: { orchestrator: 'libnetwork', workload: 'libnetwork', node: 'host1', endpoint: name, interfaceName: `cali${name}`, profiles, ipNetworks },
})
export const host = (name: string, spec: object) => ({
  apiVersion: V3,
  kind: 'HostEndpoint',
  metadata: { name },
  spec: { node: 'host1', interfaceName: 'eth0', ...spec },
})

/** Two of net1, one of net2. */
export const NETWORKS = [
  net('net1'),
  net('net2'),
  workload('a', ['net1'], ['10.0.0.1/32', 'fd00::1/128']),
  workload('b', ['net2'], ['10.0.0.2/32', 'fd00::2/128']),
  workload('c', ['net1'], ['10.0.0.3/32', 'fd00::3/128']),
]

export function ask(resources: readonly object[], words: readonly string[]): Asked {
  return askAbout(buildWorld(resources.map((raw) => ({ resource: resourceOf(raw), origin: {} }))), words)
}

/** An entry in short. */
export type Said = Omit<Partial<Entry>, 'expect' | 'from' | 'to'> & {
  readonly allow?: [string | string[], string | string[]]
  readonly deny?: [string | string[], string | string[]]
}

export function entryOf({ allow, deny, ports = ['any'], except = [], ...rest }: Said): Entry {
  const [from, to] = allow ?? deny ?? assert.fail('allow or deny')
  return { expect: allow ? 'allow' : 'deny', from: [from].flat(), to: [to].flat(), ports, except, ...rest }
}

export function check(resources: readonly object[], said: Said): EntryResult {
  const entry = entryOf(said)
  return checkEntry(ask(resources, [...entry.from, ...entry.to]), entry)
}

/** One that serves tcp 80 and 8000 to 8100, and one beside it. */
export const WEB = gnp('web', {
  selector: "app == 'web'",
  ingress: [
    { action: 'Allow', protocol: 'TCP', destination: { ports: [80, '8000:8100'] } },
    { action: 'Deny', protocol: 'UDP' },
  ],
})
export const SHOP = [
  WEB,
  profile('open', { egress: [{ action: 'Allow' }], ingress: [{ action: 'Allow' }] }),
  workload('web', ['open'], ['10.0.1.1/32'], { app: 'web' }),
  workload('db', ['open'], ['10.0.1.2/32'], { app: 'db' }),
]
