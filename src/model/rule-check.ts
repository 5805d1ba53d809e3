import type { Fault } from './decode.ts'
import { labelKeyFault } from './label.ts'
import { parseCidr } from './net.ts'
import type { Path } from './problem.ts'
import { protocolNumber } from './protocol.ts'
import type { EntityRule, Rule } from './rule.ts'

/** What the rule belongs to, as far as that decides what it may say. */
export interface RulePlace {
  readonly direction: 'ingress' | 'egress'
  /** Of a GlobalNetworkPolicy: services need their namespace. */
  readonly global: boolean
  /** Of a policy, whose schema says more than the peer's own code says for profiles. */
  readonly policy: boolean
}

/** Checks what several fields of one rule say together (`reference/model.md 2.1, 3.3`). `path` is the rule's own. */
export function checkRule(rule: Rule, path: Path, place: RulePlace, report: (fault: Fault) => void): void {
  const tell = (field: Path, message: string, help?: string) =>
    report({ code: 'bad-rule', path: [...path, ...field], message, ...(help === undefined ? {} : { help }) })
  if (!rule.action) tell(['action'], 'a rule needs an action', 'write Allow, Deny, Log or Pass')
  checkPorts(rule, tell)
  checkIcmp(rule, place, tell)
  checkNets(rule, tell)
  for (const side of ['source', 'destination'] as const) {
    const entity = rule[side]
    if (!entity) continue
    checkGlobal(entity, side, place, tell)
    if (place.policy) checkServices(entity, side, place, tell)
  }
  checkHttp(rule, place, tell)
  for (const key of Object.keys(rule.metadata?.annotations ?? {})) {
    const [fault, help] = labelKeyFault(key.toLowerCase())?.split('\n') ?? []
    if (fault !== undefined) tell(['metadata', 'annotations', key], `"${key}" ${fault}`, help)
  }
}

// --- internal ---

type Tell = (field: Path, message: string, help?: string) => void

const WITH_PORTS = new Set([6, 17, 132])
const ICMP = 1
const ICMPV6 = 58

function checkPorts(rule: Rule, tell: Tell): void {
  const number = rule.protocol === undefined ? undefined : protocolNumber(rule.protocol)
  for (const side of ['source', 'destination'] as const) {
    for (const field of ['ports', 'notPorts'] as const) {
      const ports = rule[side]?.[field] ?? []
      if (ports.length === 0) continue
      const numeric = ports.some((port) => typeof port === 'number' || port.includes(':'))
      if (rule.protocol === undefined) {
        if (numeric)
          tell(
            [side, field],
            'rules with numeric port or port range must set protocol to TCP or UDP or SCTP',
            'add a line such as "protocol: TCP" to the rule',
          )
      } else if (number === undefined || !WITH_PORTS.has(number)) {
        tell([side, field], `rules that specify ports must set protocol to TCP or UDP or SCTP, not ${rule.protocol}`)
      }
    }
  }
}

function checkIcmp(rule: Rule, place: RulePlace, tell: Tell): void {
  const number = rule.protocol === undefined ? undefined : protocolNumber(rule.protocol)
  if (rule.icmp && number !== ICMP && number !== ICMPV6) {
    tell(['icmp'], 'ICMP fields require protocol to be ICMP or ICMPv6', 'add "protocol: ICMP" to the rule')
  }
  for (const field of place.policy ? (['icmp', 'notICMP'] as const) : (['icmp'] as const)) {
    if (rule[field]?.code !== undefined && rule[field].type === undefined)
      tell([field, 'code'], 'ICMP code specified without an ICMP type', 'add the type')
  }
  for (const field of ['protocol', 'notProtocol'] as const) {
    const named = rule[field] === undefined ? undefined : protocolNumber(rule[field])
    if (named === ICMP && rule.ipVersion === 6) tell(['ipVersion'], `${field} ICMP requires ipVersion 4`, 'write ICMPv6, or leave out ipVersion')
    if (named === ICMPV6 && rule.ipVersion === 4) tell(['ipVersion'], `${field} ICMPv6 requires ipVersion 6`, 'write ICMP, or leave out ipVersion')
  }
}

