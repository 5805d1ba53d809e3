import { networkOrAddress } from '../address.ts'
import { nameColumn } from '../column.ts'
import { duration } from '../duration.ts'
import { defineKind, type Report, type Resource } from '../kind.ts'
import { labelKeyFault, labelValueFault } from '../label.ts'
import { objectName } from '../object-name.ts'
import type { Path } from '../problem.ts'
import { regexpFault } from '../regexp-syntax.ts'
import { integer, list, map, struct, text, type ValueOf } from '../schema.ts'
import { selectorCheck } from '../selector-check.ts'

/** Settings of Calico's Kubernetes controllers (`reference/model.md 2.17`). */
export const kubeControllersConfiguration = defineKind(
  {
    kind: 'KubeControllersConfiguration',
    plural: 'kubecontrollersconfigurations',
    aliases: ['kubecontrollersconfig', 'kubecontrollersconfigs'],
    scope: 'cluster',
  },
  () => ({
    description: "Settings of the controllers that keep Calico's datastore in step with Kubernetes. There is one, called default.",
    spec: specSchema(),
    status: statusSchema(),
    name: (name: string) =>
      name === 'default' ? undefined : `"${name}" is not possible: there is one KubeControllersConfiguration, called "default"`,
    columns: [nameColumn()],
    complete,
    rules,
    example: `apiVersion: projectcalico.org/v3
kind: KubeControllersConfiguration
metadata:
  name: default
spec:
  controllers:
    node:
      hostEndpoint:
        autoCreate: Enabled
`,
  }),
)

// --- internal ---

const ENABLED = ['Enabled', 'Disabled']

const specSchema = () =>
  struct('The settings.', {
    logSeverityScreen: text('How much the controllers log (default Info).', {
      oneOf: ['None', 'Debug', 'Info', 'Warning', 'Error', 'Fatal', 'Panic'],
    }),
    healthChecks: text('Whether they answer health checks (default Enabled).', { oneOf: ENABLED, default: 'Enabled' }),
    etcdV3CompactionPeriod: duration('How often etcd is told to drop old revisions (default 10m0s; 0 never).'),
    prometheusMetricsPort: integer('Port on which metrics are served; 0 for none (default 9094).', { omit: 'absent', min: 0, max: 65_535 }),
    controllers: controllersSchema(),
    debugProfilePort: integer('Port of localhost on which profiles of the running program are served; 0 for none (default 0).', {
      omit: 'absent',
      range: [-(2 ** 31), 2 ** 31 - 1],
      min: 0,
      max: 65_535,
    }),
  })

const statusSchema = () =>
  struct('What the controllers run with; written by them.', {
    runningConfig: specSchema(),
    environmentVars: map('Environment variables that override settings.', text('The value.')),
  })

type Spec = ValueOf<ReturnType<typeof specSchema>>
type Configuration = Resource<Spec>
type Template = ValueOf<ReturnType<typeof templateSchema>>

function controllersSchema() {
  return struct(
    'The controllers that run: those that are given.',
    {
      node: struct('Keeps nodes in step, and cleans up after those that are gone.', {
        reconcilerPeriod: reconcilerPeriod(),
        syncLabels: text("Whether Kubernetes nodes' labels are copied to Calico's (default Enabled).", { oneOf: ENABLED }),
        hostEndpoint: struct('Host endpoints that are made for nodes.', {
          autoCreate: text('Whether they are made (default Disabled).', { oneOf: ENABLED }),
          createDefaultHostEndpoint: text('Whether one for all interfaces of a node is among them (default Enabled).', { oneOf: ENABLED }),
          templates: list('Further host endpoints for each node.', templateSchema()),
        }),
        leakGracePeriod: duration('How long an address without a user is kept; 0 for ever (default 15m0s).'),
      }),
      policy: periodic("Copies Kubernetes' network policies."),
      workloadEndpoint: periodic("Copies pods' labels to workload endpoints."),
      serviceAccount: periodic('Makes profiles for service accounts.'),
      namespace: periodic('Makes profiles for namespaces.'),
      loadBalancer: struct('Gives addresses to services of type LoadBalancer.', {
        assignIPs: text('Which services get one (default AllServices).', { oneOf: ['AllServices', 'RequestedServicesOnly'], default: 'AllServices' }),
      }),
      migration: struct('Brings data of older releases into the form of this one.', {
        policyNameMigrator: text('Whether names of policies are migrated (default Enabled).', { oneOf: ['Disabled', 'Enabled'], default: 'Enabled' }),
      }),
    },
    { omit: 'never' },
  )
}

