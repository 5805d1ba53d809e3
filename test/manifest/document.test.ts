import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readManifest } from '../../src/manifest/read.ts'
import { encodeResource } from '../../src/model/resource.ts'
import { readRecords } from '../conformance/data.ts'
import { deliberate } from '../conformance/deliberate.ts'

interface DocumentRecord {
  readonly name: string
  readonly manifest?: string
  readonly manifest_b64?: string
  readonly accepted: boolean
  readonly validate?: boolean
  readonly stored?: string
  readonly also?: readonly { readonly stored: string }[]
  readonly blames: readonly string[]
}

test('recorded documents are accepted or refused as the peer does, with the same resources and the blamed field named', () => {
  const differences: string[] = []
  for (const record of readRecords<DocumentRecord>('validation/document')) {
    if (deliberate('validation/document', record.name) !== undefined) continue
    const difference = compare(record)
    if (difference !== undefined) differences.push(`${record.name}: ${difference}`)
  }
  assert.deepEqual(differences, [])
})

function compare(record: DocumentRecord): string | undefined {
  const bytes = record.manifest_b64 === undefined ? Buffer.from(record.manifest ?? '') : Buffer.from(record.manifest_b64, 'base64')
  const { items, problems } = readManifest('-', bytes)
  const told = problems.map((problem) => `${problem.path ?? ''}: ${problem.message} ${problem.help ?? ''}`).join(' | ')
  // What the store refuses (a name that is there already) is no question of the document.
  const accepted = record.validate ?? record.accepted
  if (accepted !== (problems.length === 0)) return accepted ? `refused: ${told}` : 'accepted'
  if (!accepted) {
    const named = record.blames.some((blame) => told.toLowerCase().includes((blame.split('.').at(-1) ?? blame).replace(/\[\d+\]$/, '').toLowerCase()))
    return record.blames.length === 0 || named ? undefined : `blames ${record.blames.join(', ')}, told ${told}`
  }
  if (!record.accepted) return undefined
  // Recorded in the order of keys, read in the order of the manifest.
  const stored = items.map((item) => encodeResource(item.kind, item.resource))
  const wanted = [record.stored, ...(record.also ?? []).map((other) => other.stored)]
  return sorted(stored) === sorted(wanted) ? undefined : `stored ${stored.join('\n')}\n  wanted ${wanted.join('\n')}`
}

function sorted(texts: (string | undefined)[]): string {
  return texts.sort((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1)).join('\n')
}
