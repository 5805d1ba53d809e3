import { compareBytes } from '../../model/json.ts'
import type { BranchNode, Command, Node, Operand, Pipe, Template } from './ast.ts'
import { MAX_DEPTH, MAX_STEPS, MAX_TEXT, TemplateFault } from './fault.ts'
import { Fields } from './fields.ts'
import { functions, type TemplateFunction } from './functions.ts'
import { printValue } from './print.ts'
import { isList, isMap, isTrue, typeOf, type Value } from './value.ts'

/**
 * Carries a template out on data. `further`: functions besides those of the language.
 * @throws TemplateFault
 */
export function execute(template: Template, data: Value, further?: ReadonlyMap<string, TemplateFunction>): string {
  return new Run(template, further).text(data)
}

// --- internal ---

interface Variable {
  readonly name: string
  value: Value
}

/** How a list of nodes ended. */
type Flow = 'on' | 'break' | 'continue'

class Run {
  readonly #template: Template
  readonly #further: ReadonlyMap<string, TemplateFunction> | undefined
  readonly #fields = new Fields()
  readonly #out: string[] = []
  #variables: Variable[] = []
  #depth = 0
  #steps = 0
  #size = 0

  constructor(template: Template, further: ReadonlyMap<string, TemplateFunction> | undefined) {
    this.#template = template
    this.#further = further
  }

  text(data: Value): string {
    this.#variables = [{ name: '$', value: data }]
    this.#walk(this.#template.main, data, 0)
    return this.#out.join('')
  }

  #walk(nodes: readonly Node[], dot: Value, at: number): Flow {
    if (++this.#depth > MAX_DEPTH)
      throw new TemplateFault(`templates and actions stand more than ${MAX_DEPTH} deep in one another`, at, 'does a template call itself?')
    let flow: Flow = 'on'
    for (const node of nodes) {
      flow = this.#node(node, dot)
      if (flow !== 'on') break
    }
    this.#depth--
    return flow
  }

