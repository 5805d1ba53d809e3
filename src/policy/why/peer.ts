import { formatNet, netOf } from '../../model/net.ts'
import type { EntityRule } from '../../model/rule.ts'
import type { Endpoint, World } from '../world/world.ts'
import { NAMESPACE_LABEL } from '../world/selectors.ts'
import type { End } from './examine.ts'

/**
 * How a rule can name one end of a packet: by the label that the fewest others have, where rules know it by labels; otherwise by its address. `namespace`: of
 * the policy that the rule is in, whose selectors pick within it.
 */
export function peerOf(world: World, { endpoint, ip }: End, namespace: string | undefined): EntityRule {
  const known = endpoint?.addresses.some(({ value }) => value === ip.value)
  const selector = endpoint && known ? selectorFor(world, endpoint, undefined) : undefined
  if (selector === undefined) return { nets: [formatNet(netOf(ip))] }
  if (namespace === undefined || namespace === endpoint?.namespace) return { selector }
  return { selector, namespaceSelector: endpoint?.namespace === undefined ? 'global()' : 'all()' }
}

/** How many endpoints of the world a rule's peer means, besides one. */
export function othersPicked(world: World, { endpoint }: End, { selector }: EntityRule): number {
  const [, label = '', value = ''] = /^(\S+) == (?:'([^']*)'|"[^"]*")$/.exec(selector ?? '') ?? []
  return label === '' ? 0 : world.endpoints.filter((other) => other !== endpoint && other.labels[label] === value).length
}

/** A selector with one label that picks an endpoint and as few others as can be; within a namespace, if one is given. Undefined when it has none to tell it by. */
export function selectorFor(world: World, endpoint: Endpoint, namespace: string | undefined): string | undefined {
  const among = namespace === undefined ? world.endpoints : world.endpoints.filter((other) => other.namespace === namespace)
  let best: { readonly text: string; readonly picked: number } | undefined
  for (const [label, value] of Object.entries(endpoint.labels)) {
    if (TELLS_NOTHING.has(label) || /^pc(?:ns|sa)\./.test(label) || value.includes("'")) continue
    const picked = among.reduce((count, other) => count + (other.labels[label] === value ? 1 : 0), 0)
    const text = `${label} == '${value}'`
    if (!best || picked < best.picked || (picked === best.picked && text.length < best.text.length)) best = { text, picked }
  }
  return best?.text
}

// --- internal ---

/** Labels that whole groups of endpoints have from elsewhere. */
const TELLS_NOTHING: ReadonlySet<string> = new Set([NAMESPACE_LABEL, 'projectcalico.org/orchestrator'])
