import { formatIp, formatNet, type Ip } from '../../model/net.ts'
import { formatPath, type Path } from '../../model/problem.ts'
import { entriesOf, nameOf } from '../../policy/connections/describe.ts'
import type { Comparison, Group, Row, Witness } from '../../policy/diff/compare.ts'
import type { Decision } from '../../policy/diff/decision.ts'
import { traceOf } from '../../policy/interpreter/trace.ts'
import type { Walk } from '../../policy/interpreter/walk.ts'
import type { Origin } from '../../policy/world/origin.ts'
import { sourceOf } from '../answer.ts'
import { placeJson } from '../why/decider.ts'
import { oneSided, type Reachability, type Report } from './report.ts'
import type { ResourceDifference } from './resources.ts'
import { changeWord, connectionWords } from './words.ts'

/** Both parts for programs: fields of `diff -o json`. Rules count from 0, as in paths. */
export function diffJson({ fields, reach }: Report): Readonly<Record<string, unknown>> {
  return { ...(fields ? { fields: fields.map(resourceJson) } : {}), ...(reach ? { reach: reachJson(reach) } : {}) }
}

// --- internal ---

function resourceJson({ change, resource, before, after, fields, unreadable }: ResourceDifference): unknown {
  return {
    change,
    ...resource,
    before: before && placeIn(before, ['metadata', 'name']),
    after: after && placeIn(after, ['metadata', 'name']),
    ...(unreadable ? { unreadable } : {}),
    ...(change === 'changed' && !unreadable
      ? {
          fields: fields.map((field) => ({
            path: formatPath(field.afterPath ?? field.beforePath ?? []),
            before: field.beforePath && {
              path: formatPath(field.beforePath),
              value: plain(field.before),
              source: before && sourceOf(before, field.beforePath),
            },
            after: field.afterPath && {
              path: formatPath(field.afterPath),
              value: plain(field.after),
              source: after && sourceOf(after, field.afterPath),
            },
          })),
        }
      : {}),
  }
}

function placeIn(origin: Origin, path: Path): unknown {
  return sourceOf(origin, path) ?? {}
}

/** JSON knows no numbers of more than 53 bits: they are told as texts. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item)))
}

function reachJson({ comparison, names, notes }: Reachability): unknown {
  const { appeared, disappeared } = oneSided(comparison)
  return {
    appeared: appeared.map(({ after }) => after?.id),
    disappeared: disappeared.map(({ before }) => before?.id),
    rows: comparison.rows.map((row) => rowJson(comparison, row, (group) => names.name(group))),
    unknown: notes,
  }
}

function rowJson({ space }: Comparison, row: Row, nameOfGroup: (group: Group) => string): unknown {
  const group = (one: Group) => ({
    name: nameOfGroup(one),
    presence: one.presence,
    endpoints: one.endpoints.map(({ before, after }) => (after ?? before)?.id),
    // Where endpoints have further addresses, by which they are not meant.
    ...(one.partial ? { addresses: one.members.map(({ before, after }) => formatIp((after ?? before) as Ip)) } : {}),
    outside: one.outside && { nets: one.outside.nets.map(formatNet), but: one.outside.but.map(formatNet) },
  })
  return {
    change: changeWord(row),
    before: row.before,
    after: row.after,
    from: group(row.source),
    to: group(row.destination),
    families: row.families,
    words: connectionWords(space, row),
    connections: entriesOf(space, row.connections),
    witness: witnessJson(row.witness),
  }
}

function witnessJson({ before, after, source, destination, packet, decisions }: Witness): unknown {
  const { source: from, destination: to, protocol, ...ports } = packet
  return {
    from: { ...(source ? { endpoint: source.id } : {}), ip: formatIp(from) },
    to: { ...(destination ? { endpoint: destination.id } : {}), ip: formatIp(to) },
    packet: { protocol: nameOf(protocol), ...ports },
    before: before && walkJson(before),
    after: after && walkJson(after),
    decisions: decisions.map((pair) => ({ direction: pair.direction, before: decisionJson(pair.before), after: decisionJson(pair.after) })),
  }
}

function walkJson({ packet, verdict, egress, ingress }: Walk): unknown {
  return {
    fromIp: formatIp(packet.source),
    toIp: formatIp(packet.destination),
    verdict,
    egress: egress && { verdict: egress.verdict, trace: traceOf(egress) },
    ingress: ingress && { verdict: ingress.verdict, trace: traceOf(ingress) },
  }
}

function decisionJson(decision: Decision | undefined): unknown {
  if (!decision) return { type: 'not-there' }
  switch (decision.type) {
    case 'rule':
    case 'perhaps':
      return { type: decision.type, action: decision.rule.action, ...placeJson(decision.owner, decision.rule) }
    case 'end-of-tier':
      return { type: decision.type, tier: decision.tier.name, ...placeJson(decision.policy, undefined) }
    case 'missing-profile':
      return { type: decision.type, name: decision.name }
    default:
      return { type: decision.type }
  }
}
