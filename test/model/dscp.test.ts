import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, type Fault } from '../../src/model/decode.ts'
import { dscp } from '../../src/model/dscp.ts'

const good: readonly [raw: unknown, value: number | string][] = [
  [0, 0],
  [255, 255],
  ['23', 23],
  ['256', '256'],
  ['ef', 'ef'],
  ['', ''],
]

for (const [raw, value] of good) {
  test(`${JSON.stringify(raw)} is kept as the DSCP mark ${JSON.stringify(value)}`, () => {
    assert.deepEqual(read(raw), { value, faults: [] })
  })
}

for (const raw of [-1, 256, 1.5, true, ['ef']]) {
  test(`${JSON.stringify(raw)} is no DSCP mark`, () => {
    assert.match(read(raw).faults.join(), /DSCP mark.*\(a mark is a number from 0 to 63, or a name such as EF or AF21\)/)
  })
}

// --- internal ---

function read(raw: unknown): { value: unknown; faults: string[] } {
  const faults: string[] = []
  const report = ({ message, help = '' }: Fault) => void faults.push(`${message} (${help})`)
  return { value: decode(dscp('A mark.'), raw, [], { report }), faults }
}
