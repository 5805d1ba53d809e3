import assert from 'node:assert/strict'
import { test } from 'node:test'
import { communityFault, isCommunityValue } from '../../src/model/community.ts'

const STRICT = { leadingZeros: false }
const LOOSE = { leadingZeros: true }

for (const value of ['0:0', '65001:100', '65535:65535', '0:0:0', '65001:1:2', '4294967295:4294967295:4294967295']) {
  test(`${value} is a BGP community`, () => {
    assert.equal(communityFault(value, STRICT), undefined)
    assert.equal(communityFault(value, LOOSE), undefined)
  })
}

const bad: readonly [value: string, fault: RegExp][] = [
  ['', /^is not a BGP community\na community is aa:nn/],
  ['x', /^is not/],
  ['1', /^is not/],
  ['1:', /^is not/],
  [':1', /^is not/],
  ['1:2:3:4', /^is not/],
  ['-1:1', /^is not/],
  ['1:1\n', /^is not/],
  ['1 :1', /^is not/],
  ['no-export', /^is not/],
  ['65536:1', /^has 65536, which is larger than 65535/],
  ['1:65536', /^has 65536, which is larger than 65535/],
  ['4294967296:1:1', /^has 4294967296, which is larger than 4294967295/],
  ['1:1:4294967296', /^has 4294967296, which is larger than 4294967295/],
]

for (const [value, fault] of bad) {
  test(`${JSON.stringify(value)} is no BGP community`, () => {
    assert.match(communityFault(value, STRICT) ?? '', fault)
    assert.match(communityFault(value, LOOSE) ?? '', fault)
  })
}

test('leading zeros are taken where Calico takes them', () => {
  assert.equal(communityFault('01:0', LOOSE), undefined)
  assert.equal(communityFault('01:0', STRICT), 'has a leading zero in 01\nwrite 1:0')
  assert.equal(communityFault('1:00:02', STRICT), 'has a leading zero in 00\nwrite 1:0:2')
})

test('a value with numbers too large is still no name of a community', () => {
  assert.equal(isCommunityValue('65536:1'), true)
  assert.equal(isCommunityValue('blue'), false)
})
