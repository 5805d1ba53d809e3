import { formatNet, type Net } from '../../model/net.ts'
import type { Port } from '../../model/port.ts'
import { intervalsOf, ranges } from '../../policy/connections/intervals.ts'
import { ICMP, ICMPV6, PORTED } from '../../policy/connections/packet.ts'
import type { EntityFacts, IcmpFacts, RuleFacts } from '../../policy/facts.ts'
import { withoutContained } from './networks.ts'
import { MARK } from './marks.ts'
import type { SetNames } from './sets.ts'

type Family = 4 | 6

/**
 * A rule of a policy or profile in nft's language, as one line or several: what any of them matches, the rule matches (`reference/felix.md 1.5`).
 * A rule that asks for what the kernel cannot tell (a service, HTTP) never lets anything through: as `Allow` or `Pass` it matches nothing, as `Deny` all that fits
 * the rest of it. `log`: what a Log rule does.
 */
export function renderRule(rule: RuleFacts, sets: SetNames, log: string): string[] {
  if (rule.maybe && rule.action !== 'Deny') return []
  const statement = rule.action === 'Log' ? log : STATEMENTS[rule.action]
  const families: readonly (Family | undefined)[] = isOfOneFamily(rule) ? [4, 6] : [undefined]
  return families.flatMap((family) => alternatives(rule, family, sets).map((conditions) => [...conditions, statement].join(' ')))
}

// --- internal ---

const STATEMENTS: Readonly<Record<Exclude<RuleFacts['action'], 'Log'>, string>> = {
  Allow: `${MARK.accept} return`,
  Pass: `${MARK.pass} return`,
  Deny: 'drop',
}

/** Whether the rule looks at something that each version of IP has its own words for. */
function isOfOneFamily(rule: RuleFacts): boolean {
  return rule.ipVersion !== undefined || isIcmp(rule) || asksAddress(rule.source) || asksAddress(rule.destination)
}

function isIcmp({ protocol, icmp, notIcmp }: RuleFacts): boolean {
  return protocol === ICMP || protocol === ICMPV6 || icmp?.type !== undefined || notIcmp?.type !== undefined
}

function asksAddress({ selector, notSelector, nets, notNets, ports, notPorts }: EntityFacts): boolean {
  return Boolean(selector ?? notSelector) || isSome(nets) || isSome(notNets) || [...(ports ?? []), ...(notPorts ?? [])].some(isPortName)
}

function isSome<T>(list: readonly T[] | undefined): list is readonly T[] {
  return list !== undefined && list.length > 0
}

function isPortName(port: Port): port is string {
  return typeof port === 'string' && !port.includes(':')
}

/** Conditions that all must hold. */
type Conditions = readonly string[]
/** Lists of conditions of which one must hold; none: it can never hold. */
type Choice = readonly Conditions[]

const ALWAYS: Choice = [[]]
const NEVER: Choice = []

/** The ways in which a packet of a family can match; none when the rule is not for this family. */
function alternatives(rule: RuleFacts, family: Family | undefined, sets: SetNames): Choice {
  const parts: Choice[] = [
    headers(rule, family),
    ...(['source', 'destination'] as const).flatMap((side) => [
      addresses(rule[side], side, family, sets),
      ports(rule[side], side, rule.protocol, family, sets),
      notPorts(rule[side], side, rule.protocol, family, sets),
    ]),
  ]
  return parts.reduce((ways, part) => ways.flatMap((way) => part.map((conditions) => [...way, ...conditions])), ALWAYS)
}

/** IP version, protocol, ICMP type and code. */
function headers(rule: RuleFacts, family: Family | undefined): Choice {
  const { ipVersion, protocol, notProtocol, icmp, notIcmp } = rule
  const conditions: string[] = []
  if (family !== undefined) {
    if (ipVersion !== undefined && ipVersion !== family) return NEVER
    if (protocol === (family === 4 ? ICMPV6 : ICMP)) return NEVER
    conditions.push(`meta nfproto ${family === 4 ? 'ipv4' : 'ipv6'}`)
  }
  if (protocol !== undefined) conditions.push(`meta l4proto ${protocol}`)
  if (notProtocol !== undefined) conditions.push(`meta l4proto != ${notProtocol}`)
  const own = family === 6 ? ICMPV6 : ICMP
  // Of two protocols at once no packet is; nft refuses to be asked.
  const isOther = (protocol !== undefined && protocol !== own) || notProtocol === own
  if ((icmp?.type !== undefined || notIcmp?.type !== undefined) && isOther) return NEVER
  if (icmp?.type !== undefined) conditions.push(`meta l4proto ${own}`, ...icmpConditions(icmp, family))
  if (notIcmp?.type === undefined) return [conditions]
  const word = family === 6 ? 'icmpv6' : 'icmp'
  conditions.push(`meta l4proto ${own}`)
  const otherType = [...conditions, `${word} type != ${notIcmp.type}`]
  if (notIcmp.code === undefined) return [otherType]
  return [otherType, [...conditions, `${word} type ${notIcmp.type}`, `${word} code != ${notIcmp.code}`]]
}

