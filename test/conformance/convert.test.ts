import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { load } from 'js-yaml'
import { run } from '../context.ts'
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

describe('recorded conversions from v1', () => {
  it('gives the recorded resources, or refuses as recorded', async () => {
    const differences: string[] = []
    for (const record of readRecords<ConvertRecord>('convert/convert')) {
      if (deliberate('convert/convert', record.name)) continue
      const difference = await replay(record)
      if (difference !== undefined) differences.push(`${record.name}: ${difference}`)
    }
    assert.deepEqual(differences, [])
  })
})

async function replay({ input, args, exit, output }: ConvertRecord): Promise<string | undefined> {
  const { code, stdout, stderr } = await run([...args], { stdin: input })
  if ((code === 0) !== (exit === 0)) return `exit ${code}: ${stdout}${stderr}`
  if (code !== 0) return stdout === '' ? undefined : `prints although it fails: ${stdout}`
  const parse = args.includes('json') || args.includes('--output=json') ? JSON.parse : load
  const [given, wanted] = [JSON.stringify(sorted(parse(stdout))), plain(parse(output))]
  return given === wanted ? undefined : `gives ${given}\n      wanted ${wanted}`
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
