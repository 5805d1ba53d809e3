import { integer, type Field, list, struct, text, type ValueOf } from '../schema.ts'
import type { Path } from '../problem.ts'
import { selectorCheck } from '../selector-check.ts'
import { network, versionOf } from './address.ts'
import { plainName, port, protocol } from './field.ts'
import type { Report } from './kind.ts'

/** The `ingress` or `egress` list of a policy or profile (`reference/model.md 1.9`). */
export function ruleList(description: string): Field<V1Rule[]> {
  return list(description, ruleSchema())
}

export type V1Rule = ValueOf<ReturnType<typeof ruleSchema>>
export type V1Entity = NonNullable<V1Rule['source']>

/** What v1 says against the rules of a resource beyond their single fields (`reference/model.md 3.1`). */
export function checkRules(spec: { readonly ingress?: readonly V1Rule[]; readonly egress?: readonly V1Rule[] }, report: Report): void {
  for (const direction of ['ingress', 'egress'] as const) {
    for (const [index, rule] of (spec[direction] ?? []).entries()) checkRule(rule, ['spec', direction, index], report)
  }
}

// --- internal ---

const SIDES = ['source', 'destination'] as const

function ruleSchema() {
  return struct('One rule.', {
    action: text('What happens to a packet that matches.', { oneOf: ['allow', 'deny', 'log', 'pass'], omit: 'never' }),
    ipVersion: integer('Packets of that IP version only: 4 or 6.', { omit: 'absent', check: ipVersion }),
    protocol: protocol('Packets of that protocol only.'),
    icmp: icmp('ICMP messages that match.'),
    notProtocol: protocol('Packets of any other protocol.'),
    notICMP: icmp('ICMP messages that do not match.'),
    source: entity('Where the packet comes from.'),
    destination: entity('Where the packet goes.'),
  })
}

function icmp(description: string) {
  return struct(description, {
    type: integer('The type, from 0 to 254.', { omit: 'absent', min: 0, max: 254 }),
    code: integer('The code, from 0 to 255.', { omit: 'absent', min: 0, max: 255 }),
  })
}

function entity(description: string) {
  return struct(
    description,
    {
      tag: text('Endpoints with a profile that has the tag.', { check: plainName }),
      net: network('A network. Out of use: write nets.'),
      nets: list('Networks.', network('A network.')),
      selector: text('Endpoints that match.', { check: selectorCheck }),
      ports: list('Ports.', port('A port.')),
      notTag: text('Anything but endpoints with a profile that has the tag.', { check: plainName }),
      notNet: network('Anything outside of a network. Out of use: write notNets.'),
      notNets: list('Anything outside of the networks.', network('A network.')),
      notSelector: text('Anything but endpoints that match.', { check: selectorCheck }),
      notPorts: list('Any other port.', port('A port.')),
    },
    { omit: 'never' },
  )
}

function ipVersion(value: number): string | undefined {
  return value === 4 || value === 6 ? undefined : 'is no IP version\nit is 4 or 6'
}

function checkRule(rule: V1Rule, path: Path, report: Report): void {
  if (!rule.action) {
    const help = 'the actions are allow, deny, log and pass'
    report({ code: 'missing-field', path: [...path, 'action'], message: 'a rule needs an action', help })
  }
  for (const field of ['icmp', 'notICMP'] as const) {
    if (rule[field]?.code === undefined || rule[field].type !== undefined) continue
    report({ code: 'missing-field', path: [...path, field, 'code'], message: 'an ICMP code needs an ICMP type', help: 'give the type too' })
  }
  checkPorts(rule, path, report)
  checkNetworks(rule, path, report)
}

const WITH_PORTS: readonly (string | number | undefined)[] = ['tcp', 'udp', 'sctp', 6, 17, 132]

function checkPorts(rule: V1Rule, path: Path, report: Report): void {
  if (WITH_PORTS.includes(rule.protocol)) return
  for (const side of SIDES) {
    for (const field of ['ports', 'notPorts'] as const) {
      if (!rule[side]?.[field]?.length) continue
      const message = rule.protocol === undefined ? 'ports need a protocol' : `protocol ${rule.protocol} has no ports`
      report({ code: 'ports-without-protocol', path: [...path, side, field], message, help: 'set protocol to tcp, udp or sctp' })
    }
  }
}

interface PlacedNetwork {
  readonly cidr: string
  readonly path: Path
}

function checkNetworks(rule: V1Rule, path: Path, report: Report): void {
  const alone: PlacedNetwork[] = []
  const listed: PlacedNetwork[] = []
  for (const side of SIDES) {
    for (const [one, many] of [
      ['net', 'nets'],
      ['notNet', 'notNets'],
    ] as const) {
      const cidr = rule[side]?.[one]
      if (cidr !== undefined) alone.push({ cidr, path: [...path, side, one] })
      listed.push(...(rule[side]?.[many] ?? []).map((cidr, index) => ({ cidr, path: [...path, side, many, index] })))
    }
  }
  const [first] = alone
  if (first && listed.length > 0) {
    const help = 'lists take any number of networks: write this one in nets or notNets too'
    report({ code: 'exclusive-fields', path: first.path, message: 'net and notNet cannot stand in a rule with nets or notNets', help })
  }
  checkVersions(rule.ipVersion, [...alone, ...listed], report)
}

/** A packet has one IP version: a rule with networks of both would never match. */
function checkVersions(ruleVersion: number | undefined, networks: readonly PlacedNetwork[], report: Report): void {
  const [first] = networks
  const wanted = ruleVersion ?? (first && versionOf(first.cidr))
  const other = networks.find(({ cidr }) => versionOf(cidr) !== wanted)
  if (!other) return
  const message =
    ruleVersion === undefined
      ? `"${other.cidr}" is of IPv${versionOf(other.cidr)}, other networks of the rule are of IPv${wanted}`
      : `"${other.cidr}" is of IPv${versionOf(other.cidr)}, but the rule's ipVersion is ${ruleVersion}`
  report({ code: 'family-mismatch', path: other.path, message, help: 'write a rule for each IP version' })
}
