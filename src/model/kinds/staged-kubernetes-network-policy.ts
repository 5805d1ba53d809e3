import { nameColumn } from '../column.ts'
import type { Fault } from '../decode.ts'
import { defineKind, type Resource } from '../kind.ts'
import { stagedActionField } from '../policy.ts'
import { parsePort } from '../port.ts'
import { custom, integer, list, map, struct, text, type ValueOf } from '../schema.ts'

const labelSelector = (description: string, omit?: 'never') =>
  struct(
    description,
    {
      matchLabels: map('Labels that must have these values.', text('A value.')),
      matchExpressions: list(
        'Conditions that must all hold.',
        struct('A condition on one label.', {
          key: text('The label.', { omit: 'never' }),
          operator: text('In, NotIn, Exists or DoesNotExist.', { omit: 'never' }),
          values: list('What In and NotIn compare with.', text('A value.')),
        }),
      ),
    },
    omit ? { omit } : {},
  )

const peers = (description: string) =>
  list(
    description,
    struct('One group of peers.', {
      podSelector: labelSelector('Picks pods.'),
      namespaceSelector: labelSelector('Picks namespaces.'),
      ipBlock: struct('Picks addresses.', {
        cidr: text('A network.', { omit: 'never' }),
        except: list('Networks in it that are not meant.', text('A network.')),
      }),
    }),
  )

const ports = list(
  'Ports that the rule is about; all when absent.',
  struct('A port or range of ports.', {
    protocol: text('TCP, UDP or SCTP; TCP when absent.', { omit: 'absent' }),
    port: custom<number | string>('Number or name of the port.', 'port', decodePort, { omit: 'absent', json: { type: ['integer', 'string'] } }),
    endPort: integer('Last port of the range that starts at `port`.', { omit: 'absent', range: [-(2 ** 31), 2 ** 31 - 1] }),
  }),
)

const spec = struct('What the policy says, in the words of Kubernetes.', {
  stagedAction: stagedActionField,
  podSelector: labelSelector('Which pods the policy applies to; all when empty.', 'never'),
  ingress: list('Rules for traffic to the pods.', struct('One rule.', { ports, from: peers('Where traffic may come from; anywhere when absent.') })),
  egress: list('Rules for traffic from the pods.', struct('One rule.', { ports, to: peers('Where traffic may go; anywhere when absent.') })),
  policyTypes: list('Which traffic the policy decides about.', text('Ingress or Egress.'), { max: 2 }),
})

type Spec = ValueOf<typeof spec>

export const stagedKubernetesNetworkPolicy = defineKind(
  {
    kind: 'StagedKubernetesNetworkPolicy',
    plural: 'stagedkubernetesnetworkpolicies',
    aliases: ['stagedkubernetespolicy', 'stagedkubernetespolicies', 'sknp', 'sknps', 'skpol', 'skpols'],
    scope: 'namespaced',
  },
  () => ({
    description: 'A Kubernetes policy that is tried out: what it would do is reported, not done.',
    spec,
    columns: [
      nameColumn(),
      { heading: 'PODSELECTOR', views: ['wide'], value: (resource: Resource<Spec>) => formatLabelSelector(resource.spec?.podSelector) },
    ],
    rules: (resource, report) => checkSpec(resource.spec ?? {}, report),
    example: `apiVersion: projectcalico.org/v3
kind: StagedKubernetesNetworkPolicy
metadata:
  name: allow-frontend
  namespace: default
spec:
  stagedAction: Set
  podSelector:
    matchLabels:
      app: db
  ingress:
  - from:
    - podSelector:
        matchLabels:
          role: frontend
    ports:
    - protocol: TCP
      port: 6379
  policyTypes:
  - Ingress
`,
  }),
)

// --- internal ---

function decodePort(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  if (typeof raw === 'string') return raw
  if (typeof raw === 'number' && Number.isInteger(raw) && Math.abs(raw) < 2 ** 31) return raw
  fail('a port is a number or a name', 'write it as in 80 or http')
  return undefined
}

function checkSpec(value: Spec, report: (fault: Fault) => void): void {
  const { stagedAction, podSelector, ...rest } = value
  const filled = Object.values(rest).some((field) => field !== undefined) || Object.values(podSelector ?? {}).some((field) => field !== undefined)
  if (stagedAction === 'Delete' && filled) {
    report({
      code: 'bad-policy',
      path: ['spec'],
      message: 'Spec fields should all be zero-value if stagedAction is Delete',
      help: 'a staged deletion only names the policy: remove the other fields of spec',
    })
  }
  for (const direction of ['ingress', 'egress'] as const) {
    for (const [index, rule] of (value[direction] ?? []).entries()) {
      for (const [place, entry] of (rule.ports ?? []).entries()) {
        const message = portFault(entry.port, entry.endPort)
        if (message !== undefined) report({ code: 'bad-rule', path: ['spec', direction, index, 'ports', place, 'port'], message })
      }
    }
  }
}

/** What cannot become a port of a Calico rule, into which Calico turns the policy. */
function portFault(port: number | string | undefined, endPort: number | undefined): string | undefined {
  if (port === undefined) return undefined
  const parsed = parsePort(endPort === undefined ? String(port) : `${port}:${endPort}`)
  return 'fault' in parsed ? parsed.fault : undefined
}

/** As kubectl shows selectors: `app=db,env in (a,b),!gone`. */
function formatLabelSelector(selector: Spec['podSelector']): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'NotIn' ? 'notin' : 'in'} (${values.join(',')})`
  })
  return [...labels.sort(), ...expressions].join(',')
}
