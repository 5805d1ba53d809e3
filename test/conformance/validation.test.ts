import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Datastore, prefixRange } from '../../src/store/datastore.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { run } from '../context.ts'
import { readRecords, recordFiles } from './data.ts'
import { deliberate } from './deliberate.ts'

/** A manifest and what the real calicoctl did with it; see the recorded data's own description. */
interface ValidationRecord {
  readonly name: string
  readonly manifest?: string
  readonly manifest_b64?: string
  readonly verb?: string
  readonly setup?: readonly string[]
  readonly accepted: boolean
  readonly key?: string
  readonly stored?: string
  readonly also?: readonly { readonly key: string; readonly stored: string }[]
  readonly blames: readonly string[]
}

/**
 * Each record runs `calicoctl <verb> -f -` through the program's own entry on a store in memory (the drivers are held to one contract elsewhere).
 * All records of a file make one test, so that the list of what differs reads as a whole.
 */
describe('recorded manifests, accepted and refused', () => {
  for (const file of recordFiles('validation')) {
    it(file, async () => {
      const differences: string[] = []
      for (const record of readRecords<ValidationRecord>(`validation/${file}`)) {
        if (deliberate(`validation/${file}`, record.name)) continue
        const difference = await replay(record)
        if (difference !== undefined) differences.push(`${record.name}: ${difference}`)
      }
      assert.deepEqual(differences, [])
    })
  }
})

async function replay(record: ValidationRecord): Promise<string | undefined> {
  const store = openMemory()
  for (const manifest of record.setup ?? []) await run(['apply', '-f', '-'], { store, stdin: manifest })
  await run(['apply', '-f', '-'], { store, stdin: INITIALISE })
  const before = await values(store)
  const stdin = record.manifest_b64 === undefined ? (record.manifest ?? '') : Buffer.from(record.manifest_b64, 'base64')
  const result = await run([record.verb ?? 'create', '-f', '-'], { store, stdin })
  const told = `${result.stdout}${result.stderr}`
  if (record.accepted !== (result.code === 0)) return `${record.accepted ? 'refused' : 'accepted'}: ${told.slice(0, 400)}`
  const wanted = new Map(record.key === undefined ? [] : [[record.key, record.stored ?? '']])
  for (const { key, stored } of record.also ?? []) wanted.set(key, stored)
  const after = await values(store)
  const changed = [...after].filter(([key, value]) => before.get(key) !== value)
  for (const [key, value] of changed) if (wanted.get(key) !== value) return `stored ${key} ${value}\n      wanted ${wanted.get(key) ?? 'nothing'}`
  if (changed.length !== wanted.size) return `stored ${changed.map(([key]) => key).join(' ') || 'nothing'}, wanted ${[...wanted.keys()].join(' ')}`
  if (!record.accepted && record.blames.length > 0 && !record.blames.some((blame) => told.toLowerCase().includes(lastSegment(blame)))) {
    return `blames ${record.blames.join(', ')}, told: ${told.slice(0, 400)}`
  }
  return undefined
}

/** Makes the tiers and ClusterInformation that every record starts from, and nothing else that stays. */
const INITIALISE = 'apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata: {name: initialise}\nspec: {}\n'

/** What lies in the store, without what differs from run to run. */
async function values(store: Datastore): Promise<Map<string, string>> {
  const { keyValues } = await store.range(prefixRange('/calico/resources/'))
  return new Map(
    keyValues.map(({ key, value }) => [
      key,
      value
        .replace(/,"uid":"[^"]*"/, '')
        .replace(/,"creationTimestamp":"[^"]*"/, '')
        .replace(/"clusterGUID":"[0-9a-f]{32}"/, '"clusterGUID":"<guid>"'),
    ]),
  )
}

function lastSegment(blame: string): string {
  if (/^metadata\.(labels|annotations)/.test(blame)) return blame.split('.').slice(0, 2).join('.').replace(/\[.*/, '')
  return (blame.split('.').at(-1) ?? blame).replace(/\[\d+\]$/, '').toLowerCase()
}
