import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalSelector, selectorId } from '../../../src/model/selector/canonical.ts'
import { matches } from '../../../src/model/selector/evaluate.ts'
import { parseSelector } from '../../../src/model/selector/parse.ts'
import { readRecords } from '../../conformance/data.ts'

interface SelectorRecord {
  readonly topic: string
  readonly selector: string
  readonly ok: boolean
  readonly canonical?: string
  readonly id?: string
  readonly labels?: readonly Record<string, string>[]
  readonly match?: readonly boolean[]
}

const records = readRecords<SelectorRecord>('selectors/selectors')

for (const topic of new Set(records.map((record) => record.topic))) {
  test(`Calico's own parser and we agree on every selector recorded about ${topic}`, () => {
    for (const record of records.filter((record) => record.topic === topic)) {
      const { ast, fault } = parseSelector(record.selector)
      const shown = JSON.stringify(record.selector)
      assert.equal(fault === undefined, record.ok, `${shown}: ${fault?.message ?? 'parsed'}`)
      if (ast === undefined) continue
      assert.equal(canonicalSelector(ast), record.canonical)
      assert.equal(selectorId(ast), record.id)
      const told = record.labels?.map((labels) => matches(ast, labels))
      assert.deepEqual(told, record.match, `${shown} on ${JSON.stringify(record.labels)}`)
    }
  })
}

test('a canonical text parsed again matches the same labels', () => {
  for (const { canonical, labels = [], match } of records) {
    if (canonical === undefined) continue
    const { ast, fault } = parseSelector(canonical)
    assert.ok(ast, `${canonical}: ${fault?.message}`)
    assert.deepEqual(
      labels.map((each) => matches(ast, each)),
      match,
      canonical,
    )
  }
})
