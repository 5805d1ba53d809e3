import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareBytes } from '../../../src/model/json.ts'
import type { Column, ColumnFacts, Kind, Resource } from '../../../src/model/kind.ts'
import { kindForWord } from '../../../src/model/registry.ts'
import { decodeResource } from '../../../src/model/resource.ts'
import { readRecords, recordFiles } from '../../conformance/data.ts'

/** Recorded sessions of the real calicoctl: what they left in the store, and the tables that they printed of it. */
interface Session {
  readonly name: string
  /** Begins with an initialised datastore unless false. */
  readonly seed?: boolean
  readonly steps: readonly Step[]
}

interface Step {
  readonly args?: readonly string[]
  readonly exit?: number
  readonly stdout?: string
  readonly intended_stdout?: string
  readonly etcd?: Changes
  readonly etcd_write?: Changes
}

interface Changes {
  readonly put?: Readonly<Record<string, string>>
  readonly delete?: readonly string[]
}

const PREFIX = '/calico/resources/v3/projectcalico.org/'

/** What an initialised datastore of the records says of its cluster; tiers are of no interest here. */
const SEED: readonly [key: string, value: string] = [
  `${PREFIX}clusterinformations/default`,
  '{"kind":"ClusterInformation","metadata":{"name":"default"},"spec":{"clusterGUID":"5eed5eed5eed5eed5eed5eed5eed5eed","datastoreReady":true}}',
]

const HERE: ReadonlySet<string> = new Set([
  'BGPConfiguration',
  'BGPFilter',
  'BGPPeer',
  'CalicoNodeStatus',
  'ClusterInformation',
  'FelixConfiguration',
  'HostEndpoint',
  'IPAMConfiguration',
  'IPPool',
  'IPReservation',
  'KubeControllersConfiguration',
  'Node',
  'WorkloadEndpoint',
])

const tables = recordFiles('cli').flatMap((file) => readRecords<Session>(`cli/${file}`).flatMap((session) => tablesOf(file, session)))

for (const table of tables) {
  test(`${table.title}: the columns of ${table.kind.kind} give the recorded cells`, () => {
    const [header = '', ...lines] = table.stdout.split('\n')
    const columns = columnsOf(header)
    assert.deepEqual(
      columns.map(({ heading }) => heading),
      table.columns.map(({ heading }) => heading),
    )
    const rows = lines.filter((line) => line.trim() !== '').map((line) => columns.map(({ start, end }) => line.slice(start, end).trim()))
    assert.deepEqual(
      table.resources.map((resource) => table.columns.map((column) => column.value(resource as never, table.facts))),
      rows,
    )
  })
}

test('tables of each kind were recorded, in the usual and in the wide form', () => {
  const forms = new Set(tables.map((table) => `${table.kind.kind} ${table.form}`))
  for (const kind of HERE) {
    assert.ok(forms.has(`${kind} default`), kind)
    assert.ok(forms.has(`${kind} wide`), kind)
  }
})

// --- internal ---

interface Table {
  readonly title: string
  readonly kind: Kind
  readonly form: string
  readonly stdout: string
  readonly columns: readonly Column[]
  readonly resources: readonly Resource[]
  readonly facts: ColumnFacts
}

function tablesOf(file: string, session: Session): Table[] {
  const store = new Map<string, string>(session.seed === false ? [] : [SEED])
  const result: Table[] = []
  for (const [index, step] of session.steps.entries()) {
    for (const changes of [step.etcd_write, step.etcd]) {
      for (const [key, value] of Object.entries(changes?.put ?? {})) store.set(key, value)
      for (const key of changes?.delete ?? []) store.delete(key)
    }
    const [verb, word = '', ...rest] = step.args ?? []
    const kind = verb === 'get' ? kindForWord(word) : undefined
    const name = rest[0]?.startsWith('-') ? undefined : rest[0]
    const form = formOf(name === undefined ? rest : rest.slice(1))
    const stdout = step.intended_stdout ?? step.stdout ?? ''
    if (!kind || !HERE.has(kind.kind) || form === undefined || (step.exit !== 0 && step.intended_stdout === undefined)) continue
    result.push({
      title: `${file}, ${session.name}, step ${index}`,
      kind,
      form: form.startsWith('custom') ? 'custom' : form,
      stdout,
      columns: chosen(kind, form),
      resources: listed(kind, store).filter((resource) => name === undefined || resource.metadata.name === name),
      facts: { defaultAsNumber: defaultAsNumber(store) },
    })
  }
  return result
}

/** Of `get KIND [NAME]` without a column for the namespace; undefined for everything else. */
function formOf(rest: readonly string[]): string | undefined {
  if (rest.length === 0) return 'default'
  const [flag, form = ''] = rest
  if (rest.length !== 2 || flag !== '-o') return undefined
  return form === 'wide' || form.startsWith('custom-columns=') ? form : undefined
}

function chosen(kind: Kind, form: string): readonly Column[] {
  if (!form.startsWith('custom-columns=')) {
    return kind.body.columns.filter((column) => (column.views ?? ['default', 'wide']).includes(form as 'default' | 'wide'))
  }
  const headings = form.slice('custom-columns='.length).split(',')
  return headings.flatMap((heading) => kind.body.columns.find((column) => column.heading === heading) ?? [])
}

function listed(kind: Kind, store: ReadonlyMap<string, string>): Resource[] {
  const place = kind.scope === 'namespaced' ? `${PREFIX}${kind.plural}/default/` : `${PREFIX}${kind.plural}/`
  const keys = [...store.keys()].filter((key) => key.startsWith(place)).sort(compareBytes)
  return keys.map((key) => {
    const resource = decodeResource(kind, JSON.parse((store.get(key) ?? '').replace('<TIME>', '2026-01-02T03:04:05Z')) as Record<string, unknown>, {
      stored: true,
      report: (fault) => assert.fail(fault.message),
    })
    return kind.body.fromStored ? kind.body.fromStored(resource) : resource
  })
}

function defaultAsNumber(store: ReadonlyMap<string, string>): number | undefined {
  const value = store.get(`${PREFIX}bgpconfigurations/default`)
  return value === undefined ? undefined : (JSON.parse(value) as { spec: { asNumber?: number } }).spec.asNumber
}

/** Where the columns of a table stand: each is as wide as its widest cell, and three spaces. */
function columnsOf(header: string): { heading: string; start: number; end: number }[] {
  const starts = [...header.matchAll(/\S+/g)]
  return starts.map((match, index) => ({ heading: match[0], start: match.index, end: starts[index + 1]?.index ?? Number.POSITIVE_INFINITY }))
}
