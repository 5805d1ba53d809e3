import { nameColumn } from '../column.ts'
import { interfaceFilter } from '../interface-name.ts'
import { defineKind, type Report, type Resource } from '../kind.ts'
import type { Path } from '../problem.ts'
import { struct, type ValueOf } from '../schema.ts'
import { bpfFields } from './felix-configuration-bpf.ts'
import { hostFields } from './felix-configuration-host.ts'
import { overlayFields } from './felix-configuration-overlay.ts'
import { routingFields } from './felix-configuration-routing.ts'
import { trafficFields } from './felix-configuration-traffic.ts'

/** Settings of Felix (`reference/model.md 2.20`). The parts stand in Go's order, which is the order of the stored bytes. */
export const felixConfiguration = defineKind(
  {
    kind: 'FelixConfiguration',
    plural: 'felixconfigurations',
    aliases: ['felixconfig', 'felixconfigs'],
    scope: 'cluster',
  },
  () => ({
    description:
      'Settings of Felix, the agent on each host: "default" for all, "node.<name>" for one, any other name for the nodes that nodeSelector picks.',
    spec: specSchema(),
    columns: [nameColumn()],
    complete,
    rules,
    example: `apiVersion: projectcalico.org/v3
kind: FelixConfiguration
metadata:
  name: default
spec:
  logSeverityScreen: Warning
  defaultEndpointToHostAction: Accept
  failsafeInboundHostPorts:
  - protocol: TCP
    port: 22
`,
  }),
)

// --- internal ---

const specSchema = () =>
  struct('The settings. One that is not given has the default that its description names, or what a wider FelixConfiguration says.', {
    ...hostFields(),
    ...overlayFields(),
    ...trafficFields(),
    ...bpfFields(),
    ...routingFields(),
  })

type Spec = ValueOf<ReturnType<typeof specSchema>>

const MAX_TABLE = 0xffff_ffff
const MAX_TABLES = 0xffff

/** What Calico's client writes besides the defaults at the fields. The switch that is out of use decides over the two that replaced it. */
function complete(resource: Resource<Spec>): void {
  resource.spec ??= {}
  const spec = resource.spec
  spec.floatingIPs ??= 'Disabled'
  const old = spec.bpfConnectTimeLoadBalancingEnabled
  if (old === undefined) {
    spec.bpfConnectTimeLoadBalancing ??= 'TCP'
    spec.bpfHostNetworkedNATWithoutCTLB ??= 'Enabled'
  } else {
    spec.bpfConnectTimeLoadBalancing = old ? 'Enabled' : 'Disabled'
    spec.bpfHostNetworkedNATWithoutCTLB = 'Disabled'
  }
}

function rules({ metadata, spec = {} }: Resource<Spec>, report: Report): void {
  const name = metadata.name ?? ''
  if (spec.nodeSelector !== undefined && (name === 'default' || name.startsWith('node.'))) {
    report({
      code: 'not-allowed-here',
      path: ['spec', 'nodeSelector'],
      message: `nodeSelector cannot be set in the FelixConfiguration "${name}"`,
      help: name === 'default' ? '"default" holds for all nodes: give the selector to one of another name' : `"${name}" holds for that node alone`,
    })
  }
  spec.healthTimeoutOverrides?.forEach(({ name: part = '' }, index) => {
    if (/^[a-zA-Z0-9_ -]+$/.test(part)) return
    const message = part === '' ? 'the part of Felix must be named' : `"${part}" is not the name of a part of Felix`
    report({
      code: 'bad-value',
      path: ['spec', 'healthTimeoutOverrides', index, 'name'],
      message,
      help: 'a name consists of letters, digits, spaces, "_" and "-"',
    })
  })
  for (const key of Object.keys(spec.bpfLogFilters ?? {})) {
    const [fault, ...help] = interfaceFilter(key)?.split('\n') ?? []
    if (fault === undefined) continue
    const message = `"${key}" ${fault}`
    report({ code: 'bad-value', path: ['spec', 'bpfLogFilters', key], message, ...(help.length > 0 ? { help: help.join('\n') } : {}), atKey: true })
  }
  checkTables(spec, report)
}

/** Route tables: either field, never both (`reference/model.md 2.20, 3.4`). */
function checkTables({ routeTableRange: one, routeTableRanges: many }: Spec, report: Report): void {
  if (one && many) {
    report({
      code: 'exclusive-fields',
      path: ['spec', 'routeTableRange'],
      message: 'routeTableRange and routeTableRanges cannot both be set',
      help: 'use routeTableRanges alone',
    })
  }
  if (one) checkTableRange(one, 250, ['spec', 'routeTableRange'], report)
  let tables = 0
  many?.forEach((range, index) => {
    checkTableRange(range, MAX_TABLE, ['spec', 'routeTableRanges', index], report)
    tables += (range.max ?? 0) - (range.min ?? 0) + 1
  })
  if (tables > MAX_TABLES) {
    report({
      code: 'too-many-tables',
      path: ['spec', 'routeTableRanges'],
      message: `the ranges hold ${tables} route tables together, ${MAX_TABLES} at most are allowed`,
    })
  }
}

function checkTableRange(range: { readonly min?: number; readonly max?: number }, largest: number, path: Path, report: Report): void {
  const { min = 0, max = 0 } = range
  const say = (field: string, message: string) =>
    report({ code: 'bad-range', path: [...path, field], message, help: `give min and max within 1 to ${largest}, min not above max` })
  if (min < 1) say('min', `min is ${min}, and route tables begin with 1`)
  if (max > largest) say('max', `max is ${max}, and the last route table is ${largest}`)
  else if (min >= 1 && min > max)
    say('max', range.max === undefined ? `max must be given: the range begins with ${min}` : `max ${max} is below min ${min}`)
}
