import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainTheme, themeFor } from '../../src/output/theme.ts'

type Env = Readonly<Record<string, string>>

const cases: readonly (readonly [what: string, terminal: boolean, env: Env, color: 'auto' | 'always' | 'never' | undefined, colored: boolean])[] = [
  ['a terminal', true, {}, undefined, true],
  ['no terminal', false, {}, undefined, false],
  ['--color=never on a terminal', true, {}, 'never', false],
  ['--color=never over FORCE_COLOR', true, { FORCE_COLOR: '1' }, 'never', false],
  ['--color=always into a file', false, {}, 'always', true],
  ['--color=always over NO_COLOR', false, { NO_COLOR: '1' }, 'always', true],
  ['NO_COLOR', true, { NO_COLOR: '1' }, 'auto', false],
  ['an empty NO_COLOR says nothing', true, { NO_COLOR: '' }, 'auto', true],
  ['NO_COLOR over FORCE_COLOR', true, { NO_COLOR: '1', FORCE_COLOR: '1' }, 'auto', false],
  ['FORCE_COLOR into a file', false, { FORCE_COLOR: '1' }, 'auto', true],
  ['FORCE_COLOR without a value', false, { FORCE_COLOR: '' }, 'auto', true],
  ['FORCE_COLOR=0 on a terminal', true, { FORCE_COLOR: '0' }, 'auto', false],
  ['CLICOLOR_FORCE into a file', false, { CLICOLOR_FORCE: '1' }, 'auto', true],
  ['CLICOLOR_FORCE=0 into a file', false, { CLICOLOR_FORCE: '0' }, 'auto', false],
  ['CLICOLOR=0 on a terminal', true, { CLICOLOR: '0' }, 'auto', false],
  ['a dumb terminal', true, { TERM: 'dumb' }, 'auto', false],
]

for (const [what, isTerminal, env, color, colored] of cases) {
  test(`${colored ? 'colour' : 'no colour'}: ${what}`, async () => {
    const theme = await themeFor({ isTerminal }, env, color)
    assert.equal(theme !== plainTheme, colored)
    assert.equal(theme.error('x'), colored ? '\x1b[31m\x1b[1mx\x1b[22m\x1b[39m' : 'x')
  })
}