function templateSchema() {
  return struct('A host endpoint for each node that nodeSelector picks.', {
    generateName: text("What its name begins with, before the node's.", { check: objectName }),
    interfaceCIDRs: list(
      'Networks: the interfaces with an address in them get the endpoint.',
      text('A network or address.', { check: networkOrNothing }),
    ),
    interfacePattern: text('Regular expression: the interfaces with such a name get the endpoint.', { check: regexpFault }),
    labels: map('Labels of the endpoint.', text('A label value.')),
    annotations: map('Annotations of the endpoint.', text('An annotation value.')),
    nodeSelector: text('The nodes, by their labels (default all).', { check: selectorCheck }),
  })
}

function periodic(description: string) {
  return struct(description, { reconcilerPeriod: reconcilerPeriod() })
}

function reconcilerPeriod() {
  return duration('How often everything is compared again (default 5m0s).', {})
}

/** An empty text passes, as it does everywhere in Calico where networks are checked. */
function networkOrNothing(value: string): string | undefined {
  return value === '' ? undefined : networkOrAddress(value)
}

/** What Calico's client writes besides the defaults at the fields; not into the status. */
function complete({ spec = {} }: Configuration): void {
  spec.prometheusMetricsPort ??= 9094
  if (spec.controllers?.node) spec.controllers.node.leakGracePeriod ??= '15m0s'
}

function rules({ spec = {} }: Configuration, report: Report): void {
  const names = new Set<string>()
  spec.controllers?.node?.hostEndpoint?.templates?.forEach((template, index) => {
    const path = ['spec', 'controllers', 'node', 'hostEndpoint', 'templates', index]
    checkTemplate(template, path, report)
    const name = template.generateName
    if (name && names.has(name)) {
      report({
        code: 'duplicate-name',
        path: [...path, 'generateName'],
        message: `two templates have the generateName "${name}"`,
        help: 'names must differ',
      })
    }
    if (name) names.add(name)
  })
}

function checkTemplate(template: Template, path: Path, report: Report): void {
  const say = (field: string, message: string, help?: string) =>
    report({ code: 'bad-template', path: [...path, field], message, ...(help === undefined ? {} : { help }) })
  const tell = (fault: string, text: string, field: string, key: string) => {
    const [message, ...help] = fault.split('\n')
    report({
      code: 'bad-label',
      path: [...path, field, key],
      message: `"${text}" ${message} (it becomes one of the host endpoint's metadata.${field})`,
      ...(help.length === 0 ? {} : { help: help.join('\n') }),
      atKey: text === key,
    })
  }
  const { generateName = '' } = template
  if (generateName === '') say('generateName', 'a template needs a generateName', 'host endpoints are named <generateName>-<node>')
  else if (generateName.length > MAX_NAME) say('generateName', `generateName has ${generateName.length} characters, ${MAX_NAME} at most are allowed`)
  if (!template.interfaceCIDRs?.length && !template.interfacePattern) {
    say('interfaceCIDRs', 'a template needs interfaceCIDRs or an interfacePattern', 'say which interfaces get the endpoint')
  }
  for (const [key, value] of Object.entries(template.labels ?? {})) {
    const keyFault = labelKeyFault(key)
    const fault = keyFault ?? labelValueFault(value)
    if (fault !== undefined) tell(fault, keyFault === undefined ? value : key, 'labels', key)
  }
  for (const key of Object.keys(template.annotations ?? {})) {
    const fault = labelKeyFault(key.toLowerCase())
    if (fault !== undefined) tell(fault, key, 'annotations', key)
  }
}

const MAX_NAME = 253
