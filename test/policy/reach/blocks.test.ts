import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { blocksOf } from '../../../src/policy/reach/blocks.ts'

const matrices = fc.integer({ min: 1, max: 7 }).chain((size) =>
  fc.record({
    cells: fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: size, maxLength: size }), { minLength: size, maxLength: size }),
    single: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
  }),
)

const rowsOf = (cells: readonly (readonly number[])[]) =>
  cells.map((line) => {
    const row = new Map<number, number[]>()
    for (const [to, cell] of line.entries()) if (cell !== 0) row.set(cell, [...(row.get(cell) ?? []), to])
    return row
  })

test('blocks say the same as the pairs they are made of, each pair once', () => {
  fc.assert(
    fc.property(matrices, ({ cells, single }) => {
      const told = cells.map((line) => line.map(() => 0))
      for (const { from, to, cell } of blocksOf(rowsOf(cells), (group) => single[group] === true)) {
        for (const a of from) {
          for (const b of to) {
            if (a === b && single[a]) continue
            assert.equal(told[a]?.[b], 0, 'a pair is told twice')
            const line = told[a] ?? []
            line[b] = cell
          }
        }
      }
      for (const [a, line] of cells.entries()) for (const [b, cell] of line.entries()) if (a !== b || !single[a]) assert.equal(told[a]?.[b], cell)
    }),
  )
})

test('groups with the same targets are one block, also singles that all reach each other', () => {
  const each = [
    [0, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
  ].map((line, at) => line.map((cell, to) => (to === at ? 1 : cell)))
  assert.deepEqual(
    blocksOf(rowsOf(each), () => true),
    [{ from: [0, 1, 2], to: [0, 1, 2], cell: 1 }],
  )
  assert.deepEqual(
    blocksOf(rowsOf([[1], []].map((line) => [...line])), () => true),
    [],
  )
})
