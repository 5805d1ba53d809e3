import { API_VERSION, type Kind } from './kind.ts'
import { metadataSchema } from './metadata.ts'
import { policyTestSchema, TEST_API_VERSION, TEST_KIND } from './policy-test.ts'
import { kinds } from './registry.ts'
import type { JsonSchema } from './schema.ts'
import { type Shape, shapeOf } from './shape.ts'
import type { V1Kind } from './v1/kind.ts'
import { v1Kinds } from './v1/registry.ts'

/**
 * JSON Schema (draft 7, which editors understand best) for manifests: by file name, one for each kind of both API versions, and `manifest.json` for all of
 * them; `policytest.json` for policy tests. It describes what one writes; that Calico's decoder takes more (field names in any letter case, numbers as text) is left to `validate`, and so are
 * the rules that look at several fields.
 */
export function jsonSchemas(): ReadonlyMap<string, JsonSchema> {
  const own = [
    ...kinds.map((kind) => ({ file: `${kind.kind.toLowerCase()}.json`, kind: kind.kind, apiVersion: API_VERSION, schema: schemaOf(kind) })),
    ...v1Kinds.map((kind) => ({ file: `v1/${kind.kind.toLowerCase()}.json`, kind: kind.kind, apiVersion: 'v1', schema: v1SchemaOf(kind) })),
  ]
  return new Map([['manifest.json', anyOf(own)], ...own.map(({ file, schema }) => [file, schema] as const), ['policytest.json', testSchema()]])
}

// --- internal ---

const DRAFT = 'http://json-schema.org/draft-07/schema#'

function schemaOf(kind: Kind): JsonSchema {
  const { description, spec, status, computesName } = kind.body
  const metadata = valueSchema(shapeOf(metadataSchema))
  return resource(kind.kind, API_VERSION, description, {
    metadata: { ...metadata, ...(computesName ? {} : { required: ['name'] }) },
    spec: valueSchema(shapeOf(spec)),
    ...(status ? { status: valueSchema(shapeOf(status)) } : {}),
  })
}

function v1SchemaOf(kind: V1Kind): JsonSchema {
  const { description, metadata, spec } = kind.body
  return resource(kind.kind, 'v1', description, { metadata: valueSchema(shapeOf(metadata)), spec: valueSchema(shapeOf(spec)) })
}

function testSchema(): JsonSchema {
  const schema = valueSchema(shapeOf(policyTestSchema))
  const properties = schema['properties'] as Readonly<Record<string, JsonSchema>>
  const entries = (name: string) => ({ ...properties[name], items: { ...(properties[name]?.['items'] as JsonSchema), required: ['from', 'to'] } })
  return {
    $schema: DRAFT,
    title: `${TEST_KIND} (${TEST_API_VERSION})`,
    ...schema,
    properties: { ...properties, allow: entries('allow'), deny: entries('deny') },
    required: ['apiVersion', 'kind'],
  }
}

function resource(kind: string, apiVersion: string, description: string, parts: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return {
    $schema: DRAFT,
    title: `${kind} (${apiVersion})`,
    description,
    type: 'object',
    properties: { apiVersion: { const: apiVersion }, kind: { const: kind }, ...parts },
    required: ['apiVersion', 'kind', 'metadata'],
    additionalProperties: false,
  }
}

interface Own {
  readonly file: string
  readonly kind: string
  readonly apiVersion: string
}

