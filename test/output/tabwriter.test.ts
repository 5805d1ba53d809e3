import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layOutColumns } from '../../src/output/tabwriter.ts'

const cases: readonly (readonly [what: string, rows: readonly (readonly string[])[], text: string])[] = [
  [
    'every cell is filled up, the last of a row too',
    [
      ['NAME', 'TIER'],
      ['web', 'default'],
    ],
    'NAME   TIER      \nweb    default   \n',
  ],
  [
    'a column is at least five wide',
    [
      ['A', 'BC', 'DEF'],
      ['1', '', '2'],
    ],
    'A    BC   DEF   \n1         2     \n',
  ],
  [
    'an empty cell at the end',
    [
      ['NAME', 'LABELS'],
      ['net1', ''],
    ],
    'NAME   LABELS   \nnet1            \n',
  ],
  [
    'characters beyond ASCII count one each',
    [
      ['é日', 'x'],
      ['😀😀', 'y'],
    ],
    'é日   x    \n😀😀   y    \n',
  ],
  ['a single row', [['NAME']], 'NAME   \n'],
  ['nothing', [], ''],
]

for (const [what, rows, text] of cases) {
  test(`columns: ${what}`, () => {
    assert.equal(layOutColumns(rows), text)
  })
}
