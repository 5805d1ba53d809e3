import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import * as fc from 'fast-check'
import type { Selector } from '../../../src/model/selector/ast.ts'
import { matches } from '../../../src/model/selector/evaluate.ts'
import { parseSelector } from '../../../src/model/selector/parse.ts'
import { NOTHING } from '../../../src/policy/connections/space.ts'
import { witness } from '../../../src/policy/connections/witness.ts'
import { exposure } from '../../../src/policy/exposure/exposure.ts'
import { satisfy } from '../../../src/policy/exposure/satisfy.ts'
import { walkSide } from '../../../src/policy/interpreter/walk.ts'
import { recordedWorlds, worldOf } from '../recorded.ts'

const parse = (text: string): Selector => parseSelector(text).ast ?? assert.fail(text)

describe('labels that a selector picks', () => {
  const cases: readonly (readonly [selector: string, labels: Record<string, string> | undefined])[] = [
    ['all()', {}],
    ["app == 'web'", { app: 'web' }],
    ['has(role)', { role: '' }],
    ["net1 == ''", { net1: '' }],
    ["app == 'web' && env in {'prod', 'stage'}", { app: 'web', env: 'prod' }],
    ["app != 'web'", {}],
    ["has(app) && app != 'web'", { app: '' }],
    ['!has(app)', {}],
    ["name starts with 'a' && name ends with 'z'", { name: 'az' }],
    ["!(app == 'web' || has(role))", {}],
    ["app == 'web' && app == 'db'", undefined],
    ['has(app) && !has(app)', undefined],
  ]
  for (const [selector, labels] of cases) it(selector, () => assert.deepEqual(satisfy(parse(selector)), labels))
})

const words = fc.constantFrom('a', 'b', 'ab')
const selectors: fc.Arbitrary<Selector> = fc.letrec<{ node: Selector }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constant<Selector>({ type: 'all' }),
    words.map((label): Selector => ({ type: 'has', label })),
    fc.record({
      type: fc.constant('compare' as const),
      label: words,
      operator: fc.constantFrom('==', '!=', 'contains', 'starts with', 'ends with'),
      value: words,
    }) as fc.Arbitrary<Selector>,
    fc.record({
      type: fc.constant('set' as const),
      label: words,
      operator: fc.constantFrom('in', 'not in'),
      values: fc.array(words, { minLength: 1, maxLength: 2 }),
    }) as fc.Arbitrary<Selector>,
    tie('node').map((operand): Selector => ({ type: 'not', operand })),
    fc.record({ type: fc.constantFrom('and' as const, 'or' as const), operands: fc.array(tie('node'), { minLength: 2, maxLength: 3 }) }),
  ),
})).node

test('labels that are found are picked by the selector; none are found only where there are hardly any', () => {
  const values = [undefined, '', 'a', 'b', 'ab', 'ba']
  let [missed, all] = [0, 0]
  fc.assert(
    fc.property(selectors, (selector) => {
      const labels = satisfy(selector)
      if (labels) return assert.ok(matches(selector, labels))
      for (const a of values) {
        for (const b of values) {
          for (const ab of values) {
            all++
            const tried = Object.fromEntries(Object.entries({ a, b, ab }).flatMap(([label, value]) => (value === undefined ? [] : [[label, value]])))
            if (matches(selector, tried)) missed++
          }
        }
      }
    }),
    { numRuns: 400 },
  )
  assert.ok(missed <= all / 20, `${missed} of ${all}`)
})

test('a selector that is made to be hard ends soon', () => {
  const hard = Array.from({ length: 30 }, (_, at) => `(a${at} == 'x' || b${at} == 'y')`).join(' && ')
  assert.ok(satisfy(parse(hard)))
  const impossible = `${hard} && has(z) && !has(z)`
  assert.equal(satisfy(parse(impossible)), undefined)
})

test('each row is so for a packet that is followed, decided by a rule that the row names', () => {
  let rows = 0
  for (const recorded of recordedWorlds('worlds').slice(0, 60)) {
    const world = worldOf(recorded)
    const { engine, rows: found } = exposure(world, () => true)
    for (const { direction, peers, endpoints, allowed, by } of found) {
      const [peer] = peers
      if (!peer) continue
      const wider = { ...world, endpoints: [...world.endpoints, peer.endpoint] }
      for (const index of endpoints) {
        const endpoint = world.endpoints[index] ?? assert.fail()
        const own = [...endpoint.addresses, ...(endpoint.otherAddresses ?? [])][0]
        const other = peer.endpoint.addresses.find(({ family }) => family === own?.family)
        const header = witness(engine.space, allowed)
        // An endpoint with several addresses can be in a row by another one.
        if (!own || !other || !header || endpoint.addresses.length > 1 || allowed === NOTHING) continue
        const ends = direction === 'ingress' ? { source: other, destination: own } : { source: own, destination: other }
        const side = walkSide(wider, endpoint, direction, { ...header, ...ends })
        assert.equal(side.verdict, 'allow', `${recorded.name} ${endpoint.id} ${JSON.stringify(peer.labels)}`)
        const last = side.layers.at(-1)
        const rule = last?.type === 'tier' ? last.by?.rule : last?.type === 'profile' ? last.by : undefined
        assert.ok(
          by.some((decider) => decider.rule === rule),
          `${recorded.name} ${endpoint.id}`,
        )
        rows++
      }
    }
  }
  assert.ok(rows > 100, String(rows))
})