/** Type and code are two conditions: nft 1.0.6 has no word for both at once. */
function icmpConditions({ type, code }: IcmpFacts, family: Family | undefined): string[] {
  const word = family === 6 ? 'icmpv6' : 'icmp'
  return [`${word} type ${type}`, ...(code === undefined ? [] : [`${word} code ${code}`])]
}

function addresses(asked: EntityFacts, side: 'source' | 'destination', family: Family | undefined, sets: SetNames): Choice {
  if (family === undefined) return ALWAYS
  const address = `${family === 4 ? 'ip' : 'ip6'} ${side === 'source' ? 'saddr' : 'daddr'}`
  const conditions: string[] = []
  if (asked.selector) conditions.push(`${address} @${sets.ofSelector(asked.selector, family)}`)
  if (asked.notSelector) conditions.push(`${address} != @${sets.ofSelector(asked.notSelector, family)}`)
  if (isSome(asked.nets)) {
    const nets = asked.nets.filter((net) => net.family === family)
    if (nets.length === 0) return NEVER
    if (!nets.some(isEverything)) conditions.push(`${address} { ${listOf(nets)} }`)
  }
  if (isSome(asked.notNets)) {
    // A list of networks of the other version only makes the rule one of that version.
    const nets = asked.notNets.filter((net) => net.family === family)
    if (nets.length === 0 || nets.some(isEverything)) return NEVER
    conditions.push(`${address} != { ${listOf(nets)} }`)
  }
  return [conditions]
}

function isEverything({ prefix }: Net): boolean {
  return prefix === 0
}

function listOf(nets: readonly Net[]): string {
  return withoutContained(nets).map(formatNet).join(', ')
}

function ports(asked: EntityFacts, side: 'source' | 'destination', protocol: number | undefined, family: Family | undefined, sets: SetNames): Choice {
  if (!isSome(asked.ports)) return ALWAYS
  const choice: Conditions[] = []
  const numbers = numbersOf(asked.ports)
  if (numbers !== '' && (protocol === undefined || PORTED.includes(protocol))) {
    choice.push([...ported(protocol), `th ${portWord(side)} { ${numbers} }`])
  }
  if (family !== undefined) {
    for (const name of namesOf(asked.ports)) choice.push([`${concatenated(side, family)} @${sets.ofPort(name, asked.selector, family)}`])
  }
  return choice
}

/** None of the ports: neither of those given by number, which only some protocols have, nor of those given by name. */
function notPorts(
  asked: EntityFacts,
  side: 'source' | 'destination',
  protocol: number | undefined,
  family: Family | undefined,
  sets: SetNames,
): Choice {
  if (!isSome(asked.notPorts)) return ALWAYS
  const numbers = numbersOf(asked.notPorts)
  const names =
    family === undefined
      ? []
      : namesOf(asked.notPorts).map((name) => `${concatenated(side, family)} != @${sets.ofPort(name, asked.selector, family)}`)
  if (numbers === '') return [names]
  // A lone port as a range: nft 1.0.6 makes one comparison of `sport != 1` and `dport != 2`, which then holds where either differs.
  const other = `th ${portWord(side)} != { ${/^\d+$/.test(numbers) ? `${numbers}-${numbers}` : numbers} }`
  if (protocol !== undefined) return PORTED.includes(protocol) ? [[...names, other]] : [names]
  const known = PORTED.join(', ')
  return [
    [...names, `meta l4proto { ${known} }`, other],
    [...names, `meta l4proto != { ${known} }`],
  ]
}

function portWord(side: 'source' | 'destination'): string {
  return side === 'source' ? 'sport' : 'dport'
}

function concatenated(side: 'source' | 'destination', family: Family): string {
  const ip = family === 4 ? 'ip' : 'ip6'
  return side === 'source' ? `${ip} saddr . meta l4proto . th sport` : `${ip} daddr . meta l4proto . th dport`
}

function ported(protocol: number | undefined): string[] {
  return protocol === undefined ? [`meta l4proto { ${PORTED.join(', ')} }`] : []
}

function namesOf(list: readonly Port[]): string[] {
  return [...new Set(list.filter(isPortName))]
}

/** Numbers and ranges, merged where they touch: nft takes no overlapping ones. */
function numbersOf(list: readonly Port[]): string {
  const found = list.flatMap((port): [number, number][] => {
    if (typeof port === 'number') return [[port, port]]
    const [first, last] = port.split(':').map(Number)
    return first === undefined || last === undefined ? [] : [[first, last]]
  })
  return ranges(intervalsOf(found))
    .map(([first, last]) => (first === last ? String(first) : `${first}-${last}`))
    .join(', ')
}
