import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import {
  addressName,
  convertName,
  convertNodeName,
  convertPolicyName,
  convertProfileName,
  networkName,
  normalizeName,
  revertProfileName,
} from '../../../src/model/v1/names.ts'

describe('v3 names of v1 resources', () => {
  const cases: readonly [convert: (name: string) => string, rows: readonly (readonly [v1: string, v3: string])[]][] = [
    [
      convertName,
      [
        ['abc---def', 'abc---def'],
        ['RAWR', 'rawr-03d81e1d'],
        ['abc/def', 'abc.def-0d06c5df'],
        ['net_1', 'net-1-3a59ee93'],
        ['$ABC/DeF-123.-456!', 'abc.def-123.456-3f42689c'],
        ['host1.', 'host1-81048ac4'],
        ['_', '-53a0acfa'],
      ],
    ],
    [
      convertPolicyName,
      [
        ['allow-db', 'allow-db'],
        ['nameyMcPolicyName', 'nameymcpolicyname-32df456f'],
        ['MaKe.-.MaKe', 'make-make-1b6971c8'],
        ['knp.default.web', 'knp-default-web-6ff2df2d'],
        ['a..b', 'a-b-89cf32c3'],
        ['-lead', 'lead-246b9686'],
      ],
    ],
    [
      convertProfileName,
      [
        ['net1', 'net1'],
        ['k8s_ns.kube-system', 'kns.kube-system'],
        ['k8s_ns.My_NS', 'kns.my-ns-1e1763cc'],
        ['_prof', 'prof-daf0ae0b'],
      ],
    ],
    [
      convertNodeName,
      [
        ['host1', 'host1'],
        ['Node_5.Example.COM', 'node-5.example.com'],
        ['n..1', 'n.1'],
        ['_', ''],
      ],
    ],
    [
      addressName,
      [
        ['10.0.0.254', '10-0-0-254'],
        ['2001:db8::1', '2001-0db8-0000-0000-0000-0000-0000-0001'],
        ['aa:bb::50', '00aa-00bb-0000-0000-0000-0000-0000-0050'],
      ],
    ],
    [
      networkName,
      [
        ['192.168.0.0/16', '192-168-0-0-16'],
        ['fd00:5::/64', 'fd00-5---64'],
      ],
    ],
  ]
  for (const [convert, rows] of cases) {
    for (const [v1, v3] of rows) it(`${convert.name}: ${v1} becomes ${v3}`, () => assert.equal(convert(v1), v3))
  }

  it('are normalised once and for all, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'Z', '0', '.', '-', '/', '_', 'é', ' ') }), (name) => {
        const normalized = normalizeName(name)
        assert.equal(normalizeName(normalized), normalized)
        assert.match(normalized, /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$/)
      }),
    )
  })

  it('of profiles come back to the same v3 name', () => {
    for (const name of ['net1', 'kns.kube-system', 'kns.my-ns-1e1763cc', 'ksa.a.b']) assert.equal(convertProfileName(revertProfileName(name)), name)
  })
})
