import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Fault } from '../../../src/model/decode.ts'
import { formatPath, type Problem } from '../../../src/model/problem.ts'
import { anyConverter, convertDocuments, type ConvertItem, v1Converter } from '../../../src/model/v1/convert.ts'
import { at, parse } from './manifest.ts'

function item(yaml: string): ConvertItem {
  return { raw: parse(yaml), problem: problemOf }
}

function problemOf({ code, path, message }: Fault): Problem {
  return { code, severity: 'error', message, file: 'f.yaml', path: formatPath(path) }
}

function told(problems: readonly Problem[]): string[] {
  return problems.map(({ severity, code, path }) => `${severity} ${code} ${path}`)
}

const NODE = '{kind: node, apiVersion: v1, metadata: {name: n1}}'
const POOL = '{kind: ipPool, apiVersion: v1, metadata: {cidr: 10.0.0.0/16}}'
const V3_NODE = '{kind: Node, apiVersion: projectcalico.org/v3, metadata: {name: n1}}'
const V3_PROFILE = '{kind: Profile, apiVersion: projectcalico.org/v3, metadata: {name: p}, spec: {labelsToApply: {a: ""}}}'
const NO_PROTOCOL = '{kind: policy, apiVersion: v1, metadata: {name: p}, spec: {ingress: [{action: allow, icmp: {type: 8}}]}}'

describe('converting documents to v3', () => {
  it('one comes bare', () => {
    const { document, problems } = convertDocuments([item(NODE)], { to: 'v3' })
    assert.deepEqual(problems, [])
    assert.deepEqual(document, { kind: 'Node', apiVersion: 'projectcalico.org/v3', metadata: { name: 'n1' }, spec: {}, status: {} })
  })

  it('several come as a List', () => {
    const { document } = convertDocuments([item(NODE), item(POOL)], { to: 'v3' })
    assert.deepEqual({ ...document, items: undefined }, { kind: 'List', apiVersion: 'v1', metadata: {}, items: undefined })
    assert.deepEqual([at(document, 'items.0.kind'), at(document, 'items.1.kind'), at(document, 'items.length')], ['Node', 'IPPool', 2])
  })

  it('none give nothing', () => {
    assert.deepEqual(convertDocuments([], { to: 'v3' }).document, undefined)
  })

  it('one bad document is enough to give nothing, and the others are still checked', () => {
    const bad = '{kind: node, apiVersion: v1, metadata: {name: a b}}'
    const { document, problems, onlyInvalid } = convertDocuments([item(bad), item(NODE), item(NO_PROTOCOL)], { to: 'v3' })
    assert.equal(document, undefined)
    assert.equal(onlyInvalid, false)
    assert.deepEqual(told(problems), ['error bad-value metadata.name', 'error bad-rule spec.ingress[0].icmp'])
  })

  it('what v3 refuses is given out with --ignore-validation', () => {
    const refused = convertDocuments([item(NO_PROTOCOL)], { to: 'v3' })
    assert.equal(refused.document, undefined)
    assert.equal(refused.onlyInvalid, true)
    const ignored = convertDocuments([item(NO_PROTOCOL)], { to: 'v3', ignoreValidation: true })
    assert.deepEqual(ignored.problems, [])
    assert.deepEqual(at(ignored.document, 'spec.ingress'), [{ action: 'Allow', icmp: { type: 8 } }])
  })

  it('what v1 refuses is not', () => {
    const jump = '{kind: profile, apiVersion: v1, metadata: {name: p}, spec: {ingress: [{action: jump}]}}'
    const { document, problems } = convertDocuments([item(jump)], { to: 'v3', ignoreValidation: true })
    assert.equal(document, undefined)
    assert.deepEqual(told(problems), ['error not-allowed spec.ingress[0].action'])
  })

  it('two names that become one are told, and given out', () => {
    const upper = '{kind: node, apiVersion: v1, metadata: {name: N1}}'
    const { document, problems } = convertDocuments([item(NODE), item(upper), item(POOL)], { to: 'v3' })
    assert.equal(at(document, 'items.length'), 3)
    assert.deepEqual(told(problems), ['warning duplicate-name metadata'])
  })

  it('an AS number that only the latest releases cannot store is told, and given out', () => {
    const peer = '{kind: bgpPeer, apiVersion: v1, metadata: {scope: global, peerIP: 10.0.0.1}, spec: {asNumber: 4294967295}}'
    const { document, problems } = convertDocuments([item(peer)], { to: 'v3' })
    assert.deepEqual(at(document, 'spec'), { peerIP: '10.0.0.1', asNumber: 4294967295 })
    assert.deepEqual(told(problems), ['warning bad-value spec.asNumber'])
  })

  it('what is of v3 already is refused, as are other kinds', () => {
    const { problems } = convertDocuments([item(V3_NODE), item('{kind: ConfigMap, apiVersion: v1}')], { to: 'v3' })
    assert.deepEqual(told(problems), ['error not-convertible apiVersion', 'error not-convertible kind'])
  })
})

describe('converting documents to v1', () => {
  it('one comes bare, several as an array', () => {
    const node = { kind: 'node', apiVersion: 'v1', metadata: { name: 'n1' }, spec: {} }
    assert.deepEqual(convertDocuments([item(V3_NODE)], { to: 'v1' }).document, node)
    assert.deepEqual(convertDocuments([item(V3_NODE), item(V3_PROFILE)], { to: 'v1' }).document, [
      node,
      { kind: 'profile', apiVersion: 'v1', metadata: { name: 'p', tags: ['a'] }, spec: {} },
    ])
  })

  it('what v1 cannot say is refused at its place', () => {
    const pool = '{kind: IPPool, apiVersion: projectcalico.org/v3, metadata: {name: a}, spec: {cidr: 10.0.0.0/16, blockSize: 28}}'
    const { document, problems } = convertDocuments([item(pool), item(V3_NODE)], { to: 'v1' })
    assert.equal(document, undefined)
    assert.deepEqual(told(problems), ['warning name-changes metadata.name', 'error not-in-v1 spec.blockSize'])
  })

  it('what is of v1 already is refused, and what v3 refuses', () => {
    const bad = '{kind: IPPool, apiVersion: projectcalico.org/v3, metadata: {name: a}, spec: {cidr: 10.0.0.0/33}}'
    const { problems } = convertDocuments([item(NODE), item(bad)], { to: 'v1' })
    assert.deepEqual(told(problems), ['error not-convertible apiVersion', 'error bad-value spec.cidr'])
  })
})

describe('converting as manifests are read', () => {
  it('gives what v3 takes', () => {
    const faults: Fault[] = []
    assert.deepEqual(
      v1Converter(parse(NODE), (fault) => faults.push(fault))?.map(({ kind }) => kind),
      ['Node'],
    )
    assert.deepEqual(faults, [])
  })

  it('gives nothing when v3 does not', () => {
    const faults: Fault[] = []
    assert.equal(
      v1Converter(parse(NO_PROTOCOL), (fault) => faults.push(fault)),
      undefined,
    )
    assert.deepEqual(
      faults.map(({ path }) => formatPath(path)),
      ['spec.ingress[0].icmp'],
    )
  })

  it('policies of Kubernetes are for convert alone', () => {
    assert.equal('takes' in v1Converter, false)
    assert.equal(anyConverter.takes('NetworkPolicy', 'networking.k8s.io/v1'), true)
    assert.equal(anyConverter.takes('NetworkPolicy', 'v1'), false)
  })
})
