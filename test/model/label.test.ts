import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelKeyFault, labelValueFault } from '../../src/model/label.ts'

for (const key of ['a', 'App', 'a.b_c-d', '1', 'acme.io/App', 'a/b', 'k'.repeat(63), `${'a.'.repeat(126)}a/b`]) {
  test(`${JSON.stringify(key.slice(0, 40))} is the key of a label`, () => {
    assert.equal(labelKeyFault(key), undefined)
  })
}

const badKeys: readonly [key: string, fault: RegExp][] = [
  ['', /^is not a key/],
  ['é', /^is not a key/],
  ['a b', /^is not a key/],
  ['_a', /^is not a key/],
  ['a-', /^is not a key/],
  ['a/b/c', /^is not a key/],
  ['a/', /^is not a key/],
  ['/a', /^has the prefix "", which is no domain name/],
  ['A.io/a', /^has the prefix "A\.io"/],
  ['a_b/c', /^has the prefix "a_b"/],
  [`${'a'.repeat(254)}/b`, /^has the prefix/],
  ['k'.repeat(64), /^has 64 characters, 63 at most are allowed/],
  [`a/${'k'.repeat(64)}`, /^has 64 characters after the "\/"/],
]

for (const [key, fault] of badKeys) {
  test(`${JSON.stringify(key.slice(0, 40))} is no key of a label`, () => {
    assert.match(labelKeyFault(key) ?? '', fault)
  })
}

for (const value of ['', 'a', 'A.b-c_d', '0', 'v'.repeat(63)]) {
  test(`${JSON.stringify(value.slice(0, 40))} is the value of a label`, () => {
    assert.equal(labelValueFault(value), undefined)
  })
}

for (const value of ['b c', '-b', 'b-', 'b/c', 'é', ' ']) {
  test(`${JSON.stringify(value)} is no value of a label`, () => {
    assert.match(labelValueFault(value) ?? '', /^is not a label value/)
  })
}

test('a value of 64 characters is too long', () => {
  assert.equal(labelValueFault('v'.repeat(64)), 'has 64 characters, 63 at most are allowed')
})
