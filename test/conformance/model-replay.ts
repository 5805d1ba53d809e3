/**
 * Replays recorded manifests against the model alone (no store, no command line): quick feedback while working on a kind.
 *   node .build/test/conformance/model-replay.js profile [text in the record's name]
 */
import { load } from 'js-yaml'
import type { Fault } from '../../src/model/decode.ts'
import { formatPath } from '../../src/model/problem.ts'
import { kindNamed } from '../../src/model/registry.ts'
import { completeResource, decodeResource, encodeResource, validateResource } from '../../src/model/resource.ts'
import { readRecords } from './data.ts'

interface ValidationRecord {
  readonly name: string
  readonly manifest?: string
  readonly setup?: readonly string[]
  readonly accepted: boolean
  readonly stored?: string
  readonly blames: readonly string[]
  readonly message: string
  readonly validate?: boolean
}

const [file = 'profile', filter = ''] = process.argv.slice(2)
const limit = Number(process.env['LIMIT'] ?? 40)
let good = 0
let skipped = 0
const bad: string[] = []
for (const record of readRecords<ValidationRecord>(`validation/${file}`)) {
  if (!record.name.includes(filter)) continue
  if (record.manifest === undefined || record.setup !== undefined || (record.validate !== undefined && record.validate !== record.accepted)) {
    skipped++
    continue
  }
  const difference = replay(record)
  if (difference === 'skip') skipped++
  else if (difference === undefined) good++
  else bad.push(`${record.name}\n    ${difference}\n    peer: ${record.message.slice(0, 250)}`)
}
console.log(bad.slice(0, limit).join('\n'))
console.log(`${file}: ${good} agree, ${bad.length} differ, ${skipped} skipped`)

function replay(record: ValidationRecord): string | undefined {
  let raw: Record<string, unknown>
  try {
    raw = load(record.manifest ?? '') as Record<string, unknown>
  } catch {
    return record.accepted ? 'skip' : undefined
  }
  const kind = kindNamed(String(raw?.['kind']))
  if (!kind) return record.accepted ? 'unknown kind' : undefined
  const faults: Fault[] = []
  const report = (fault: Fault) => void faults.push(fault)
  const resource = decodeResource(kind, raw, { report })
  if (faults.length === 0) {
    completeResource(kind, resource)
    validateResource(kind, resource, report)
  }
  const told = faults.map((fault) => `${formatPath(fault.path)}: ${fault.message}`).join(' | ')
  if (record.accepted !== (faults.length === 0))
    return record.accepted ? `refused: ${told}` : `accepted: ${record.manifest?.replaceAll('\n', '\\n').slice(0, 300)}`
  if (!record.accepted) {
    if (record.blames.length === 0) return undefined
    const named = record.blames.some((blame) => told.toLowerCase().includes(lastSegment(blame)))
    return named ? undefined : `blames ${record.blames.join(', ')}, told: ${told}`
  }
  const stored = encodeResource(kind, resource)
  return record.stored === undefined || stored === record.stored ? undefined : `stored ${stored}\n    wanted ${record.stored}`
}

function lastSegment(blame: string): string {
  if (blame.startsWith('metadata.labels') || blame.startsWith('metadata.annotations')) return blame.split('.').slice(0, 2).join('.')
  return (blame.split('.').at(-1) ?? blame).replace(/\[\d+\]$/, '').toLowerCase()
}
