import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Programmed } from '../../src/agent/programmed.ts'

describe('who waits for the rules of an interface', () => {
  const named = (...names: readonly string[]) => new Map(names.map((name) => [name, undefined]))

  it('goes on at once when they are there', async () => {
    const programmed = new Programmed()
    programmed.reached(named('cali1'), 7)
    await programmed.waitFor('cali1')
    await programmed.waitFor('cali1', 7)
  })

  it('waits for its interface, and for the revision that it asks for', async () => {
    const programmed = new Programmed()
    const seen: string[] = []
    const waits = [programmed.waitFor('cali1').then(() => seen.push('any')), programmed.waitFor('cali1', 9).then(() => seen.push('9'))]
    const next = async (names: readonly string[], revision: number) => {
      programmed.reached(named(...names), revision)
      await new Promise((resolve) => setImmediate(resolve))
      return [...seen]
    }
    assert.deepEqual(await next(['cali2'], 9), [])
    assert.deepEqual(await next(['cali1'], 8), ['any'])
    assert.deepEqual(await next(['cali1', 'cali2'], 10), ['any', '9'])
    await Promise.all(waits)
  })
})
