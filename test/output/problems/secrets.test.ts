import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from '../../context.ts'
import { hideSecrets } from '../../../src/output/problems/secrets.ts'

describe('what looks like a password in a line of a manifest', () => {
  for (const [line, shown] of [
    ['  password: hunter2', '  password: *******'],
    ['  nodeMeshPassword: "hunter 2" # note', '  nodeMeshPassword: ********** # note'],
    ["  pasword: 'it''s'", '  pasword: *******'],
    ['  etcdPassword: a, b', '  etcdPassword: *, b'],
    ['{"spec":{"password": "hunter2","asNumber": 1}}', '{"spec":{"password": *********,"asNumber": 1}}'],
    ['spec: {password: hunter2, asNumber: 1}', 'spec: {password: *******, asNumber: 1}'],
    ['  password: "not closed', '  password: ***********'],
    ['  authToken: abc', '  authToken: ***'],
  ] as const) {
    it(`is starred out: ${line}`, () => assert.equal(hideSecrets(line), shown))
  }

  for (const line of ['  password:', '  password: {secretKeyRef: {name: a}}', '      secretKeyRef:', '  name: password', '  selector: has(token)']) {
    it(`is left alone: ${line}`, () => assert.equal(hideSecrets(line), line))
  }

  it('costs nothing in lines of megabytes', () => {
    for (const part of ['secret', 'a', 'password: ', '"secret":"x",', ' ']) assert.ok(hideSecrets(part.repeat(500_000)).length > 0)
  })
})

describe('a password where a reference belongs', () => {
  const peer = (spec: string) => `apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata:\n  name: tor\nspec:\n${spec}\n`
  for (const [name, stdin] of Object.entries({
    'as text': peer('  password: hunter2'),
    'as a number that YAML versions read differently': peer('  password: 0123_4567').replace('0123_4567', '0222_1111'),
    'as the reference': peer('  password:\n    secretKeyRef: hunter2'),
    'under a misspelt name': peer('  pasword: hunter2'),
    'beside a fault': peer('  password: hunter2\n  asNumber: many'),
    'in one line': '{"apiVersion":"projectcalico.org/v3","kind":"BGPPeer","metadata":{"name":"tor"},"spec":{"password":"hunter2","x":1}}',
  })) {
    it(`${name} is refused and not shown`, async () => {
      for (const format of ['text', 'json', 'concise', 'github', 'sarif', 'junit']) {
        const { code, stdout, stderr } = await run(['validate', '-f', '-', '-o', format], { stdin })
        assert.equal(code, 1)
        assert.doesNotMatch(stdout + stderr, /hunter2|0222_1111/)
      }
    })
  }
})
