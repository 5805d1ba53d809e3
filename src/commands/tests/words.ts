import type { PolicyTest, TestEntry } from '../../manifest/policy-tests.ts'
import { formatIp } from '../../model/net.ts'
import { formatPath, type Problem } from '../../model/problem.ts'
import { nameOf } from '../../policy/connections/describe.ts'
import { type Decider, deciderOf } from '../../policy/decider.ts'
import type { Header } from '../../policy/connections/packet.ts'
import type { Side } from '../../policy/interpreter/walk.ts'
import type { EntryResult, Reason } from '../../policy/tests/check.ts'
import type { End, Examined } from '../../policy/why/examine.ts'
import { endpointTitle, ownerTitle, rulePath, ruleText } from '../../policy/words.ts'
import type { Policy, Profile, Rule } from '../../policy/world/world.ts'
import { placeOf } from '../answer.ts'
import { ownHostWords } from '../why/words.ts'

/** How a test is called in reports. Holds text of the file. */
export function testTitle({ name, file }: PolicyTest): string {
  return name ?? file
}

/** How an entry is called: by its own name, or `allow net1 to net1: any`. Holds text of the file. */
export function entryTitle({ name, expect, from, to, ports, except }: TestEntry): string {
  return name ?? `${expect} ${from.join(', ')} to ${to.join(', ')}: ${ports.join(', ')}${except.length > 0 ? ` except ${except.join(', ')}` : ''}`
}

/** What is wrong with an entry, at its place in the test; undefined when it passed. */
export function entryProblem(test: PolicyTest, entry: TestEntry, result: EntryResult): Problem | undefined {
  if (result.status === 'passed') return undefined
  const { path, ...told } = tell(entry, result.reason)
  const at = [...entry.path, ...path]
  return { severity: 'error', ...told, file: test.file, range: test.locate(at), path: formatPath(at) }
}

/** `GlobalNetworkPolicy web ingress[0]`. */
export function ruleTitle(owner: Policy | Profile, { direction, index }: Rule): string {
  return `${ownerTitle(owner)} ${direction}[${index}]`
}

/** An end of a connection: an endpoint by the name that people have for it, or an address. */
export function whereTitle({ endpoint, ip }: End): string {
  return endpoint ? endpointTitle(endpoint) : formatIp(ip)
}

// --- internal ---

type Told = Pick<Problem, 'code' | 'message' | 'notes' | 'help'> & { readonly path: readonly (string | number)[] }

function tell(entry: TestEntry, reason: Reason): Told {
  switch (reason.type) {
    case 'subject': {
      const words = entry[reason.end]
      const { code, message, help } = reason.fault
      const path = words.length > 1 ? [reason.end, reason.index] : [reason.end]
      return { code, message, path, ...(help === undefined ? {} : { help }) }
    }
    case 'nothing': {
      const { end } = reason
      if (end)
        return {
          code: 'selects-nothing',
          message: `${quoted(entry[end])} selects nothing`,
          path: [end],
          help: 'no endpoint and no address is meant by it',
        }
      const message = `${quoted(entry.from)} to ${quoted(entry.to)} selects nothing: there is no such packet between any two of them`
      return {
        code: 'selects-nothing',
        message,
        path: [],
        help: 'an endpoint is not asked about itself, nor addresses outside about each other, nor IPv4 about IPv6',
      }
    }
    case 'no-address': {
      const message = `${endpointTitle(reason.endpoint)} has no address: nothing can be told about it`
      return { code: 'no-address', message, path: [], ...notes(at(placeOf(reason.endpoint.origin, ['metadata', 'name']), 'it is')) }
    }
    case 'no-rule':
      return {
        code: 'unknown-rule',
        message: `there is no ${entry.by ?? ''}`,
        path: ['by'],
        ...(reason.help === undefined ? {} : { help: reason.help }),
      }
    case 'set-aside': {
      const { message, help } = reason.problem
      return {
        code: 'not-told',
        message: 'it cannot be told for sure while a resource is not understood',
        path: [],
        notes: [message],
        ...(help === undefined ? {} : { help }),
      }
    }
    case 'packet':
      return packetTold(entry, reason.example, reason.pairs)
    case 'decided-otherwise': {
      const { verdict } = reason.example
      const by = deciding(reason.example).map((side) => deciderTitle(deciderOf(side)))
      const what = `${pairTitle(reason.example)} is ${verdict === 'allow' ? 'allowed' : 'denied'} by ${by.join(' and ')}, not by ${entry.by ?? ''}`
      return { code: 'decided-otherwise', message: what, path: ['by'], ...packetNotes(reason.example, reason.pairs) }
    }
  }
}

function packetTold(entry: TestEntry, example: Examined, pairs: number): Told {
  const pair = pairTitle(example)
  const packet = packetWords(example.header)
  if (example.verdict === 'unknown') {
    const message = `whether ${pair} is ${entry.expect === 'allow' ? 'allowed' : 'denied'} cannot be told: ${packet}`
    return { code: 'not-told', message, path: [], ...packetNotes(example, pairs) }
  }
  const [code, word] = entry.expect === 'allow' ? ['must-be-allowed', 'denied'] : ['must-be-denied', 'allowed']
  return { code, message: `${pair} is ${word}: ${packet}`, path: [], ...packetNotes(example, pairs) }
}

