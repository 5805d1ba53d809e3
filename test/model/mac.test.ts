import assert from 'node:assert/strict'
import { test } from 'node:test'
import { macAddress } from '../../src/model/mac.ts'

const good = [
  'ee:ee:ee:ee:ee:ee',
  'AA-bb-cc-dd-ee-ff',
  '0011.2233.4455',
  '001122334455',
  '02:00:5e:10:00:00:00:01',
  '0200.5e10.0000.0001',
  Array.from({ length: 20 }, () => '0a').join(':'),
]
const bad = [
  '',
  'nomac',
  'ee:ee:ee:ee:ee',
  'ee:ee:ee:ee:ee:ee:ee',
  '00:11-22:33:44:55',
  '1:2:3:4:5:6',
  ' ee:ee:ee:ee:ee:ee',
  '0011:2233:4455',
  '0011223344',
]

for (const text of good) test(`"${text}" is a MAC address`, () => assert.equal(macAddress(text), undefined))
for (const text of bad) test(`"${text}" is not a MAC address`, () => assert.match(macAddress(text) ?? '', /^is not a MAC address\n/))
