import { escapeForTerminal } from '../../output/escape.ts'
import { itemBlock } from '../../output/source-block.ts'
import type { Paint, Theme } from '../../output/theme.ts'
import { displayWidth } from '../../output/width.ts'
import type { Layer, Outcome, Side, Tried } from '../../policy/interpreter/walk.ts'
import { type NearMiss, missWords, nearestMisses } from '../../policy/why/misses.ts'
import { ownerTitle, rulePath, ruleText } from '../../policy/words.ts'
import type { Policy, Profile, Rule } from '../../policy/world/world.ts'
import { placeOf } from '../answer.ts'
import { plural } from './words.ts'

/** What text is made with. */
export interface Page {
  readonly theme: Theme
  readonly width: number
  /** The text of a manifest. */
  readonly source: (file: string) => string | undefined
}

/** The walk through one end, layer by layer, what decided marked with `>` and shown as it is written. Safe to print. */
export function sideLines(page: Page, side: Side): string[] {
  return side.layers.flatMap((layer) => layerLines(page, side, layer))
}

export function verdictPaint({ good, error, warning }: Theme, verdict: string): Paint {
  return verdict === 'allow' ? good : verdict === 'deny' ? error : warning
}

// --- internal ---

/** How many rules of a list, and policies of a tier, are told one by one. */
const SHOWN = 5
const MOST_SOURCE_LINES = 8

const ENDINGS: Readonly<Record<Outcome, string>> = { Allow: 'allowed', Deny: 'denied', Pass: 'passed on' }

function layerLines(page: Page, side: Side, layer: Layer): string[] {
  const near = nearestMisses(side)
  switch (layer.type) {
    case 'always':
      return [
        marked(
          page,
          layer.outcome,
          layer.note === 'failsafe'
            ? 'a failsafe port of hosts: allowed before any policy'
            : 'a tunnel, which workloads must not build: denied before any policy',
        ),
      ]
    case 'tier': {
      const { tier, stage, steps, by, outcome } = layer
      const told = steps.filter(({ policy }) => steps.length <= SHOWN || policy === by?.policy || near.some(({ owner }) => owner === policy))
      const lines = [`  ${safe(`tier ${tier.name}`)}${stage === 'normal' ? '' : `, ${stage} policies`}`]
      if (told.length < steps.length)
        lines.push(page.theme.faint(`    ${plural(steps.length - told.length, 'policy').replace(/ys$/, 'ies')} without a rule that matches`))
      for (const { policy, tried } of told) lines.push(...ownerLines(page, policy, tried, by?.rule, outcome, near))
      if (by) return lines
      const end =
        outcome === 'Deny'
          ? `no rule matches: the end of tier ${tier.name} denies`
          : stage === 'normal'
            ? `no rule matches: the end of tier ${tier.name} passes on`
            : 'no rule matches: passed on'
      return [...lines, marked(page, outcome, end)]
    }
    case 'profile': {
      const { name, profile, tried, by, outcome } = layer
      if (!profile) return [marked(page, 'Deny', `Profile ${name} is not there: that denies everything`)]
      return ownerLines(page, profile, tried, by, outcome, near)
    }
    case 'end':
      return [marked(page, 'Deny', side.layers.length === 1 ? 'no policy and no profile acts here: denied' : 'no profile matches: denied')]
  }
}

function ownerLines(
  page: Page,
  owner: Policy | Profile,
  tried: readonly Tried[],
  by: Rule | undefined,
  outcome: Outcome,
  near: readonly NearMiss[],
): string[] {
  const lines = [
    `  ${safe(ownerTitle(owner))}${tried.length === 0 ? page.theme.faint(`  no rules  ${placeOf(owner.origin, ['metadata', 'name']) ?? 'built in'}`) : ''}`,
  ]
  const told = tried.filter(({ rule }) => tried.length <= SHOWN || rule === by || near.some((one) => one.rule === rule))
  if (told.length < tried.length)
    lines.push(
      page.theme.faint(`    ${plural(tried.length - told.length, 'rule')} that ${tried.length - told.length === 1 ? 'does' : 'do'} not match`),
    )
  for (const { rule, misses } of told) {
    const text = `rule ${rule.index + 1}: ${ruleText(owner, rule)}`
    if (rule === by) {
      const place = placeOf(owner.origin, rulePath(rule))
      lines.push(
        marked(page, outcome, text, `=> ${ENDINGS[outcome]}`),
        ...sourceLines(page, owner, rule),
        ...(place === undefined || owner.origin.file !== undefined ? [] : [`      ${place}`]),
      )
    } else {
      const why = misses.length > 0 ? `no match: ${missWords(misses)}` : rule.action === 'Log' ? 'logged, goes on' : 'may match or not'
      lines.push(page.theme.faint(`    ${fit(page, safe(text), why.length + 6)}  ${why}`))
    }
  }
  return lines
}

function marked(page: Page, outcome: Outcome, text: string, ending = ''): string {
  const paint = outcome === 'Pass' ? page.theme.strong : outcome === 'Allow' ? page.theme.good : page.theme.error
  return `  ${paint('>')} ${page.theme.strong(fit(page, safe(text), ending.length + 6))}${ending === '' ? '' : `  ${paint(ending)}`}`
}

/** The rule as it stands in its file, under the file's name and the place in it. */
function sourceLines(page: Page, owner: Policy | Profile, rule: Rule): string[] {
  const { file, locate } = owner.origin
  const start = locate?.(rulePath(rule)).start
  const text = file === undefined ? undefined : page.source(file)
  if (file === undefined || !start || text === undefined) return []
  const { lines, cut } = itemBlock(text, start.line, MOST_SOURCE_LINES)
  const gutter = Math.max(4, ...lines.map(({ number }) => String(number).length))
  const { faint, place } = page.theme
  return [
    `  ${' '.repeat(gutter)} ${faint('┌─')} ${place(placeOf(owner.origin, rulePath(rule)) ?? '')}`,
    ...lines.map(({ number, text }) => `  ${faint(`${String(number).padStart(gutter)} │`)} ${fit(page, safe(text), gutter + 5)}`),
    ...(cut ? [`  ${faint(`${' '.repeat(gutter)} │ ...`)}`] : []),
  ]
}

/** Cuts a text so that it leaves some columns of the page. */
function fit({ width }: Page, text: string, leave: number): string {
  const room = Math.max(20, width - leave)
  if (displayWidth(text) <= room) return text
  let [cut, used] = ['', 0]
  for (const char of text) {
    used += displayWidth(char)
    if (used > room - 3) break
    cut += char
  }
  return `${cut}...`
}

function safe(text: string): string {
  return escapeForTerminal(text)
}
