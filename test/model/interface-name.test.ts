import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ignoredInterface, interfaceFilter, interfaceGlob, interfaceName } from '../../src/model/interface-name.ts'

/** Which of the four kinds of name a text is. */
const names: readonly [text: string, name: boolean, glob: boolean, ignored: boolean, filter: boolean][] = [
  ['eth0', true, true, true, true],
  ['br-lan_1.5', true, true, true, true],
  ['*', true, true, false, false],
  ['**', false, true, true, false],
  ['tun*', false, true, true, false],
  ['eth+', false, false, false, true],
  ['eth0:1', false, false, false, true],
  ['', false, false, false, false],
  ['a b', false, false, false, false],
  ['a/b', false, false, false, false],
  ['é', false, false, false, false],
  ['a\n', false, false, false, false],
  ['a'.repeat(15), true, true, true, true],
  ['a'.repeat(16), false, false, false, false],
]

for (const [text, ...expected] of names) {
  test(`${JSON.stringify(text)} as the name of an interface, with "*", to be ignored, and of iptables`, () => {
    const checks = [interfaceName, interfaceGlob, ignoredInterface, interfaceFilter]
    assert.deepEqual(
      checks.map((check) => check(text) === undefined),
      expected,
    )
  })
}

test('what is wrong is said', () => {
  assert.equal(interfaceName('a'.repeat(16)), 'has 16 characters, an interface name has 15 at most')
  assert.equal(ignoredInterface('*'), 'would ignore every interface\nname the interfaces')
  assert.match(interfaceFilter('eth*') ?? '', /^is not an interface name\nit is made of 1 to 15 letters, digits, ":", ".", "_", "\+" and "-"/)
})