/** A document of any kind, a list of them, or several in an array. Told apart by `if`, so that a fault is told about the kind that is meant, not about all. */
function anyOf(own: readonly Own[]): JsonSchema {
  const document = { $ref: '#/definitions/document' }
  const is = (kind: string, apiVersion?: string) => ({
    properties: { kind: { const: kind }, ...(apiVersion === undefined ? {} : { apiVersion: { const: apiVersion } }) },
    required: ['kind', ...(apiVersion === undefined ? [] : ['apiVersion'])],
  })
  const listOf = (kind: string, apiVersion: string, item: JsonSchema) => ({
    if: is(kind, apiVersion),
    then: {
      properties: {
        apiVersion: { const: apiVersion },
        kind: { const: kind },
        metadata: { type: 'object' },
        items: { type: 'array', description: 'The resources of the list.', items: item },
      },
      required: ['items'],
      additionalProperties: false,
    },
  })
  return {
    $schema: DRAFT,
    title: 'A manifest for calicoctl',
    if: { type: 'array' },
    then: { items: document },
    else: document,
    definitions: {
      document: {
        type: 'object',
        properties: {
          apiVersion: { enum: [API_VERSION, 'v1'] },
          kind: { enum: [...new Set(own.flatMap(({ kind }) => [kind, `${kind}List`])), 'List'] },
        },
        required: ['apiVersion', 'kind'],
        allOf: [
          ...own.map(({ file, kind, apiVersion }) => ({ if: is(kind, apiVersion), then: { $ref: file } })),
          ...own.map(({ file, kind, apiVersion }) => listOf(`${kind}List`, apiVersion, { $ref: file })),
          ...[API_VERSION, 'v1'].map((apiVersion) => listOf('List', apiVersion, document)),
        ],
      },
    },
  }
}

/** What valibot knows of a value: its description and the checks that JSON Schema has a word for. */
interface Action {
  readonly type: string
  readonly description?: string
  readonly requirement?: unknown
}

function valueSchema(shape: Shape): JsonSchema {
  const actions = (shape.schema as unknown as { pipe?: readonly Action[] }).pipe ?? []
  const description = actions.find(({ type }) => type === 'description')?.description
  return {
    ...(description === undefined ? {} : { description }),
    ...formOf(shape),
    ...Object.assign({}, ...actions.map((action) => limitOf(shape.type, action))),
    ...(shape.default === undefined ? {} : { default: shape.default }),
  }
}

function formOf(shape: Shape): JsonSchema {
  switch (shape.type) {
    case 'struct':
      return {
        type: 'object',
        properties: Object.fromEntries(shape.fields.map(([name, field]) => [name, valueSchema(field)])),
        additionalProperties: false,
      }
    case 'list':
      return { type: 'array', items: valueSchema(shape.item) }
    case 'map':
      return { type: 'object', additionalProperties: valueSchema(shape.value) }
    case 'custom':
      return shape.meta.json ?? {}
    case 'boolean':
      return { type: 'boolean' }
    case 'number':
      return shape.meta.integer ? { type: 'integer', ...rangeOf(shape.meta.integer) } : { type: 'number' }
    case 'string':
      return shape.options ? wordsOf(shape.options, shape.meta.words !== undefined) : { type: 'string' }
  }
}

/** Words stand first, for completion; where letter case does not count, a pattern takes the other spellings. */
function wordsOf(words: readonly string[], anyCase: boolean): JsonSchema {
  if (!anyCase) return { enum: words }
  const pattern = words.map((word) => word.replaceAll(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`)).join('|')
  return { type: 'string', anyOf: [{ enum: words }, { pattern: `^(${pattern})$` }] }
}

/** The range of the Go type, where JSON has its numbers exactly. */
function rangeOf([minimum, maximum]: readonly [number | bigint, number | bigint]): JsonSchema {
  return typeof minimum === 'bigint' || typeof maximum === 'bigint' ? {} : { minimum, maximum }
}

function limitOf(type: Shape['type'], { type: check, requirement }: Action): JsonSchema {
  if (check === 'min_value') return { minimum: requirement }
  if (check === 'max_value') return { maximum: requirement }
  if (check === 'min_length') return { minItems: requirement }
  if (check === 'max_length') return type === 'list' ? { maxItems: requirement } : { maxLength: requirement }
  return check === 'regex' && requirement instanceof RegExp ? { pattern: requirement.source } : {}
}
