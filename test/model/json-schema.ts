import { isDeepStrictEqual } from 'node:util'
import type { JsonSchema } from '../../src/model/schema.ts'

/**
 * What a JSON Schema says against a value, as `path: keyword`; nothing when it is fine. Knows the keywords that our schemas use and stops at any other, so
 * that none is written that nobody checks.
 */
export function faultsOf(files: ReadonlyMap<string, JsonSchema>, file: string, value: unknown): string[] {
  const faults: string[] = []
  const root = files.get(file)
  if (root === undefined) throw new Error(`there is no ${file}`)
  new Validator(files, root, (path, keyword) => faults.push(`${path.join('.')}: ${keyword}`)).check(root, value, [])
  return faults
}

// --- internal ---

type Path = readonly (string | number)[]
type Say = (path: Path, keyword: string) => void
type Rule = (validator: Validator, wanted: never, value: never, path: Path, schema: JsonSchema) => void

class Validator {
  readonly files: ReadonlyMap<string, JsonSchema>
  readonly root: JsonSchema
  readonly say: Say

  constructor(files: ReadonlyMap<string, JsonSchema>, root: JsonSchema, say: Say) {
    this.files = files
    this.root = root
    this.say = say
  }

  check(schema: JsonSchema, value: unknown, path: Path): void {
    for (const [keyword, wanted] of Object.entries(schema)) {
      const rule = RULES[keyword]
      if (rule === undefined) throw new Error(`keyword ${keyword}`)
      rule(this, wanted as never, value as never, path, schema)
    }
  }

  /** Whether it holds, with nothing said. */
  holds(schema: JsonSchema, value: unknown, path: Path): boolean {
    let fine = true
    new Validator(this.files, this.root, () => (fine = false)).check(schema, value, path)
    return fine
  }
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isMap,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  null: (value) => value === null,
}

const nothing: Rule = () => {}

const RULES: Readonly<Record<string, Rule>> = {
  $schema: nothing,
  title: nothing,
  description: nothing,
  default: nothing,
  definitions: nothing,
  format: nothing,
  // Read by `if`.
  then: nothing,
  else: nothing,
  type: ({ say }, wanted: string | string[], value, path) => {
    if (![wanted].flat().some((type) => TYPES[type]?.(value))) say(path, 'type')
  },
  const: ({ say }, wanted, value, path) => {
    if (!isDeepStrictEqual(wanted, value)) say(path, 'const')
  },
  enum: ({ say }, wanted: unknown[], value, path) => {
    if (!wanted.includes(value)) say(path, 'enum')
  },
  pattern: ({ say }, wanted: string, value: unknown, path) => {
    if (typeof value === 'string' && !new RegExp(wanted, 'u').test(value)) say(path, 'pattern')
  },
  maxLength: ({ say }, wanted: number, value: unknown, path) => {
    if (typeof value === 'string' && Array.from(value).length > wanted) say(path, 'maxLength')
  },
  minimum: ({ say }, wanted: number, value: unknown, path) => {
    if (typeof value === 'number' && value < wanted) say(path, 'minimum')
  },
  maximum: ({ say }, wanted: number, value: unknown, path) => {
    if (typeof value === 'number' && value > wanted) say(path, 'maximum')
  },
  minItems: ({ say }, wanted: number, value: unknown, path) => {
    if (Array.isArray(value) && value.length < wanted) say(path, 'minItems')
  },
  maxItems: ({ say }, wanted: number, value: unknown, path) => {
    if (Array.isArray(value) && value.length > wanted) say(path, 'maxItems')
  },
  items: (validator, wanted: JsonSchema, value: unknown, path) => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) validator.check(wanted, item, [...path, index])
  },
  required: ({ say }, wanted: string[], value: unknown, path) => {
    if (isMap(value)) for (const name of wanted) if (!Object.hasOwn(value, name)) say([...path, name], 'required')
  },
  properties: (validator, wanted: Record<string, JsonSchema>, value: unknown, path) => {
    if (isMap(value)) for (const [name, schema] of Object.entries(wanted)) if (name in value) validator.check(schema, value[name], [...path, name])
  },
  additionalProperties: (validator, wanted: false | JsonSchema, value: unknown, path, schema) => {
    if (!isMap(value)) return
    for (const name of Object.keys(value).filter((key) => !Object.hasOwn((schema['properties'] as object | undefined) ?? {}, key))) {
      if (wanted === false) validator.say([...path, name], 'additionalProperties')
      else validator.check(wanted, value[name], [...path, name])
    }
  },
  anyOf: (validator, wanted: JsonSchema[], value, path) => {
    if (!wanted.some((schema) => validator.holds(schema, value, path))) validator.say(path, 'anyOf')
  },
  allOf: (validator, wanted: JsonSchema[], value, path) => {
    for (const schema of wanted) validator.check(schema, value, path)
  },
  if: (validator, wanted: JsonSchema, value, path, schema) => {
    const branch = schema[validator.holds(wanted, value, path) ? 'then' : 'else'] as JsonSchema | undefined
    if (branch) validator.check(branch, value, path)
  },
  $ref: ({ files, root, say }, wanted: string, value, path) => {
    const [file = '', place = ''] = wanted.split('#')
    const other = file === '' ? root : files.get(file)
    if (other === undefined) throw new Error(`$ref ${wanted}`)
    const target = place
      .split('/')
      .slice(1)
      .reduce((node: unknown, step) => (node as Record<string, unknown>)[step], other)
    new Validator(files, other, say).check(target as JsonSchema, value, path)
  },
}
