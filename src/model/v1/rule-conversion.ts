import type { Path } from '../problem.ts'
import { parseSelector } from '../selector/parse.ts'
import { masked } from './address.ts'
import { plainName, protocolToV1, protocolToV3 } from './field.ts'
import { movePath, present, type V1Document } from './kind.ts'
import type { V1Entity, V1Rule } from './rule.ts'
import { selectorToV1, selectorToV3 } from './selector.ts'

/** A rule of v3, as far as v1 knows it. */
export interface V3Rule {
  readonly action?: string
  readonly ipVersion?: number
  readonly protocol?: string | number
  readonly icmp?: { readonly type?: number; readonly code?: number }
  readonly notProtocol?: string | number
  readonly notICMP?: { readonly type?: number; readonly code?: number }
  readonly source?: V3Entity
  readonly destination?: V3Entity
}

interface V3Entity {
  readonly nets?: readonly string[]
  readonly selector?: string
  readonly ports?: readonly (string | number)[]
  readonly notNets?: readonly string[]
  readonly notSelector?: string
  readonly notPorts?: readonly (string | number)[]
}

/** A rule of v1 as v3 has it: networks masked and in lists, tags as selectors for the label that stands for the tag (`reference/model.md 6.2`). */
function ruleToV3(rule: V1Rule): Partial<V3Rule> {
  return present({
    action: rule.action === undefined ? 'Allow' : capitalized(rule.action),
    ipVersion: rule.ipVersion,
    protocol: protocolToV3(rule.protocol),
    icmp: present({ ...rule.icmp }),
    notProtocol: protocolToV3(rule.notProtocol),
    notICMP: present({ ...rule.notICMP }),
    source: entityToV3(rule.source ?? {}),
    destination: entityToV3(rule.destination ?? {}),
  })
}

/** A rule of v3 as v1 has it, as far as it can; selectors that a tag would be converted to come back as tags. */
function ruleToV1(rule: V3Rule): V1Rule {
  return present({
    action: rule.action?.toLowerCase(),
    ipVersion: rule.ipVersion,
    protocol: protocolToV1(rule.protocol),
    icmp: rule.icmp && { ...rule.icmp },
    notProtocol: protocolToV1(rule.notProtocol),
    notICMP: rule.notICMP && { ...rule.notICMP },
    source: entityToV1(rule.source ?? {}),
    destination: entityToV1(rule.destination ?? {}),
  })
}

/** `ingress` and `egress` of a v1 spec, and the way back. */
export function rulesToV3(rules: readonly V1Rule[] | undefined): Partial<V3Rule>[] | undefined {
  return rules?.length ? rules.map(ruleToV3) : undefined
}

export function rulesToV1(rules: readonly V3Rule[] | undefined): V1Rule[] | undefined {
  return rules?.length ? rules.map(ruleToV1) : undefined
}

/** Where in a v1 document that stands from which a field of a v3 rule was made. */
export function rulePathToV1(path: Path, document: V1Document): Path {
  const [spec, direction, index, side, field] = path
  if (spec !== 'spec' || (direction !== 'ingress' && direction !== 'egress') || index === undefined || side === undefined) return path
  const old = typeof field === 'string' ? OLD_FIELDS.get(field) : undefined
  if (old === undefined || field === undefined) return path
  const place = [spec, direction, index, side]
  if (document.has(...place, field) || !document.has(...place, old)) return path
  // The one network or tag is all that there is: an index into the list leads nowhere.
  return movePath(
    [...place, field],
    [
      [
        [...place, field],
        [...place, old],
      ],
    ],
  )
}

export function capitalized(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}

// --- internal ---

const OLD_FIELDS = new Map([
  ['nets', 'net'],
  ['notNets', 'notNet'],
  ['selector', 'tag'],
  ['notSelector', 'notTag'],
])

function entityToV3(entity: V1Entity): Partial<V3Entity> {
  return present({
    nets: networks(entity.nets, entity.net),
    selector: withTag(entity.selector, entity.tag),
    ports: entity.ports,
    notNets: networks(entity.notNets, entity.notNet),
    notSelector: withTag(entity.notSelector, entity.notTag),
    notPorts: entity.notPorts,
  })
}

function networks(many: readonly string[] | undefined, one: string | undefined): string[] {
  return [...(many ?? []), ...(one === undefined ? [] : [one])].map(masked)
}

function withTag(selector: string | undefined, tag: string | undefined): string | undefined {
  const converted = selectorToV3(selector ?? '')
  if (!tag) return converted
  return converted === '' ? `${tag} == ''` : `(${converted}) && ${tag} == ''`
}

function entityToV1(entity: V3Entity): V1Entity {
  const { selector, tag } = parted(entity.selector)
  const { selector: notSelector, tag: notTag } = parted(entity.notSelector)
  return present({
    tag,
    nets: entity.nets && [...entity.nets],
    selector,
    ports: entity.ports && [...entity.ports],
    notTag,
    notNets: entity.notNets && [...entity.notNets],
    notSelector,
    notPorts: entity.notPorts && [...entity.notPorts],
  })
}

/** Takes apart what `withTag` put together; a selector in which the pattern stands by chance parses on its own too, so no meaning is lost. */
function parted(text: string | undefined): { readonly selector?: string; readonly tag?: string } {
  if (!text) return {}
  const [, before, tag] = /^(?:\((.+)\) && )?([\w.-]+) == ''$/s.exec(text) ?? []
  if (tag === undefined || plainName(tag) !== undefined) return { selector: selectorToV1(text) }
  if (before === undefined) return { tag }
  return parseSelector(before).fault ? { selector: selectorToV1(text) } : { selector: selectorToV1(before), tag }
}
