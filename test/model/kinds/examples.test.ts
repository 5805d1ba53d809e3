import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'js-yaml'
import { API_VERSION } from '../../../src/model/kind.ts'
import type { Metadata } from '../../../src/model/metadata.ts'
import { kindForWord, kinds } from '../../../src/model/registry.ts'
import { decodeResource, encodeResource } from '../../../src/model/resource.ts'
import { judge } from './judge.ts'

interface Manifest {
  readonly kind: string
  readonly apiVersion: string
  readonly metadata: Metadata
  readonly spec?: unknown
  readonly status?: unknown
}

for (const kind of kinds) {
  test(`the example of ${kind.kind} is accepted as it stands, and reads back as it is stored`, () => {
    const { kind: name, apiVersion, metadata, spec, status } = load(kind.body.example) as Manifest
    assert.deepEqual([name, apiVersion], [kind.kind, API_VERSION])
    const { faults, stored } = judge(kind, spec, metadata, status)
    assert.deepEqual(faults, [])
    const raw = JSON.parse(stored) as Record<string, unknown>
    const read = decodeResource(kind, raw, { stored: true, report: (fault) => assert.fail(fault.message) })
    const shown = kind.body.fromStored ? kind.body.fromStored(read) : read
    assert.equal(encodeResource(kind, shown), stored)
  })

  test(`every word for ${kind.kind} means it and nothing else`, () => {
    for (const word of [kind.kind, kind.plural, kind.plural.toUpperCase(), ...kind.aliases]) assert.equal(kindForWord(word)?.kind, kind.kind, word)
  })

  test(`every column of ${kind.kind} has a heading of its own and gives text for a resource without anything`, () => {
    const headings = kind.body.columns.map((column) => column.heading)
    assert.deepEqual(headings, [...new Set(headings)])
    for (const column of kind.body.columns) {
      const empty = { kind: kind.kind, apiVersion: API_VERSION, metadata: {} }
      assert.equal(typeof column.value(empty as never, { defaultAsNumber: undefined }), 'string', column.heading)
    }
  })
}
