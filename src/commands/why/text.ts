import { escapeForTerminal } from '../../output/escape.ts'
import { formatYaml } from '../../output/yaml.ts'
import { describeSet } from '../../policy/connections/describe.ts'
import type { Side } from '../../policy/interpreter/walk.ts'
import type { Subject } from '../../policy/subject.ts'
import type { Answer, Judgement } from '../../policy/why/answer.ts'
import { type Change, type Remedy } from '../../policy/why/change.ts'
import type { End, Examined } from '../../policy/why/examine.ts'
import { missWords, nearestMisses, wanted } from '../../policy/why/misses.ts'
import { othersPicked } from '../../policy/why/peer.ts'
import type { Traffic } from '../../policy/why/traffic.ts'
import { endpointTitle, ownerTitle, rulePath } from '../../policy/words.ts'
import type { World } from '../../policy/world/world.ts'
import { placeOf } from '../answer.ts'
import { type Page, sideLines, verdictPaint } from './side.ts'
import { connectionWords, endName, endWords, headerWords, ownHostWords, plural, subjectWords } from './words.ts'

/** All that is said about a question. */
export interface Told {
  readonly world: World
  readonly from: Subject
  readonly to: Subject
  readonly traffic: Traffic
  readonly judgement: Judgement
  /** What would allow what is denied. */
  readonly remedy: ToldRemedy | undefined
}

export interface ToldRemedy extends Remedy {
  /** Whether with it all that was asked about is allowed, not only the examples. */
  readonly all: boolean
}

