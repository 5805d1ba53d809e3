import type { EntityRule, Rule as WrittenRule } from '../model/rule.ts'
import type { Endpoint, Policy, Profile, Rule } from './world/world.ts'

/** What people call an endpoint: its container, workload or pod where it has such a name, otherwise `namespace/name` or `host:name`. */
export function endpointTitle({ aliases, id }: Endpoint): string {
  return aliases[0] ?? id
}

/** `GlobalNetworkPolicy web`, `NetworkPolicy prod/db`, `Profile net1`. */
export function ownerTitle(owner: Policy | Profile): string {
  return `${owner.kind} ${'namespace' in owner && owner.namespace !== undefined ? `${owner.namespace}/` : ''}${owner.name}`
}

/** Where a rule stands in its resource, for messages and JSON: `spec.ingress[0]`. */
export function rulePath({ direction, index }: Rule): readonly ['spec', 'ingress' | 'egress', number] {
  return ['spec', direction, index]
}

/** A rule in a line, as it is written: `allow tcp from app == 'web' to ports 80,443`, `deny`. Holds text of the manifest: make it safe before printing. */
export function ruleText(owner: Policy | Profile, rule: Rule): string {
  const written = (owner.resource.spec as Partial<Record<'ingress' | 'egress', WrittenRule[]>>)[rule.direction]?.[rule.index]
  if (!written) return rule.action.toLowerCase()
  const { action = '', ipVersion, protocol, notProtocol, icmp, notICMP, source, destination, http } = written
  const words = [
    action.toLowerCase(),
    ipVersion === undefined ? '' : `ipv${ipVersion}`,
    protocol === undefined ? '' : String(protocol).toLowerCase(),
    icmp ? icmpText(icmp) : '',
    notProtocol === undefined ? '' : `not ${String(notProtocol).toLowerCase()}`,
    notICMP ? `not icmp ${icmpText(notICMP)}` : '',
    source ? entityText('from', source) : '',
    destination ? entityText('to', destination) : '',
    http ? 'with http conditions' : '',
  ]
  return words.filter((word) => word !== '').join(' ')
}

// --- internal ---

function icmpText({ type, code }: { readonly type?: number; readonly code?: number }): string {
  return type === undefined ? '' : `type ${type}${code === undefined ? '' : ` code ${code}`}`
}

function entityText(word: 'from' | 'to', entity: EntityRule): string {
  const { selector, notSelector, namespaceSelector, serviceAccounts, services, nets, notNets, ports, notPorts } = entity
  const parts = [
    selector ?? '',
    notSelector ? `not (${notSelector})` : '',
    namespaceSelector ? `namespaces ${namespaceSelector}` : '',
    serviceAccounts?.names && serviceAccounts.names.length > 0 ? `service accounts ${serviceAccounts.names.join(',')}` : '',
    serviceAccounts?.selector ? `service accounts ${serviceAccounts.selector}` : '',
    services?.name ? `service ${services.namespace ? `${services.namespace}/` : ''}${services.name}` : '',
    nets && nets.length > 0 ? nets.join(',') : '',
    notNets && notNets.length > 0 ? `not ${notNets.join(',')}` : '',
    ports && ports.length > 0 ? `port${ports.length > 1 ? 's' : ''} ${ports.join(',')}` : '',
    notPorts && notPorts.length > 0 ? `not port${notPorts.length > 1 ? 's' : ''} ${notPorts.join(',')}` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : `${word} ${parts.join(' ')}`
}