function packetNotes(example: Examined, pairs: number): Pick<Problem, 'notes'> {
  const lines = [`packet: ${packetLine(example)}`]
  if (example.exempt) lines.push('a host reaches its own workloads, whatever policy says')
  const ownHost = ownHostWords(example)
  if (ownHost !== undefined) lines.push(ownHost)
  if (example.verdict === 'unknown') {
    const rules = [example.egress, example.ingress, ...example.forwards.map(({ side }) => side)].flatMap(unknownRules)
    lines.push(...rules, ...example.doubts.flatMap(({ code, text }) => (code === 'services' || code === 'http' ? [] : [text])))
  } else lines.push(...deciding(example).map(sideLine))
  if (pairs > 1) lines.push(`the same for ${pairs - 1} other pair${pairs === 2 ? '' : 's'}`)
  return { notes: lines }
}

/** The ends that decide: both when it is allowed, the first that denies otherwise. */
function deciding({ egress, ingress, forwards, verdict }: Examined): Side[] {
  if (verdict === 'allow') return [egress, ingress].filter((side) => side !== undefined)
  return [egress, ...forwards.map(({ side }) => side), ingress].filter((side) => side?.verdict === 'deny').slice(0, 1) as Side[]
}

function sideLine(side: Side): string {
  const word = side.verdict === 'allow' ? 'allowed' : 'denied'
  return `${word} ${side.direction === 'egress' ? 'leaving' : 'entering'} ${endpointTitle(side.endpoint)} by ${deciderLine(deciderOf(side))}`
}

/** A rule that may match or not decides. */
function unknownRules(side: Side | undefined): string[] {
  if (side?.verdict !== 'unknown') return []
  const tried = side.layers.flatMap((layer): { owner: Policy | Profile; rule: Rule; misses: readonly string[] }[] => {
    if (layer.type === 'tier') return layer.steps.flatMap((step) => step.tried.map((one) => ({ owner: step.policy, ...one })))
    const { profile } = layer.type === 'profile' ? layer : {}
    return layer.type === 'profile' && profile ? layer.tried.map((one) => ({ owner: profile, ...one })) : []
  })
  const lines = tried
    .filter(({ rule, misses }) => rule.maybe && misses.length === 0)
    .map(({ owner, rule }) => `it hangs on what a packet does not show: ${ruleLine(owner, rule)}`)
  return [...new Set(lines)]
}

function deciderTitle(decider: Decider): string {
  switch (decider.type) {
    case 'always':
      return decider.note === 'failsafe' ? 'a failsafe port' : 'Calico itself'
    case 'rule':
      return ruleTitle(decider.owner, decider.rule)
    case 'tier':
      return `tier ${decider.tier.name}`
    case 'missing-profile':
      return `Profile ${decider.name}, which is not there`
    case 'nothing':
      return 'no rule'
  }
}

function deciderLine(decider: Decider): string {
  switch (decider.type) {
    case 'always':
      return decider.note === 'failsafe'
        ? 'a failsafe port of the host, whatever policy says'
        : 'Calico itself: no workload may send VXLAN or IP in IP'
    case 'rule':
      return ruleLine(decider.owner, decider.rule)
    case 'tier':
      return `the end of tier ${decider.tier.name}: no rule matches of ${decider.policies.map(ownerLine).join(', ')}`
    case 'missing-profile':
      return `Profile ${decider.name}, which is not there: it denies everything`
    case 'nothing':
      return decider.profiles.length === 0
        ? 'having neither policy nor profile'
        : `no rule: none matches of ${decider.profiles.map(ownerLine).join(', ')}`
  }
}

function ruleLine(owner: Policy | Profile, rule: Rule): string {
  return `${ruleTitle(owner, rule)}${at(placeOf(owner.origin, rulePath(rule)))}: ${ruleText(owner, rule)}`
}

function ownerLine(owner: Policy | Profile): string {
  return `${ownerTitle(owner)}${at(placeOf(owner.origin, ['metadata', 'name']))}`
}

function at(place: string | undefined, before = ''): string {
  return place === undefined ? '' : `${before} (${place})`
}

function notes(line: string): Pick<Problem, 'notes'> {
  return line === '' ? {} : { notes: [line.trim()] }
}

function pairTitle({ from, to }: Examined): string {
  return `${whereTitle(from)} to ${whereTitle(to)}`
}

function quoted(words: readonly string[]): string {
  return words.map((word) => `"${word}"`).join(', ')
}

/** What of a packet a test names: `tcp 80`, `icmp type 8 code 0`, `protocol 47`. */
function packetWords({ protocol, dstPort, icmpType, icmpCode }: Header): string {
  const name = nameOf(protocol)
  if (icmpType !== undefined) return `${name} type ${icmpType} code ${icmpCode ?? 0}`
  if (dstPort !== undefined) return `${name} ${dstPort}`
  return typeof name === 'number' ? `protocol ${name}` : name
}

function packetLine({ from, to, header }: Examined): string {
  const { srcPort, dstPort } = header
  const withPort = (ip: string, port: number | undefined) => (port === undefined ? ip : ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
  const what = dstPort === undefined ? packetWords(header) : nameOf(header.protocol)
  return `${what} ${withPort(formatIp(from.ip), srcPort)} -> ${withPort(formatIp(to.ip), dstPort)}`
}
