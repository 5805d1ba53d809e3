import type { Selector } from '../../model/selector/ast.ts'
import type { Labels } from '../../model/selector/evaluate.ts'
import { addBits, allBits, type Bits, keepBits, noBits, removeBits, setBits } from './bits.ts'
import { PairPool } from './pool.ts'

/** Sets of labels sorted into classes that no selector of the world can tell apart. */
export interface LabelClasses {
  readonly size: number
  /** The class of each set of labels that was given, in its order. */
  readonly classOf: Int32Array
  /** The classes that a selector matches. The selector is one of those that the classes were made for. */
  matching(selector: Selector): Bits
  /** The class of another set of labels, if it is in one of those that there are. */
  find(labels: Labels): number | undefined
  /** Whether a selector asks nothing but what the classes tell apart, so that they could as well have been made for it. */
  knows(selector: Selector): boolean
}

/**
 * Sorts sets of labels by what selectors ask about them (`reference/beyond.md 4.2`, steps 2 to 4). A value that no selector names, and a label that
 * none asks for, divide nothing; the time is linear in the labels there are, not in pairs of labels and selectors.
 */
export function classifyLabels(all: readonly Labels[], selectors: Iterable<Selector>): LabelClasses {
  const questions = collectQuestions(selectors)
  const sequences = new PairPool()
  const classes = new Map<number, number>()
  const tokenLists: (readonly number[])[] = []
  const classOf = new Int32Array(all.length)
  const tokens: number[] = []
  for (let i = 0; i < all.length; i++) {
    collectTokens(tokens, all[i] ?? {}, questions)
    let sequence = NO_LABELS
    for (let at = 0; at < tokens.length; at++) sequence = 1 + sequences.intern(sequence, tokens[at] as number)
    let id = classes.get(sequence)
    if (id === undefined) {
      id = tokenLists.length
      classes.set(sequence, id)
      tokenLists.push(tokens.slice())
    }
    classOf[i] = id
  }
  return {
    size: tokenLists.length,
    classOf,
    matching: new Matcher(questions, tokenLists).matching,
    find: (labels) => {
      let sequence = NO_LABELS
      collectTokens(tokens, labels, questions)
      for (const token of tokens) {
        sequence = 1 + sequences.find(sequence, token)
        if (sequence === 0) return undefined
      }
      return classes.get(sequence)
    },
    knows: (selector) => isKnown(selector, questions),
  }
}

// --- internal ---

const NO_LABELS = 0

/** Fills a list with the kinds of values that a set of labels has, of the labels that are asked for; in order. */
function collectTokens(tokens: number[], labels: Labels, questions: Questions): void {
  tokens.length = 0
  if (questions.size <= FEW_LABELS) {
    for (const [label, question] of questions) {
      const value: unknown = labels[label]
      // What all objects have, such as a constructor, is no text.
      if (typeof value === 'string') insert(tokens, question.token(value))
    }
  } else {
    for (const label in labels) {
      const question = questions.get(label)
      if (question && Object.hasOwn(labels, label)) insert(tokens, question.token(labels[label] ?? ''))
    }
  }
}

/** Up to as many labels that are asked for, it is quicker to go through these than through the labels that there are. */
const FEW_LABELS = 8

/** Keeps a short list in order. */
function insert(list: number[], value: number): void {
  let at = list.length
  list.push(value)
  for (; at > 0 && (list[at - 1] as number) > value; at--) list[at] = list[at - 1] as number
  list[at] = value
}

function isKnown(ast: Selector, questions: Questions): boolean {
  switch (ast.type) {
    case 'all':
    case 'global':
      return true
    case 'has':
      return questions.has(ast.label)
    case 'set':
      return questions.has(ast.label) && ast.values.every((value) => questions.get(ast.label)?.named.has(value))
    case 'compare': {
      const question = questions.get(ast.label)
      return question !== undefined && (isWhole(ast.operator) ? question.named.has(ast.value) : question.parts.has(partKey(ast.operator, ast.value)))
    }
    case 'not':
      return isKnown(ast.operand, questions)
    case 'and':
    case 'or':
      return ast.operands.every((operand) => isKnown(operand, questions))
  }
}

function partKey(operator: string, text: string): string {
  return `${operator} ${text}`
}

type Predicate = (value: string) => boolean

/** What selectors ask about one label, and the kinds of values that the answers tell apart. */
class Question {
  readonly named = new Set<string>()
  /** Comparisons with parts of values, by operator and text. */
  readonly parts = new Map<string, Predicate>()
  readonly #tokens = new Map<string, number>()
  readonly #kinds = new Map<string, number>()
  readonly #samples: { readonly token: number; readonly value: string }[] = []
  readonly #next: () => number

  constructor(next: () => number) {
    this.#next = next
  }