function checkNets(rule: Rule, tell: Tell): void {
  let seen: 4 | 6 | undefined
  let mixed = false
  for (const side of ['source', 'destination'] as const) {
    for (const field of ['nets', 'notNets'] as const) {
      for (const [index, text] of (rule[side]?.[field] ?? []).entries()) {
        const net = parseCidr(text)
        if (!net) continue
        if (field === 'notNets' && (text === '0.0.0.0/0' || (net.family === 6 && net.prefix === 0))) {
          tell([side, field, index], `"${text}" is every address: nothing would match`, 'leave it out, or name the networks that are not meant')
        }
        if (rule.ipVersion !== undefined && rule.ipVersion !== net.family) {
          tell([side, field, index], `rule IP version ${rule.ipVersion} does not match the IPv${net.family} network "${text}"`)
        } else if (seen !== undefined && seen !== net.family && !mixed) {
          mixed = true
          tell([side, field, index], 'rule contains both IPv4 and IPv6 CIDRs', 'make two rules of it')
        }
        seen ??= net.family
      }
    }
  }
}

function checkGlobal(entity: EntityRule, side: 'source' | 'destination', place: RulePlace, tell: Tell): void {
  if (place.policy && entity.selector?.includes('global(')) {
    tell([side, 'selector'], 'global() can only be used in an EntityRule namespaceSelector', 'use it in namespaceSelector')
  }
  const namespaces = entity.namespaceSelector ?? ''
  if (namespaces.includes('global(') && !/^[ \t]*global\([ \t]*\)[ \t]*$/.test(namespaces)) {
    tell([side, 'namespaceSelector'], 'global() cannot be combined with other selectors', 'write global() alone')
  }
}

function checkServices(entity: EntityRule, side: 'source' | 'destination', place: RulePlace, tell: Tell): void {
  const { services } = entity
  if (!services) return
  if (!services.name) tell([side, 'services', 'name'], 'services must specify a service name')
  if (place.global && !services.namespace) tell([side, 'services', 'namespace'], 'must specify a namespace', 'a global policy has none of its own')
  const wrongSide = place.direction === 'ingress' ? 'destination' : 'source'
  if (side === wrongSide) tell([side, 'services'], `services are not allowed in the ${side} of an ${place.direction} rule`)
  for (const field of ['nets', 'notNets', 'selector', 'notSelector', 'namespaceSelector', 'serviceAccounts'] as const) {
    const value = entity[field]
    const given = Array.isArray(value) ? value.length > 0 : typeof value === 'string' ? value !== '' : value !== undefined
    if (given) tell([side, field], `cannot specify ${field} and services on the same rule`)
  }
  if (place.direction === 'egress') {
    for (const field of ['ports', 'notPorts'] as const) {
      if ((entity[field] ?? []).length > 0)
        tell([side, field], 'ports and notPorts cannot be specified with services', 'the ports of the service are meant')
    }
  }
}

function checkHttp(rule: Rule, place: RulePlace, tell: Tell): void {
  const { http } = rule
  if (!http) return
  const { methods = [], paths = [] } = http
  const repeated = methods.find((method, index) => methods.indexOf(method) < index)
  if (repeated !== undefined) tell(['http', 'methods'], `the method "${repeated}" is named twice`)
  for (const [index, { exact, prefix }] of paths.entries()) {
    const path = exact || prefix || ''
    if (exact && prefix) tell(['http', 'paths', index], "Both 'exact' and 'prefix' are set", 'choose one')
    else if (path === '') tell(['http', 'paths', index], "Either 'exact' or 'prefix' must be set")
    else if (!path.startsWith('/') || /[?# ]/.test(path))
      tell(['http', 'paths', index], `"${path}" is not a path: it must start with "/" and have no "?", "#" or space`)
  }
  if (!place.policy) return
  if (place.direction === 'egress') tell(['http'], 'HTTP matches are not allowed in egress rules')
  if (rule.action !== 'Allow') tell(['http'], 'HTTP match is only valid on Allow rules')
  if (rule.protocol !== undefined && protocolNumber(rule.protocol) !== 6) tell(['http'], 'rules with HTTP match must have protocol TCP or unset')
}
