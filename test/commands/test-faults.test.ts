import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HEAD, net, NETWORKS, tested } from './policy-tests.ts'

const GOOD = `${HEAD}allow:\n- from: net1\n  to: net1\ndeny:\n- from: b\n  to: net1\n`

describe('calicoctl test: faults of test files: exit 2, with their place, and nothing is run', () => {
  const cases: readonly (readonly [what: string, text: string, says: RegExp])[] = [
    ['an unknown field', `${HEAD}alow: []\n`, /error\[unknown-field\]: unknown field "alow"\n +┌─ t\.yaml:3:1\n[^]*did you mean "allow"\?/],
    [
      'an unknown field of an entry',
      `${HEAD}allow:\n- from: a\n  to: b\n  port: tcp/80\n`,
      /unknown field "port"\n +┌─ t\.yaml:6:3\n[^]*did you mean "ports"\?/,
    ],
    ['a wrong type', `${HEAD}allow: {from: a}\n`, /error\[wrong-type\]: expected a list, found a mapping\n +┌─ t\.yaml:3:1/],
    [
      'a number for an end',
      `${HEAD}allow: [{from: {a: b}, to: c}]\n`,
      /expected a name, an address or a selector or a list of them, found a mapping/,
    ],
    [
      'an empty list of ends',
      `${HEAD}allow: [{from: [], to: c}]\n`,
      /expected a name, an address or a selector, found an empty list\n +┌─ t\.yaml:3:10/,
    ],
    [
      'an end that YAML reads in two ways',
      `${HEAD}allow: [{from: on, to: c}]\n`,
      /error\[ambiguous-scalar\]: on is read differently by YAML 1\.1 and 1\.2\n[^]*quote it: "on"/,
    ],
    ['no end', `${HEAD}allow: [{from: a}]\n`, /error\[missing-field\]: "to" is missing\n +┌─ t\.yaml:3:10/],
    [
      'ports without a protocol',
      `${HEAD}allow: [{from: a, to: b, ports: [80]}]\n`,
      /"80" does not say which packets\n +┌─ t\.yaml:3:26\n[^]*a port needs its protocol: tcp\/80/,
    ],
    ['an unknown protocol', `${HEAD}allow: [{from: a, to: b, ports: tpc/80}]\n`, /"tpc" is not a protocol\n[^]*did you mean "tcp\/80"\?/],
    [
      'a rule that is not written as one',
      `${HEAD}allow: [{from: a, to: b, by: profil x}]\n`,
      /"profil x" does not say which rule decides\n[^]*did you mean "Profile x"\?/,
    ],
    ['no entries', `${HEAD}allow: []\n`, /error\[no-entries\]: the test says nothing/],
    [
      'no apiVersion',
      `kind: PolicyTest\nallow: [{from: a, to: b}]\n`,
      /a policy test needs its apiVersion\n[^]*write "apiVersion: calicoctl\.projectcalico\.org\/v1"/,
    ],
    ['another apiVersion', `apiVersion: v1\nkind: PolicyTest\nallow: [{from: a, to: b}]\n`, /"v1" is not one of "calicoctl\.projectcalico\.org\/v1"/],
    [
      'a misspelt kind',
      `apiVersion: calicoctl.projectcalico.org/v1\nkind: PolicyTests\n`,
      /error\[unknown-kind\]: unknown kind "PolicyTests"\n +┌─ t\.yaml:2:7\n[^]*did you mean "kind: PolicyTest"\?/,
    ],
    ['no test', net('net1'), /error\[no-tests\]: no policy test in file t\.yaml/],
    [
      'a resource beside a test',
      `${GOOD}---\n${net('net1')}`,
      /error\[not-a-test\]: a resource beside a policy test is not seen by it\n +┌─ t\.yaml:11:7/,
    ],
    [
      'a resource with a fault',
      `${HEAD}resources:\n- ${net('x').replace(/\n/g, '\n  ').replace('Allow', 'Alow').trimEnd()}\nallow: [{from: a, to: b}]\n`,
      /"Alow" is not one of[^]*┌─ t\.yaml:10:15\n[^]*at: Profile\(x\) spec\.egress\[0\]\.action/,
    ],
    [
      'a resource in a namespace that it cannot have',
      `${HEAD}resources:\n- {apiVersion: projectcalico.org/v3, kind: Profile, metadata: {name: x, namespace: z}}\nallow: [{from: a, to: b}]\n`,
      /namespace should not be specified for a non-namespaced resource/,
    ],
    [
      'a file that is not there',
      `${HEAD}files: [gone.yaml]\nallow: [{from: a, to: b}]\n`,
      /error\[unreadable-file\]: cannot read gone\.yaml: no such file or directory\n +┌─ t\.yaml:3:9/,
    ],
    ['broken YAML', `${HEAD}allow: [\n`, /t\.yaml:/],
  ]
  for (const [what, text, says] of cases) {
    it(what, async () => {
      const { code, stdout, stderr } = await tested(['t.yaml', '-f', 'net.yaml'], { 't.yaml': text, 'net.yaml': NETWORKS })
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.match(stderr, says)
      assert.match(stderr, /\n\d+ errors? in \d[^\n]*; nothing was tested\.\n$/)
    })
  }

  it('a file that is not there, a directory without tests', async () => {
    assert.deepEqual(await tested(['gone.yaml'], {}), {
      code: 2,
      stdout: '',
      stderr: 'error[unreadable-file]: cannot read gone.yaml: no such file or directory\n1 error in 1 file; nothing was tested.\n',
    })
    const { code, stderr } = await tested(['dir'], { 'dir/net.yaml': NETWORKS })
    assert.deepEqual({ code, stderr }, { code: 2, stderr: 'no policy test in dir\na test is a document with "kind: PolicyTest"\n' })
  })

  it('in each form of report', async () => {
    const files = { 't.yaml': `${HEAD}alow: []\n` }
    for (const [format, prints] of [
      ['json', /"code": "unknown-field"/],
      ['github', /^::error file=t\.yaml,line=3/],
      ['sarif', /"ruleId": "unknown-field"/],
      ['tap', /^TAP version 14\nBail out!/],
    ] as const) {
      const { code, stdout } = await tested(['t.yaml', '-o', format], files)
      assert.equal(code, 2)
      assert.match(stdout, prints)
    }
  })

  it('faults of the manifests that tests are about', async () => {
    const { code, stdout, stderr } = await tested(['t.yaml', '-f', 'net.yaml'], {
      't.yaml': GOOD,
      'net.yaml': net('net1').replace('Allow', 'Alow'),
    })
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    assert.match(stderr, /"Alow" is not one of/)
  })
})