  #node(node: Node, dot: Value): Flow {
    switch (node.type) {
      case 'text':
        this.#print(node.text, 0)
        return 'on'
      case 'action': {
        const value = this.#pipe(node.pipe, dot)
        if (node.pipe.variables.length === 0) this.#print(value === undefined ? '<no value>' : printValue(value), node.at)
        return 'on'
      }
      case 'template':
        this.#invoke(node.name, node.pipe && this.#pipe(node.pipe, dot), node.at)
        return 'on'
      case 'break':
      case 'continue':
        return node.type
      default:
        return this.#scoped(() => (node.type === 'range' ? this.#range(node, dot) : this.#choose(node, dot)))
    }
  }

  #choose(node: BranchNode, dot: Value): Flow {
    const value = this.#pipe(node.pipe, dot)
    const yes = isTrue(value) || this.#fields.isStruct(value)
    const nodes = yes ? node.body : node.otherwise
    return nodes ? this.#walk(nodes, yes && node.type === 'with' ? value : dot, node.at) : 'on'
  }

  #range(node: BranchNode, dot: Value): Flow {
    const { variables, assigns } = node.pipe
    const whole = this.#pipe(node.pipe, dot)
    if (variables.length === 2 && typeOf(whole) === 'int') throw new TemplateFault('the range over a number has one variable', node.pipe.at)
    const items = this.#items(whole, node.pipe.at)
    let empty = true
    for (const [key, item] of items) {
      empty = false
      this.#step(node.at)
      const scope = this.#variables.length
      if (assigns) {
        variables.forEach((name, i) => this.#assign(name, variables.length === 2 && i === 0 ? key : item, node.at))
      } else {
        // The pipeline has put its variables on top.
        variables.forEach((_, i) => {
          const variable = this.#variables[scope - variables.length + i]
          if (variable) variable.value = variables.length === 2 && i === 0 ? key : item
        })
      }
      const flow = this.#walk(node.body, item, node.at)
      this.#variables.length = scope
      if (flow === 'break') break
    }
    return empty && node.otherwise ? this.#walk(node.otherwise, dot, node.at) : 'on'
  }

  /** Keys and items of what can be gone through. Maps go by key. */
  *#items(whole: Value, at: number): Generator<[Value, Value]> {
    if (whole === undefined || whole === null) return
    if (isList(whole)) for (let i = 0; i < whole.length; i++) yield [i, this.#fields.item(whole, i)]
    else if (isMap(whole) && !this.#fields.isStruct(whole))
      for (const key of Object.keys(whole).sort(compareBytes)) yield [key, this.#fields.item(whole, key)]
    else if (typeOf(whole) === 'int') for (let i = 0; i < Number(whole); i++) yield [i, i]
    else
      throw new TemplateFault(
        `range cannot go through ${isMap(whole) ? 'an object' : printValue(whole)}`,
        at,
        'it goes through lists, maps and numbers',
      )
  }

  #invoke(name: string, dot: Value, at: number): void {
    const nodes = this.#template.defined.get(name)
    if (!nodes)
      throw new TemplateFault(`there is no template ${JSON.stringify(name)}`, at, `define it with {{define ${JSON.stringify(name)}}}...{{end}}`)
    const variables = this.#variables
    this.#variables = [{ name: '$', value: dot }]
    this.#step(at)
    this.#walk(nodes, dot, at)
    this.#variables = variables
  }

  #pipe(pipe: Pipe, dot: Value): Value {
    let value: Value
    pipe.commands.forEach((command, i) => {
      value = this.#command(command, dot, i > 0, value)
    })
    for (const name of pipe.variables) {
      if (pipe.assigns) this.#assign(name, value, pipe.at)
      else this.#variables.push({ name, value })
    }
    return value
  }

  #command({ words, at }: Command, dot: Value, hasFinal: boolean, final: Value): Value {
    this.#step(at)
    const [first, ...rest] = words
    if (first?.type === 'function') return this.#call(first, rest, dot, hasFinal, final)
    if (first === undefined || first.type === 'nil') throw new TemplateFault('nil is not a command', at)
    if (rest.length > 0 || hasFinal) throw new TemplateFault(`${first.source} is not a function and takes no arguments`, first.at)
    return this.#value(first, dot)
  }

  #value(operand: Operand, dot: Value): Value {
    switch (operand.type) {
      case 'dot':
        return dot
      case 'nil':
        return undefined
      case 'constant':
        return operand.value
      case 'function':
        return this.#call(operand, [], dot, false, undefined)
      case 'field':
        return this.#chain(dot, operand)
      case 'variable':
        return this.#chain(this.#variable(operand.name)?.value, operand)
      case 'pipe':
        return this.#chain(
          this.#nested(() => this.#pipe(operand.pipe, dot), operand.at),
          operand,
        )
    }
  }

  #chain(start: Value, { fields, at }: { readonly fields: readonly string[]; readonly at: number }): Value {
    return fields.reduce((value, name) => this.#placed(at, () => this.#fields.of(value, name)), start)
  }

  #call(operand: Operand & { type: 'function' }, words: readonly Operand[], dot: Value, hasFinal: boolean, final: Value): Value {
    const { name, at } = operand
    const known = functions.get(name) ?? this.#further?.get(name)
    const count = words.length + (hasFinal ? 1 : 0)
    if (!known) throw new TemplateFault(`there is no function ${JSON.stringify(name)}`, at)
    if (count < known.from || count > (known.to ?? count)) {
      const wanted = known.to === undefined ? `at least ${known.from}` : known.to === known.from ? String(known.from) : `${known.from} to ${known.to}`
      throw new TemplateFault(`${name} takes ${wanted} ${wanted.endsWith(' 1') || wanted === '1' ? 'argument' : 'arguments'}, not ${count}`, at)
    }
    if (name === 'and' || name === 'or') {
      let value: Value
      for (const word of words) {
        value = this.#value(word, dot)
        if ((isTrue(value) || this.#fields.isStruct(value)) === (name === 'or')) return value
      }
      return hasFinal ? final : value
    }
    const values = words.map((word) => this.#value(word, dot))
    if (hasFinal) values.push(final)
    const result = this.#placed(at, () => (name === 'index' ? this.#index(values) : known.call(...values)))
    if (typeof result === 'string') this.#grow(result.length, at)
    return result
  }

  /** Item after item, so that each knows its type. */
  #index([value, ...keys]: readonly Value[]): Value {
    functions.get('index')?.call(value)
    return keys.reduce<Value>((item, key) => {
      const found = functions.get('index')?.call(item, key)
      return isList(item) || isMap(item) ? this.#fields.item(item, key as number | string) : found
    }, value)
  }

  #variable(name: string): Variable | undefined {
    return this.#variables.findLast((variable) => variable.name === name)
  }

  #assign(name: string, value: Value, at: number): void {
    const variable = this.#variable(name)
    if (!variable) throw new TemplateFault(`the variable ${name} is not defined`, at)
    variable.value = value
  }

  #scoped<T>(work: () => T): T {
    const scope = this.#variables.length
    const result = work()
    this.#variables.length = scope
    return result
  }

  #nested<T>(work: () => T, at: number): T {
    if (++this.#depth > MAX_DEPTH) throw new TemplateFault(`parentheses stand more than ${MAX_DEPTH} deep in one another`, at)
    const result = work()
    this.#depth--
    return result
  }

  /** Gives the faults of fields and functions their place. */
  #placed<T>(at: number, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof TemplateFault && error.offset === undefined) throw new TemplateFault(error.message, at, error.help)
      throw error
    }
  }

  #print(text: string, at: number): void {
    this.#grow(text.length, at)
    this.#out.push(text)
  }

  #grow(length: number, at: number): void {
    this.#size += length
    if (this.#size > MAX_TEXT) throw new TemplateFault('the template makes too much text', at)
  }

  #step(at: number): void {
    if (++this.#steps > MAX_STEPS) throw new TemplateFault('the template does not come to an end', at)
  }
}
