import { compareBytes, goJson } from '../model/json.ts'
import { TemplateFault } from './go-template/fault.ts'
import { printValue } from './go-template/print.ts'
import { isList, isMap, numberIn, typeOf, type Value, type ValueType } from './go-template/value.ts'
import { type Rendered, renderedFault } from './rendered.ts'
import { type JsonPath, type JsonPathPart, type Operand, type Operator, parseJsonPath, type Pick, type Step } from './jsonpath-parse.ts'

/**
 * Carries out a template in kubectl's JSONPath on plain JSON data: text with `{...}` in it, each holding a path (`.items[*].metadata.name`), a text in
 * quotes, or `range` and `end`. The values of a path stand with spaces between them; objects and lists are printed as JSON.
 *
 * What is not there is left out silently, as kubectl does unless told otherwise; an index behind the end of a list is an error. Gentler than kubectl: a
 * template without braces is a path, `$` is the whole data also in a range, slices end where the list ends, names take either quotes, `[*]` and filters
 * go through objects too, and values of different types are unequal instead of an error.
 */
export function renderJsonPath(template: string, data: unknown): Rendered {
  try {
    const parts = parseJsonPath(template)
    return { text: new Run(data as Value).text(parts) }
  } catch (error) {
    return renderedFault('jsonpath', template, error)
  }
}

// --- internal ---

/** How many values one run may look at: `..` behind `..` multiplies them. */
const MAX_VALUES = 5_000_000

const KINDS: Readonly<Record<ValueType, string>> = {
  nil: 'null',
  bool: 'a boolean',
  int: 'a number',
  float: 'a number',
  string: 'a text',
  list: 'a list',
  map: 'an object',
}

class Run {
  readonly #root: Value
  readonly #out: string[] = []
  #values = 0

  constructor(root: Value) {
    this.#root = root
  }

  text(parts: readonly JsonPathPart[]): string {
    this.#parts(parts, this.#root)
    return this.#out.join('')
  }

  #parts(parts: readonly JsonPathPart[], current: Value): void {
    for (const part of parts) {
      if (part.type === 'text') this.#out.push(part.text)
      else {
        const found = this.#path(part.path, current)
        if (part.type === 'path') this.#out.push(found.map(show).join(' '))
        else for (const item of found) this.#parts(part.body, item)
      }
    }
  }

  #path(path: JsonPath, current: Value): readonly Value[] {
    let values: readonly Value[] = [path.from === 'root' ? this.#root : current]
    let descended = false
    for (const step of path.steps) {
      values = this.#step(step, values, descended)
      descended ||= step.type === 'descend'
      this.#count(values.length, step.at)
    }
    return values
  }

  /** Behind `..` steps meet values of all kinds, and pass over those that they do not fit. */
  #step(step: Step, values: readonly Value[], descended: boolean): readonly Value[] {
    switch (step.type) {
      case 'field':
        return values.flatMap((value) => member(value, step.name))
      case 'every':
        return values.flatMap((value) => items(value) ?? [])
      case 'descend': {
        const found: Value[] = []
        for (const value of values) this.#descend(value, found, step.at)
        return found
      }
      case 'filter':
        return values.flatMap((value) => this.#items(value, step, descended).filter((item) => this.#passes(step, item)))
      case 'pick':
        return step.picks.flatMap((pick) => values.flatMap((value) => this.#pick(pick, value, step, descended)))
    }
  }

  #pick(pick: Pick, value: Value, step: Step, descended: boolean): readonly Value[] {
    if (pick.type === 'key') return member(value, pick.key)
    if (value === undefined || value === null) return []
    if (pick.type === 'every') return this.#items(value, step, descended)
    if (!isList(value)) {
      if (descended) return []
      throw new TemplateFault(`${KINDS[typeOf(value)]} has no items to count`, step.at, isMap(value) ? "pick by name: ['name']" : undefined)
    }
    if (pick.type === 'slice') return slice(value, pick)
    const index = pick.index < 0 ? pick.index + value.length : pick.index
    if (index in value) return [value[index]]
    if (descended) return []
    throw new TemplateFault(`index ${pick.index} is out of bounds of a list of ${value.length}`, step.at)
  }

  #items(value: Value, step: Step, descended: boolean): readonly Value[] {
    if (value === undefined || value === null) return []
    const found = items(value)
    if (found || descended) return found ?? []
    throw new TemplateFault(`${KINDS[typeOf(value)]} has no items`, step.at)
  }

  /** A value and everything in it, parents first. */
  #descend(value: Value, found: Value[], at: number): void {
    const open = [value]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      found.push(next)
      this.#count(1, at)
      const inside = items(next) ?? []
      for (let i = inside.length - 1; i >= 0; i--) if (inside[i] !== null && inside[i] !== undefined) open.push(inside[i])
    }
  }

  #passes({ left, operator, right }: Step & { type: 'filter' }, item: Value): boolean {
    const a = this.#operand(left, item)
    if (operator === undefined || right === undefined) return a.length > 0
    const b = this.#operand(right, item)
    if (a.length > 1 || b.length > 1) {
      throw new TemplateFault('a filter compares one value with one, and here are more', 'path' in left && a.length > 1 ? left.path.at : undefined)
    }
    return a.length === 1 && b.length === 1 && compare(a[0], operator, b[0])
  }

  #operand(operand: Operand, item: Value): readonly Value[] {
    return 'path' in operand ? this.#path(operand.path, item) : [operand.value]
  }

  #count(values: number, at: number): void {
    this.#values += values
    if (this.#values > MAX_VALUES) throw new TemplateFault('the template finds too much', at)
  }
}

function member(value: Value, name: string): readonly Value[] {
  return isMap(value) && Object.hasOwn(value, name) ? [value[name]] : []
}

function items(value: Value): readonly Value[] | undefined {
  return isList(value) ? value : isMap(value) ? Object.values(value) : undefined
}

function slice(list: readonly Value[], { start, end, step }: Extract<Pick, { type: 'slice' }>): readonly Value[] {
  const found = list.slice(start, end)
  return step === 1 ? found : found.filter((_, i) => i % step === 0)
}

function compare(a: Value, operator: Operator, b: Value): boolean {
  const order = orderOf(a, b)
  switch (operator) {
    case '==':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order === -1
    case '<=':
      return order === -1 || order === 0
    case '>':
      return order === 1
    case '>=':
      return order === 1 || order === 0
  }
}

/** Texts by their bytes, numbers by value, true and false by nothing; undefined: equal to nothing and without order. */
function orderOf(a: Value, b: Value): -1 | 0 | 1 | undefined {
  if (typeof a === 'string' && typeof b === 'string') return Math.sign(compareBytes(a, b)) as -1 | 0 | 1
  const x = numberIn(a)
  const y = numberIn(b)
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0
  return typeof a === 'boolean' && a === b ? 0 : undefined
}

function show(value: Value): string {
  if (value === null || value === undefined) return 'null'
  return isList(value) || isMap(value) ? goJson(value) : printValue(value)
}
