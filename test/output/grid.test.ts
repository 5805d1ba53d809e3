import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatGrid } from '../../src/output/grid.ts'

test('cells stand to the left or right, headings to the left', () => {
  assert.equal(
    formatGrid(
      [{ heading: 'NAME' }, { heading: 'IN USE', align: 'right' }],
      [
        ['a', '1 (100%)'],
        ['longer', '20'],
      ],
    ),
    [
      '+--------+----------+',
      '| NAME   | IN USE   |',
      '+--------+----------+',
      '| a      | 1 (100%) |',
      '| longer |       20 |',
      '+--------+----------+',
      '',
    ].join('\n'),
  )
})

test('without rows there is a frame around the headings', () => {
  assert.equal(formatGrid([{ heading: 'IP' }], []), '+----+\n| IP |\n+----+\n+----+\n')
})

test('wide characters count two columns, and nothing moves the cursor', () => {
  assert.equal(
    formatGrid([{ heading: 'X' }], [['日本'], ['\u001b[2J']]),
    '+---------+\n| X       |\n+---------+\n| 日本    |\n| \\x1b[2J |\n+---------+\n',
  )
})
