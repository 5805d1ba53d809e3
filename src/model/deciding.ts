import { didYouMean } from './suggest.ts'

/** Who is to decide about a packet, as people write it; what is absent may be any. */
export type DecidingName =
  /** A rule of a policy or profile. `index` counts from 0. */
  | {
      readonly type: 'rule'
      readonly kind: RuleKind
      readonly namespace?: string
      readonly name: string
      readonly direction?: 'ingress' | 'egress'
      readonly index?: number
    }
  /** The end of a tier: its policies act, and none of their rules matches. */
  | { readonly type: 'tier'; readonly name: string; readonly direction?: 'ingress' | 'egress' }
  /** No rule of any policy or profile matches. */
  | { readonly type: 'nothing'; readonly direction?: 'ingress' | 'egress' }

export type RuleKind = 'Profile' | 'GlobalNetworkPolicy' | 'NetworkPolicy'

export interface DecidingFault {
  readonly fault: string
  readonly help: string
}

/**
 * Reads `Profile net1 ingress 0`, `GlobalNetworkPolicy web ingress`, `NetworkPolicy prod/db`, `tier default`, `no rule`. Kinds have the short names that they have on
 * the command line, too.
 */
export function parseDeciding(text: string): DecidingName | DecidingFault {
  const words = text.trim().split(/\s+/)
  if (words[0]?.toLowerCase() === 'no' && words[1]?.toLowerCase() === 'rule') return withDirection(text, words.slice(2), { type: 'nothing' })
  const [kindWord = '', name = '', ...rest] = words
  if (kindWord.toLowerCase() === 'tier') return name === '' ? wrong(text, FORMS) : withDirection(text, rest, { type: 'tier', name })
  const kind = KINDS.get(kindWord.toLowerCase())
  if (kind === undefined) {
    const suggestion = didYouMean(kindWord, ['Profile', 'GlobalNetworkPolicy', 'NetworkPolicy', 'tier'])
    return wrong(text, suggestion === undefined ? FORMS : `did you mean "${[suggestion, name, ...rest].join(' ').trim()}"?`)
  }
  if (name === '') return wrong(text, `name the ${kind}, as in: ${kind} web ingress 0`)
  const [, namespace, bare = ''] = /^(?:([^/]+)\/)?([^/]+)$/.exec(name) ?? []
  if (bare === '' || (namespace !== undefined && kind !== 'NetworkPolicy')) return wrong(text, `"${name}" is no name of a ${kind}`)
  const index = rest.at(-1)
  const isNumbered = rest.length === 2 && index !== undefined && /^\d{1,6}$/.test(index)
  return withDirection(text, isNumbered ? rest.slice(0, 1) : rest, {
    type: 'rule',
    kind,
    ...(kind === 'NetworkPolicy' ? { namespace: namespace ?? 'default' } : {}),
    name: bare,
    ...(isNumbered ? { index: Number(index) } : {}),
  })
}

export function isDecidingFault(parsed: DecidingName | DecidingFault): parsed is DecidingFault {
  return 'fault' in parsed
}

// --- internal ---

const KINDS: ReadonlyMap<string, RuleKind> = new Map([
  ['profile', 'Profile'],
  ['pro', 'Profile'],
  ['globalnetworkpolicy', 'GlobalNetworkPolicy'],
  ['gnp', 'GlobalNetworkPolicy'],
  ['networkpolicy', 'NetworkPolicy'],
  ['np', 'NetworkPolicy'],
])
const FORMS = 'it is written as "Profile net1 ingress 0", "GlobalNetworkPolicy web", "NetworkPolicy prod/db egress", "tier default" or "no rule"'

function withDirection(text: string, words: readonly string[], name: DecidingName): DecidingName | DecidingFault {
  const [direction] = words
  if (direction === undefined) return name
  if (words.length > 1 || (direction !== 'ingress' && direction !== 'egress'))
    return wrong(text, `behind the name comes ingress or egress${name.type === 'rule' ? ', and then the number of the rule, from 0' : ''}`)
  return { ...name, direction }
}

function wrong(text: string, help: string): DecidingFault {
  return { fault: `"${text}" does not say which rule decides`, help }
}
