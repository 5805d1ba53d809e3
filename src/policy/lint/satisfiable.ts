import type { Selector } from '../../model/selector/ast.ts'
import { matches } from '../../model/selector/evaluate.ts'

/**
 * Whether there can be labels that a selector matches, whatever endpoints there are. Undefined when that cannot be told within `budget` steps: a text
 * of alternatives within alternatives has more combinations than can be tried.
 */
export function canMatch(selector: Selector, budget = BUDGET): boolean | undefined {
  const search = new Search(budget)
  const found = search.solve([{ ast: selector, wanted: true }], new Map())
  return found ? true : search.exhausted ? undefined : false
}

/** Whether all labels that the first selector matches are matched by the second one, too. Undefined as above. */
export function implies(first: Selector, second: Selector): boolean | undefined {
  if (first === second || second.type === 'all') return true
  const apart = canMatch({ type: 'and', operands: [first, { type: 'not', operand: second }] }, PAIR_BUDGET)
  return apart === undefined ? undefined : !apart
}

// --- internal ---

/** Steps: parts of selectors, and comparisons of values. */
const BUDGET = 10_000
/** Pairs are compared by the thousand. */
const PAIR_BUDGET = 1000

type Atom = Extract<Selector, { readonly label: string }>

/** A part of the selector, and whether it is to be true. */
interface Demand {
  readonly ast: Selector
  readonly wanted: boolean
}

/** What is asked of one label. */
interface Literal {
  readonly atom: Atom
  readonly wanted: boolean
}

/** Tries alternatives one after the other; labels do not depend on each other, so that each is looked at alone. */
class Search {
  exhausted = false
  #left: number

  constructor(budget: number) {
    this.#left = budget
  }

  /** Whether all demands can be met together with what is asked of labels already. */
  solve(demands: readonly Demand[], asked: ReadonlyMap<string, readonly Literal[]>): boolean {
    const alternatives: (readonly Demand[])[] = []
    const added = new Map<string, Literal[]>()
    const pending = [...demands]
    for (let demand = pending.pop(); demand; demand = pending.pop()) {
      if (!this.#spend(1)) return false
      const { ast, wanted } = demand
      if (ast.type === 'all' || ast.type === 'global') {
        if (!wanted) return false
      } else if ('operand' in ast) pending.push({ ast: ast.operand, wanted: !wanted })
      else if ('operands' in ast) {
        if (!this.#spend(ast.operands.length)) return false
        const parts = ast.operands.map((operand) => ({ ast: operand, wanted }))
        if ((ast.type === 'and') === wanted) pending.push(...parts)
        else alternatives.push(parts)
      } else {
        const literals = added.get(ast.label)
        if (literals) literals.push({ atom: ast, wanted })
        else added.set(ast.label, [{ atom: ast, wanted }])
      }
    }
    const settled = new Map(asked)
    for (const [label, literals] of added) {
      const all = [...(asked.get(label) ?? []), ...literals]
      if (!this.#canHold(label, all)) return false
      settled.set(label, all)
    }
    const [first, ...others] = alternatives.sort((a, b) => a.length - b.length)
    if (!first) return true
    const rest = others.map(anyOf)
    return first.some((part) => !this.exhausted && this.solve([...rest, part], settled))
  }

  // --- internal ---

  /** Whether one label can be as all literals ask: absent, one of the values that are named, or a value made of all the parts that are asked for. */
  #canHold(label: string, literals: readonly Literal[]): boolean {
    const named = literals.find(({ atom, wanted }) => wanted === isPositive(atom) && valuesOf(atom))
    const candidates = [undefined, ...(named ? (valuesOf(named.atom) ?? []) : [madeOf(literals)])]
    return candidates.some((value) => {
      if (!this.#spend(literals.length)) return false
      const labels = value === undefined ? {} : { [label]: value }
      return literals.every(({ atom, wanted }) => matches(atom, labels) === wanted)
    })
  }

  #spend(steps: number): boolean {
    this.#left -= steps
    if (this.#left <= 0) this.exhausted = true
    return !this.exhausted
  }
}

function anyOf(parts: readonly Demand[]): Demand {
  return { ast: { type: 'or', operands: parts.map(({ ast, wanted }) => (wanted ? ast : { type: 'not', operand: ast })) }, wanted: true }
}

/** The values that a label can have for the atom to be true, or, where it says not, to be false; undefined when it names none in whole. */
function valuesOf(atom: Atom): readonly string[] | undefined {
  if (atom.type === 'set') return atom.values
  return atom.type === 'compare' && (atom.operator === '==' || atom.operator === '!=') ? [atom.value] : undefined
}

function isPositive(atom: Atom): boolean {
  return !(atom.type === 'set' && atom.operator === 'not in') && !(atom.type === 'compare' && atom.operator === '!=')
}

/**
 * A value with all parts that are asked for, and between them a character that no text has: if any value at all fulfils the literals, this one does, since
 * it holds nothing that it need not hold.
 */
function madeOf(literals: readonly Literal[]): string {
  const texts = { 'starts with': '', 'ends with': '', contains: [] as string[] }
  for (const { atom, wanted } of literals) {
    if (!wanted || atom.type !== 'compare') continue
    if (atom.operator === 'contains') texts.contains.push(atom.value)
    else if ((atom.operator === 'starts with' || atom.operator === 'ends with') && atom.value.length > texts[atom.operator].length)
      texts[atom.operator] = atom.value
  }
  const filler = unusedCharacter(literals)
  return [texts['starts with'], ...texts.contains, texts['ends with']].join(filler)
}

function unusedCharacter(literals: readonly Literal[]): string {
  const used = new Set(
    literals.flatMap(({ atom }) =>
      atom.type === 'compare' ? Array.from(atom.value) : atom.type === 'set' ? atom.values.flatMap((value) => Array.from(value)) : [],
    ),
  )
  for (let code = 0x78; ; code++) if (!used.has(String.fromCodePoint(code))) return String.fromCodePoint(code)
}
