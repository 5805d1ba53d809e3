import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import * as yaml from 'js-yaml'
import { API_VERSION } from '../../src/model/kind.ts'
import { jsonSchemas } from '../../src/model/json-schema.ts'
import { kinds } from '../../src/model/registry.ts'
import type { JsonSchema } from '../../src/model/schema.ts'
import { v1Kinds } from '../../src/model/v1/registry.ts'
import { readRecords, recordFiles } from '../conformance/data.ts'
import { deliberate } from '../conformance/deliberate.ts'
import { CHECKOUT } from '../system/folder.ts'
import { faultsOf } from './json-schema.ts'

const schemas = jsonSchemas()
const faults = (value: unknown, file = 'manifest.json') => faultsOf(schemas, file, value)
const profile = (more: object = {}) => ({ apiVersion: API_VERSION, kind: 'Profile', metadata: { name: 'net1' }, ...more })

describe('JSON Schema of manifests', () => {
  it('there is a file for each kind of both API versions, one for all, and one for policy tests', () => {
    const names = [...kinds.map(({ kind }) => `${kind.toLowerCase()}.json`), ...v1Kinds.map(({ kind }) => `v1/${kind.toLowerCase()}.json`)]
    assert.deepEqual([...schemas.keys()], ['manifest.json', ...names, 'policytest.json'])
  })

  it('every field of every kind is described', () => {
    const silent: string[] = []
    const visit = (schema: JsonSchema, path: string) => {
      for (const [name, field] of Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>)) {
        if (field['const'] === undefined && !/^\p{Lu}.*\.$/su.test(String(field['description'])))
          silent.push(`${path}.${name}: ${String(field['description'])}`)
        visit(field, `${path}.${name}`)
      }
      if (schema['items']) visit(schema['items'] as JsonSchema, `${path}[]`)
    }
    for (const [file, schema] of schemas) if (file !== 'manifest.json') visit(schema, file)
    assert.deepEqual(silent, [])
  })

  for (const { kind, body } of [...kinds, ...v1Kinds]) {
    it(`the example of ${kind} is fine`, () => assert.deepEqual(faults(yaml.load(body.example)), []))
  }

  const cases: readonly { readonly what: string; readonly value: unknown; readonly says: readonly string[] }[] = [
    { what: 'a list of documents', value: [profile(), profile()], says: [] },
    { what: 'a List', value: { apiVersion: API_VERSION, kind: 'List', items: [profile()] }, says: [] },
    { what: 'a ProfileList', value: { apiVersion: API_VERSION, kind: 'ProfileList', metadata: {}, items: [profile()] }, says: [] },
    { what: 'a document of version 1', value: { apiVersion: 'v1', kind: 'profile', metadata: { name: 'a', tags: ['a'] }, spec: {} }, says: [] },
    { what: 'an unknown field', value: profile({ spec: { ingres: [] } }), says: ['spec.ingres: additionalProperties'] },
    { what: 'an unknown field in a list', value: [profile(), profile({ oops: 1 })], says: ['1.oops: additionalProperties'] },
    { what: 'a bad action', value: profile({ spec: { ingress: [{ action: 'Alow' }] } }), says: ['spec.ingress.0.action: enum'] },
    { what: 'a wrong type', value: profile({ spec: { ingress: {} } }), says: ['spec.ingress: type'] },
    { what: 'no name', value: profile({ metadata: {} }), says: ['metadata.name: required'] },
    { what: 'an unknown kind', value: profile({ kind: 'Profil' }), says: ['kind: enum'] },
    {
      what: 'the wrong kind in a list of one kind',
      value: { apiVersion: API_VERSION, kind: 'NodeList', items: [profile()] },
      says: ['items.0.kind: const'],
    },
    {
      what: 'a port beyond the last',
      value: profile({ spec: { ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [80, '1:2', 'http', 65_536] } }] } }),
      says: ['spec.ingress.0.destination.ports.3: maximum'],
    },
  ]
  for (const { what, value, says } of cases) it(what, () => assert.deepEqual(faults(value), says))

  it('the example of a policy test is fine', () => {
    assert.deepEqual(faults(yaml.load(readFileSync(join(CHECKOUT, 'examples/policy-test/tutorial.yaml'), 'utf8')), 'policytest.json'), [])
  })

  const test = (more: object) => ({ apiVersion: 'calicoctl.projectcalico.org/v1', kind: 'PolicyTest', ...more })
  const tests: readonly { readonly what: string; readonly value: unknown; readonly says: readonly string[] }[] = [
    { what: 'a test with resources', value: test({ resources: [profile()], allow: [{ from: 'a', to: ['b', 'c'], ports: 'any' }] }), says: [] },
    { what: 'a test with a bad resource', value: test({ resources: [profile({ oops: 1 })] }), says: ['resources.0.oops: additionalProperties'] },
    { what: 'an entry without an end', value: test({ deny: [{ from: 'a' }] }), says: ['deny.0.to: required'] },
    { what: 'an entry with an unknown field', value: test({ deny: [{ from: 'a', to: 'b', port: 1 }] }), says: ['deny.0.port: additionalProperties'] },
    { what: 'a test of another version', value: { ...test({}), apiVersion: 'v1' }, says: ['apiVersion: enum'] },
  ]
  for (const { what, value, says } of tests) it(what, () => assert.deepEqual(faults(value, 'policytest.json'), says))

  it('takes what is stored of every recorded manifest that is taken', () => {
    const differences: string[] = []
    for (const file of recordFiles('validation')) {
      for (const { name, accepted, stored } of readRecords<{ name: string; accepted: boolean; stored?: string }>(`validation/${file}`)) {
        if (!accepted || stored === undefined || deliberate(`validation/${file}`, name)) continue
        const found = faults(JSON.parse(stored))
        if (found.length > 0) differences.push(`${name}: ${found.join(', ')}`)
      }
    }
    assert.deepEqual(differences, [])
  })
})
