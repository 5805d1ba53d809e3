import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'
import { readRawManifests } from '../../src/manifest/read.ts'
import { goJson } from '../../src/model/json.ts'
import { anyConverter, convertDocuments } from '../../src/model/v1/convert.ts'
import { readRecords } from './data.ts'
import { deliberate } from './deliberate.ts'

/** What `calicoctl convert` of Calico v3.31 answered to a manifest on standard input. */
interface ConvertRecord {
  readonly name: string
  readonly input: string
  readonly args: readonly string[]
  readonly exit: number
  readonly output: string
}

/** Records about the command line itself have other arguments; they are no matter of the model. */
const ARGUMENTS = ['convert', '-f', '-', '-o', 'json', 'yaml', 'yml', '--output=json', '--ignore-validation', '--allow-version-mismatch']

describe('recorded conversions from v1', () => {
  const records = readRecords<ConvertRecord>('convert/convert').filter(
    (record) => record.args.every((word) => ARGUMENTS.includes(word)) && record.args.includes('-'),
  )

  it('gives the recorded resources, or refuses as recorded', async () => {
    const differences: string[] = []
    for (const record of records) {
      if (deliberate('convert/convert', record.name)) continue
      const difference = await replay(record)
      if (difference !== undefined) differences.push(`${record.name}: ${difference}`)
    }
    assert.deepEqual(differences, [])
  })

  it('is about nearly all of the records', () => {
    assert.ok(records.length > 300, `${records.length} records`)
  })
})

async function replay(record: ConvertRecord): Promise<string | undefined> {
  const input = { files: NO_FILES, stdin: { read: async () => Buffer.from(record.input) } }
  const read = await readRawManifests(['-'], input, { convertV1: anyConverter })
  const { document, problems } = convertDocuments(read.items, { to: 'v3', ignoreValidation: record.args.includes('--ignore-validation') })
  const told = [...read.problems, ...problems].map(({ path, message }) => `${path ?? ''}: ${message}`).join(' | ')
  const converted = read.problems.length === 0 && document !== undefined
  if (converted !== (record.exit === 0)) return converted ? 'converted' : `refused: ${told}`
  if (!converted) return undefined
  const [wanted, given] = [plain(recorded(record)), JSON.stringify(sorted(JSON.parse(goJson(document))))]
  return wanted === given ? undefined : `gives ${given}\n      wanted ${wanted}`
}

const NO_FILES = {
  readFile: () => Promise.reject(new Error('no files here')),
  readDirectory: () => Promise.reject(new Error('no files here')),
  isDirectory: () => Promise.resolve(false),
}

function recorded({ args, output }: ConvertRecord): unknown {
  return args.includes('json') || args.includes('--output=json') ? JSON.parse(output) : load(output)
}

/** The form of v3.31 as that of v3.33: no empty ends of rules, no zero times, no prefix of the default tier. */
function plain(document: unknown): string {
  const text = JSON.stringify(sorted(document), (key, value: unknown) => {
    if (key === 'creationTimestamp') return undefined
    return (key === 'source' || key === 'destination') && JSON.stringify(value) === '{}' ? undefined : value
  })
  return text.replace(/("kind":"GlobalNetworkPolicy","metadata":\{(?:"annotations":\{[^}]*\},)?(?:"labels":\{[^}]*\},)?"name":")default\./g, '$1')
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}