/** The answer for a person: the verdict in a sentence, then how it came about. Safe to print; ends with a line feed. */
export function formatWhy(page: Page, told: Told): string {
  const { judgement, remedy } = told
  const shown = judgement.answers.slice(0, SHOWN)
  const sections = shown.map((answer) => answerLines(page, told, answer, judgement.answers.length > 1))
  const more = judgement.answers.length - shown.length
  const parts = [[headline(page, told)], ...sections]
  if (more > 0) parts.push([page.theme.faint(`... and ${plural(more, 'kind')} of answers more; -o json has them all`)])
  if (judgement.coarse) parts.push([page.theme.faint('Of so many pairs only verdicts are told apart; ask about fewer to see all rules that decide.')])
  if (remedy) parts.push(remedyLines(page, told.world, remedy))
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** One packet's way, end by end, with what cannot be told and the near misses. Safe to print. */
export function exampleLines(page: Page, example: Examined): string[] {
  const lines: string[] = []
  if (example.exempt) lines.push('  a host reaches its own workloads whatever policy says')
  else lines.push(...endLines(page, 'Egress', example.from, example.egress), '', ...endLines(page, 'Ingress', example.to, example.ingress))
  const ownHost = ownHostWords(example)
  if (ownHost !== undefined) lines.push(`${page.theme.strong('To its own host')}: ${escapeForTerminal(ownHost)}`)
  for (const { side, certain } of example.forwards) {
    const { direction, endpoint } = side
    const through = `${direction === 'egress' ? 'out of' : 'into'} host ${endpoint.node} through ${endpointTitle(endpoint)}`
    lines.push(
      '',
      `${escapeForTerminal(certain ? `Forwarded ${through}` : `If it is forwarded ${through}`)}: ${verdictWord(page, side.verdict)}`,
      ...sideLines(page, side),
    )
  }
  if (example.doubts.length > 0) lines.push('')
  for (const { text } of example.doubts) lines.push(`${page.theme.warning('Not known:')} ${escapeForTerminal(text)}`)
  const misses = missLines(page, example)
  return misses.length > 0 ? [...lines, '', ...misses] : lines
}

// --- internal ---

/** How many kinds of answers are told. */
const SHOWN = 6

const WORDS = { allow: 'ALLOWED', deny: 'DENIED', unknown: 'NOT KNOWN', some: 'PARTLY' } as const

function headline(page: Page, { from, to, traffic, judgement }: Told): string {
  const { verdict, answers, space } = judgement
  const [source, target] = [subjectWords(from), subjectWords(to)]
  const asked = traffic.protocol === undefined ? 'anything' : traffic.words
  const start = verdictPaint(page.theme, verdict)(`${WORDS[verdict]}:`)
  const pairs = answers.reduce((sum, answer) => sum + answer.pairs, 0)
  switch (verdict) {
    case 'allow':
      return `${start} ${source} may reach ${target} with ${asked}`
    case 'deny':
      return `${start} ${source} may not reach ${target} with ${asked}${answers.length === 1 ? reason(answers[0]?.example) : ''}`
    case 'unknown':
      return `${start} whether ${source} may reach ${target} with ${asked}`
    case 'some': {
      const isOne = new Set(answers.flatMap(({ sources, targets }) => [...sources, ...targets])).size <= 2
      if (!isOne)
        return `${start} ${source} may reach ${target} with ${asked} in part, depending on ${pairs > answers.length ? 'the pair' : 'the endpoints and the traffic'}`
      const allowed = answers.flatMap((answer) => (answer.verdict === 'allow' ? [answer.connections] : [])).reduce((a, b) => space.union(a, b), 0)
      return `${start} ${source} may reach ${target} with ${describeSet(space, allowed)}, and nothing else${traffic.protocol === undefined ? '' : ` of ${asked}`}`
    }
  }
}

/** In a few words, what denied a packet. */
function reason(example: Examined | undefined): string {
  const side = [example?.egress, example?.ingress, ...(example?.forwards ?? []).map(({ side }) => side)].find((one) => one?.verdict === 'deny')
  const last = side?.layers.at(-1)
  if (!side || !last) return example?.toOwnHost === 'Drop' ? ':\nwhat a workload sends to its own host is dropped there' : ''
  const [here, lets] = [escapeForTerminal(endpointTitle(side.endpoint)), side.direction === 'egress' ? 'lets it out' : 'lets it in']
  if (last.type === 'tier') {
    if (!last.by) return `:\nno policy of tier ${escapeForTerminal(last.tier.name)} at ${here} ${lets}`
    return `:\n${escapeForTerminal(`rule ${last.by.rule.index + 1} of ${ownerTitle(last.by.policy)}`)} at ${here} denies it`
  }
  if (last.type === 'profile') {
    const name = escapeForTerminal(last.name)
    return last.by ? `:\nrule ${last.by.index + 1} of Profile ${name} at ${here} denies it` : `:\n${here} has the Profile ${name}, which is not there`
  }
  return last.type === 'end' ? `:\nno rule at ${here} ${lets}` : `:\nworkloads must not build tunnels`
}

function answerLines(page: Page, { judgement }: Told, answer: Answer, several: boolean): string[] {
  const { example, pairs, verdict } = answer
  const lines: string[] = []
  if (several || pairs > 1) {
    const paint = verdictPaint(page.theme, verdict)
    const who =
      pairs > 1
        ? `: ${plural(pairs, 'pair')}, ${listed(answer.sources)} to ${listed(answer.targets)}`
        : `: ${endName(example.from)} to ${endName(example.to)}`
    lines.push(`${paint(WORDS[verdict])} ${connectionWords(judgement.space, answer)}${who}`)
    if (pairs > 1) lines.push(page.theme.faint(`for example ${headerWords(example.header)}:`))
  }
  return [...lines, ...exampleLines(page, example)]
}

function endLines(page: Page, word: 'Egress' | 'Ingress', end: End, side: Side | undefined): string[] {
  if (!side) {
    if (end.endpoint) return []
    return [page.theme.faint(`${word} of ${endName(end)}: outside, no policy acts there`)]
  }
  return [`${page.theme.strong(`${word} of ${endWords(end)}`)}: ${verdictWord(page, side.verdict)}`, ...sideLines(page, side)]
}

function verdictWord(page: Page, verdict: 'allow' | 'deny' | 'unknown'): string {
  return verdictPaint(page.theme, verdict)({ allow: 'allowed', deny: 'denied', unknown: 'not known' }[verdict])
}

/** `rule 2 would match but for the port`. */
function missLines(page: Page, example: Examined): string[] {
  return [example.egress, example.ingress].flatMap((side) =>
    nearestMisses(side).map(({ owner, rule, misses }) => {
      const place = placeOf(owner.origin, rulePath(rule))
      const [miss] = misses
      const want = miss && misses.length === 1 ? wanted(owner, rule, miss) : ''
      const name = escapeForTerminal(`rule ${rule.index + 1} of ${ownerTitle(owner)}`)
      const what = want === '' ? '' : `: it wants ${/\.not|^not/.test(miss ?? '') ? 'any but ' : ''}${escapeForTerminal(want)}`
      return `${page.theme.note('Near miss:')} ${name} would match but for ${missWords(misses)}${what}${place === undefined ? '' : ` (${place})`}`
    }),
  )
}

/** The first few ends of a set. */
function listed(ends: ReadonlySet<End>): string {
  const names = [...new Set([...ends].slice(0, 100).map(endName))]
  const shown = names.slice(0, 3).join(', ')
  return ends.size > 3 ? `${shown} and ${ends.size - 3} more` : shown
}

function remedyLines(page: Page, world: World, { changes, proofs, all }: ToldRemedy): string[] {
  const lines = [page.theme.strong(`What would allow it${changes.length > 1 ? ', all of these' : ''}:`)]
  for (const change of changes) lines.push(...changeLines(page, change), ...widerLines(page, world, change, proofs))
  const outcome = all
    ? 'with it all that you asked about is allowed'
    : `with it ${proofs.length > 1 ? 'these packets are' : 'the packet shown is'} allowed, and some of the rest is not`
  return [...lines, page.theme.faint(`  Tried on this world: ${outcome}.`)]
}

function changeLines(page: Page, change: Change): string[] {
  if (change.type === 'resource')
    return [`  ${escapeForTerminal(`create ${change.resource.kind} ${change.resource.metadata.name ?? ''}`)}`, ...yamlLines(page, change.resource)]
  const { owner, direction, index, rule } = change
  const count = owner[direction]?.length ?? 0
  const where = index < count ? `before rule ${index + 1} of` : 'at the end of'
  const place = placeOf(owner.origin, count === 0 ? ['spec'] : ['spec', direction])
  const at = place === undefined ? '' : ` (${place})`
  return [`  ${escapeForTerminal(`add ${where} spec.${direction} in ${ownerTitle(owner)}`)}${at}`, ...yamlLines(page, [rule])]
}

function yamlLines({ theme }: Page, value: object): string[] {
  return formatYaml(value)
    .trimEnd()
    .split('\n')
    .map((line) => theme.good(`    ${escapeForTerminal(line)}`))
}

/** What the label in a rule lets in besides. */
function widerLines({ theme }: Page, world: World, change: Change, proofs: readonly Examined[]): string[] {
  const [proof] = proofs
  if (change.type === 'resource' || !proof) return []
  const peer = change.direction === 'ingress' ? change.rule.source : change.rule.destination
  const others = othersPicked(world, change.direction === 'ingress' ? proof.from : proof.to, peer ?? {})
  return others === 0 ? [] : [theme.faint(`  ${escapeForTerminal(peer?.selector ?? '')} means ${plural(others, 'other endpoint')} too.`)]
}
