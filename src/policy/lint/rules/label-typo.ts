import type { Range } from '../../../model/problem.ts'
import type { Selector } from '../../../model/selector/ast.ts'
import { didYouMean } from '../../../model/suggest.ts'
import type { World } from '../../world/world.ts'
import { finding, type LintRule, nameOf, rangeOf } from '../rule.ts'
import type { SelectorText } from '../texts.ts'

export const labelTypo: LintRule = {
  code: 'label-typo',
  severity: 'warning',
  summary: 'a selector that names a label or value which nothing has, though something has one that is spelt nearly so',
  explanation: {
    why: `A mistyped label is no error to a selector: it just never matches, or with "!=" always does. It is told where nothing has the label or the value,
and something has one that differs by a letter or two; numbers at the end, as in web-1 and web-2, count as different names.`,
    bad: `selector: enviroment == 'prod'`,
    good: `selector: environment == 'prod'`,
    fix: 'Correct the spelling; where it is right and only not there yet, annotate the resource.',
  },
  *find(study) {
    if (!study.hasEndpoints) return
    const known = knownLabels(study.world)
    const budget = { left: MAX_COMPARISONS }
    const suggestions = new Map<string, string | undefined>()
    const suggest = (what: string, word: string, candidates: Iterable<string>) => {
      const key = `${what}\n${word}`
      if (!suggestions.has(key)) suggestions.set(key, near(word, candidates, budget))
      return suggestions.get(key)
    }
    for (const text of study.selectorTexts) {
      const told = new Set<string>()
      for (const atom of atomsOf(text.ast)) {
        const label = text.prefix + atom.label
        const values = known.get(label)
        const tries: [word: string, suggestion: string | undefined][] = []
        if (!values) {
          const sameKind = [...known.keys()].filter((key) => key.startsWith(text.prefix)).map((key) => key.slice(text.prefix.length))
          tries.push([atom.label, suggest(text.prefix, atom.label, sameKind)])
        } else if (atom.type === 'set' || (atom.type === 'compare' && (atom.operator === '==' || atom.operator === '!='))) {
          for (const value of atom.type === 'set' ? atom.values : [atom.value]) {
            if (!values.has(value)) tries.push([value, suggest(label, value, values)])
          }
        }
        for (const [word, suggestion] of tries) {
          if (suggestion === undefined || told.has(word)) continue
          told.add(word)
          const range = rangeWithin(text, word)
          yield finding(this, text.owner, text.path, {
            message: values
              ? `nothing has "${word}" as ${atom.label}, which ${nameOf(text.owner)} asks for; something has "${suggestion}"`
              : `nothing has a label "${word}", which ${nameOf(text.owner)} asks for; something has "${suggestion}"`,
            help: `did you mean "${suggestion}"?`,
            range,
            ...(range ? { fix: { range, text: suggestion } } : {}),
          })
        }
      }
    }
  },
}

// --- internal ---

/** So many words are compared in all. */
const MAX_COMPARISONS = 200_000

type Atom = Extract<Selector, { readonly label: string }>

function* atomsOf(ast: Selector): Generator<Atom> {
  if ('operand' in ast) yield* atomsOf(ast.operand)
  else if ('operands' in ast) for (const operand of ast.operands) yield* atomsOf(operand)
  else if ('label' in ast) yield ast
}

/** Each label that something has or would inherit, with its values. */
function knownLabels({ endpoints, networkSets, profiles }: World): ReadonlyMap<string, ReadonlySet<string>> {
  const known = new Map<string, Set<string>>()
  const owners = [...endpoints, ...networkSets].map(({ labels }) => labels)
  for (const labels of [...owners, ...[...profiles.values()].map(({ labelsToApply }) => labelsToApply)]) {
    for (const [label, value] of Object.entries(labels)) {
      const values = known.get(label)
      if (values) values.add(value)
      else known.set(label, new Set([value]))
    }
  }
  return known
}

function near(word: string, candidates: Iterable<string>, budget: { left: number }): string | undefined {
  if (word.length < 3) return undefined
  const different = [...candidates].filter((candidate) => candidate.length >= 3 && candidate.replace(/\d+/g, '') !== word.replace(/\d+/g, ''))
  budget.left -= different.length
  return budget.left < 0 ? undefined : didYouMean(word, different)
}

/** Where a word of a selector stands in its file, if the selector stands there on one line as it is. */
function rangeWithin({ owner, path, text }: SelectorText, word: string): Range | undefined {
  const range = rangeOf(owner.origin, path)
  if (!range || range.start.line !== range.end.line) return undefined
  const quotes = range.end.column - range.start.column - Array.from(text).length
  const at = wordAt(text, word)
  if (at === undefined || (quotes !== 0 && quotes !== 2)) return undefined
  const column = range.start.column + quotes / 2 + Array.from(text.slice(0, at)).length
  return { start: { line: range.start.line, column }, end: { line: range.start.line, column: column + Array.from(word).length } }
}

function wordAt(text: string, word: string): number | undefined {
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (!PART.test(text[at - 1] ?? ' ') && !PART.test(text[at + word.length] ?? ' ')) return at
  }
  return undefined
}

/** What labels and values are made of. */
const PART = /[A-Za-z0-9_./-]/
