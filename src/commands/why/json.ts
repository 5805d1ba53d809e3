import { formatIp } from '../../model/net.ts'
import { describeSet, entriesOf, nameOf } from '../../policy/connections/describe.ts'
import type { Header } from '../../policy/connections/packet.ts'
import { traceOf } from '../../policy/interpreter/trace.ts'
import type { Layer, Side, Tried } from '../../policy/interpreter/walk.ts'
import type { Subject } from '../../policy/subject.ts'
import { type Change, changedResource } from '../../policy/why/change.ts'
import type { End, Examined } from '../../policy/why/examine.ts'
import { missWords, nearestMisses } from '../../policy/why/misses.ts'
import { formatPath } from '../../model/problem.ts'
import { rulePath, ruleText } from '../../policy/words.ts'
import type { Policy, Profile, Rule } from '../../policy/world/world.ts'
import { sourceOf } from '../answer.ts'
import { deciderJson, placeJson } from './decider.ts'
import type { Told, ToldRemedy } from './text.ts'

/** The answer for programs: fields of `why -o json`. Rules count from 0, as in paths. */
export function whyJson({ from, to, traffic, judgement, remedy }: Told): Readonly<Record<string, unknown>> {
  const { space, asked, answers, verdict, coarse } = judgement
  return {
    from: subjectJson(from),
    to: subjectJson(to),
    asked: { words: describeSet(space, asked), connections: entriesOf(space, asked), text: traffic.words },
    verdict,
    apartBy: coarse ? 'verdict' : 'rule',
    answers: answers.map(({ verdict, connections, pairs, sources, targets, example }) => ({
      verdict,
      words: describeSet(space, connections),
      connections: entriesOf(space, connections),
      pairs,
      from: [...sources].map(endJson),
      to: [...targets].map(endJson),
      example: exampleJson(example),
    })),
    ...(remedy ? { remedy: remedyJson(remedy) } : {}),
  }
}

// --- internal ---

function subjectJson({ type, text, endpoints }: Subject): unknown {
  return { text, type, endpoints: endpoints.map(({ id }) => id) }
}

function endJson({ endpoint, ip }: End): Readonly<Record<string, unknown>> {
  return { ...(endpoint ? { endpoint: endpoint.id } : {}), ip: formatIp(ip) }
}

function headerJson({ protocol, ...rest }: Header): unknown {
  return { protocol: nameOf(protocol), ...rest }
}

function exampleJson(example: Examined): unknown {
  const { from, to, header, verdict, egress, ingress, forwards, doubts, exempt, toOwnHost } = example
  const misses = [egress, ingress].flatMap((side) =>
    nearestMisses(side).map(({ owner, rule, misses }) => ({
      ...placeJson(owner, rule),
      direction: rule.direction,
      misses,
      words: `would match but for ${missWords(misses)}`,
    })),
  )
  return {
    from: endJson(from),
    to: endJson(to),
    packet: headerJson(header),
    verdict,
    ...(exempt === undefined ? {} : { exempt }),
    ...(toOwnHost === undefined ? {} : { toOwnHost }),
    egress: egress && sideJson(egress),
    ingress: ingress && sideJson(ingress),
    forwards: forwards.map(({ side, certain }) => ({
      endpoint: side.endpoint.id,
      node: side.endpoint.node,
      direction: side.direction,
      certain,
      ...sideJson(side),
    })),
    nearMisses: misses,
    unknown: doubts,
  }
}

function sideJson(side: Side): Readonly<Record<string, unknown>> {
  return { endpoint: side.endpoint.id, verdict: side.verdict, trace: traceOf(side), decidedBy: deciderJson(side), layers: side.layers.map(layerJson) }
}

function layerJson(layer: Layer): unknown {
  switch (layer.type) {
    case 'always':
      return { type: 'always', outcome: layer.outcome, note: layer.note }
    case 'tier': {
      const { tier, stage, steps, outcome, by } = layer
      const policies = steps.map(({ policy, tried }) => ({
        ...placeJson(policy, undefined),
        rules: tried.map((one) => triedJson(policy, one, by?.rule)),
      }))
      return { type: 'tier', tier: tier.name, stage, outcome, policies, ...(by ? {} : { note: 'end of tier' }) }
    }
    case 'profile': {
      const { name, profile, tried, outcome, by } = layer
      if (!profile) return { type: 'profile', kind: 'Profile', name, outcome, note: 'missing' }
      return { type: 'profile', ...placeJson(profile, undefined), outcome, rules: tried.map((one) => triedJson(profile, one, by)) }
    }
    case 'end':
      return { type: 'end', outcome: layer.outcome, note: 'no profile matched' }
  }
}

function triedJson(owner: Policy | Profile, { rule, misses }: Tried, by: Rule | undefined): unknown {
  return {
    index: rule.index,
    action: rule.action,
    text: ruleText(owner, rule),
    source: sourceOf(owner.origin, rulePath(rule)),
    misses,
    ...(rule === by ? { decides: true } : {}),
    ...(rule.maybe ? { maybe: true } : {}),
  }
}

function remedyJson({ changes, proofs, all }: ToldRemedy): unknown {
  const proof = proofs.map(({ from, to, header, verdict, egress, ingress }) => ({
    from: endJson(from),
    to: endJson(to),
    packet: headerJson(header),
    verdict,
    egress: egress && traceOf(egress),
    ingress: ingress && traceOf(ingress),
  }))
  return { changes: changes.map(changeJson), all, proof }
}

function changeJson(change: Change): unknown {
  const { kind, apiVersion, metadata, spec } = changedResource(change)
  const { name, namespace } = metadata
  const resource = { kind, ...(namespace === undefined ? {} : { namespace }), name }
  if (change.type === 'resource') return { type: 'create', resource, manifest: { apiVersion, kind, metadata, spec } }
  const { owner, direction, index, rule } = change
  return { type: 'add-rule', resource, path: formatPath(['spec', direction, index]), rule, source: sourceOf(owner.origin, ['spec', direction]) }
}