  /** The number of the kind that a value is of; no other label has the same number. */
  token(value: string): number {
    const known = this.#tokens.get(value)
    if (known !== undefined) return known
    let kind = this.named.has(value) ? `=${value}` : '*'
    if (kind === '*') for (const predicate of this.parts.values()) kind += predicate(value) ? '1' : '0'
    let token = this.#kinds.get(kind)
    if (token === undefined) {
      token = this.#next()
      this.#kinds.set(kind, token)
      this.#samples.push({ token, value })
    }
    this.#tokens.set(value, token)
    return token
  }

  /** The kinds whose values fulfil a condition that selectors asked for. */
  tokensThat(fulfil: Predicate): number[] {
    return this.#samples.filter(({ value }) => fulfil(value)).map(({ token }) => token)
  }

  /** The kind of a value that was named, when some labels have it. */
  tokenOf(value: string): number | undefined {
    return this.#kinds.get(`=${value}`)
  }
}

type Questions = ReadonlyMap<string, Question>

function collectQuestions(selectors: Iterable<Selector>): Questions {
  const byLabel = new Map<string, Question>()
  let next = 0
  const about = (label: string): Question => {
    let question = byLabel.get(label)
    if (!question) byLabel.set(label, (question = new Question(() => next++)))
    return question
  }
  const visit = (ast: Selector): void => {
    if (ast.type === 'has') about(ast.label)
    else if (ast.type === 'set') for (const value of ast.values) about(ast.label).named.add(value)
    else if (ast.type === 'not') visit(ast.operand)
    else if (ast.type === 'and' || ast.type === 'or') ast.operands.forEach(visit)
    else if (ast.type === 'compare' && isWhole(ast.operator)) about(ast.label).named.add(ast.value)
    else if (ast.type === 'compare') about(ast.label).parts.set(partKey(ast.operator, ast.value), partOf(ast.operator, ast.value))
    if (ast.type === 'set') about(ast.label)
  }
  for (const selector of selectors) visit(selector)
  return byLabel
}

function isWhole(operator: string): boolean {
  return operator === '==' || operator === '!='
}

function partOf(operator: string, text: string): Predicate {
  if (operator === 'contains') return (value) => value.includes(text)
  return operator === 'starts with' ? (value) => value.startsWith(text) : (value) => value.endsWith(text)
}

class Matcher {
  readonly #questions: Questions
  readonly #size: number
  readonly #known = new Map<Selector, Bits>()
  /** For each token, the classes that have it. */
  readonly #holders: (number[] | undefined)[] = []

  constructor(questions: Questions, tokenLists: readonly (readonly number[])[]) {
    this.#questions = questions
    this.#size = tokenLists.length
    for (const [id, tokens] of tokenLists.entries()) for (const token of tokens) (this.#holders[token] ??= []).push(id)
  }

  /** Answers for whole selectors are kept; nobody changes them. */
  readonly matching = (ast: Selector): Bits => {
    let bits = this.#known.get(ast)
    if (!bits) this.#known.set(ast, (bits = this.#answer(ast)))
    return bits
  }

  #answer(ast: Selector): Bits {
    switch (ast.type) {
      case 'all':
      case 'global':
        return allBits(this.#size)
      case 'has':
        return this.#withLabel(ast.label, () => true)
      case 'compare': {
        if (!isWhole(ast.operator)) return this.#withLabel(ast.label, partOf(ast.operator, ast.value))
        const bits = this.#withValues(ast.label, [ast.value])
        return ast.operator === '==' ? bits : this.#invert(bits)
      }
      case 'set': {
        const bits = this.#withValues(ast.label, ast.values)
        return ast.operator === 'in' ? bits : this.#invert(bits)
      }
      case 'not':
        return this.#invert(this.#answer(ast.operand))
      case 'and':
      case 'or': {
        const bits = ast.type === 'and' ? allBits(this.#size) : noBits(this.#size)
        const combine = ast.type === 'and' ? keepBits : addBits
        for (const operand of ast.operands) combine(bits, this.#answer(operand))
        return bits
      }
    }
  }

  #withLabel(label: string, fulfil: Predicate): Bits {
    return this.#holding(this.#questions.get(label)?.tokensThat(fulfil) ?? [])
  }

  #withValues(label: string, values: readonly string[]): Bits {
    const question = this.#questions.get(label)
    return this.#holding(values.map((value) => question?.tokenOf(value) ?? -1))
  }

  #holding(tokens: readonly number[]): Bits {
    const bits = noBits(this.#size)
    for (const token of tokens) setBits(bits, this.#holders[token])
    return bits
  }

  #invert(bits: Bits): Bits {
    const result = allBits(this.#size)
    removeBits(result, bits)
    return result
  }
}
