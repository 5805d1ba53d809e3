import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Kind, Resource } from '../../src/model/kind.ts'
import { kindForWord, kindNamed } from '../../src/model/registry.ts'
import type { ResultGroup, ToV1 } from '../../src/output/documents.ts'
import { type PrintOptions, printerFor } from '../../src/output/printer.ts'
import { type Datastore } from '../../src/store/datastore.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { RESOURCES } from '../../src/store/resources/keys.ts'
import { getResource, isFailure, listResources } from '../../src/store/resources/read.ts'
import type { CliCase } from '../conformance/cli-replay.ts'
import { readRecords, recordFiles } from '../conformance/data.ts'
import { fillPlaceholders } from './recorded.ts'

describe('what was recorded in the store is printed as it was recorded on stdout', () => {
  for (const folder of ['cli', 'eras']) {
    for (const topic of recordFiles(folder)) {
      for (const recorded of readRecords<CliCase>(`${folder}/${topic}`)) {
        if (recorded.deviation === undefined && gets(recorded) > 0) test(`${topic}: ${recorded.name}`, () => replay(recorded))
      }
    }
  }
})

describe('formats', () => {
  const refused: readonly (readonly [format: string, message: RegExp, help: RegExp])[] = [
    ['xml', /^unrecognized output format 'xml'$/, /known formats: .*yaml/],
    ['YAML', /^unrecognized output format 'YAML'$/, /known formats/],
    ['', /^unrecognized output format ''$/, /known formats/],
    ['yaml=x', /^unrecognized output format 'yaml=x'$/, /known formats/],
    ['custom-columns', /^need to specify at least one column$/, /-o custom-columns=NAME/],
    ['custom-columns=', /^need to specify at least one column$/, /-o custom-columns=NAME/],
    ['go-template', /^need to specify a template$/, /-o go-template=/],
    ['go-template=', /^need to specify a template$/, /-o go-template=/],
    ['go-template-file=', /^need to specify a template file$/, /-o go-template-file=/],
    ['jsonpath', /^need to specify a template$/, /-o jsonpath=/],
  ]
  for (const [format, message, help] of refused) {
    test(`-o '${format}' is refused`, async () => {
      await assert.rejects(printerFor(format, { readFile }), { message, help })
    })
  }

  test('a template file that cannot be read is told by its name', async () => {
    await assert.rejects(printerFor('go-template-file=missing.tmpl', { readFile }), {
      message: 'cannot read the template missing.tmpl: no such file or directory',
    })
  })

  test('an unknown heading is refused before anything is printed', async () => {
    const profiles = { kind: kind('Profile'), resources: [resource('Profile', 'net1')], revision: 5 }
    const written: string[] = []
    const printing = print('custom-columns=NAME,LABLES', [profiles], { write: (text) => void written.push(text) })
    await assert.rejects(printing, { message: 'unknown heading LABLES, valid values are: NAME, LABELS', help: 'did you mean LABELS?' })
    assert.deepEqual(written, [])
  })

  test('NAMESPACE can be a column of its own, for kinds that have one', async () => {
    const policies = { kind: kind('NetworkSet'), resources: [resource('NetworkSet', 'a', 'prod')], revision: 5 }
    assert.equal(await print('custom-columns=NAME, NAMESPACE', [policies], { namespaces: 'all' }), 'NAME   NAMESPACE   \na      prod        \n\n')
    await assert.rejects(print('custom-columns=NAMESPACE', [{ kind: kind('Profile'), resources: [] }]), /unknown heading NAMESPACE/)
  })

  test('a cell cannot act on the terminal', async () => {
    const profiles = { kind: kind('Profile'), resources: [resource('Profile', 'net\x1b[31m1\n')] }
    assert.equal(await print(undefined, [profiles]), 'NAME             \nnet\\x1b[31m1\\n   \n\n')
  })

  test('a template writes as it is for scripts, and safely for a terminal', async () => {
    const profiles = [{ kind: kind('Profile'), resources: [resource('Profile', 'net\x1b[31m1')] }]
    const template = 'go-template={{range .}}{{.ObjectMeta.Name}}{{"\\t\\n"}}{{end}}'
    assert.equal(await print(template, profiles), 'net\x1b[31m1\t\n')
    assert.equal(await print(template, profiles, { isTerminal: true }), 'net\\x1b[31m1\t\n')
  })

  test('a template may ask for the AS number', async () => {
    assert.equal(await print('go-template={{config "asnumber"}}', []), '64512')
    assert.equal(await print('go-template={{config "asnumber"}}', [], { facts: { defaultAsNumber: 64999 } }), '64999')
    await assert.rejects(print('go-template={{config "x"}}', []), { message: 'template:1:3: config knows no "x"' })
    assert.equal((await printerFor('go-template={{config "asnumber"}}', { readFile })).usesFacts, true)
  })

  test('jsonpath sees one thing as it is, a list and several things as items', async () => {
    const [net1, net2] = [resource('Profile', 'net1'), resource('Profile', 'net2')]
    const one = { kind: kind('Profile'), resources: [net1] }
    assert.equal(await print('jsonpath={.metadata.name}', [one]), 'net1')
    assert.equal(await print('jsonpath={.items[*].metadata.name}', [{ ...one, resources: [net1, net2], revision: 5 }]), 'net1 net2')
    assert.equal(await print('jsonpath={.items[*].metadata.name}', [one, { ...one, resources: [net2] }]), 'net1 net2')
    await assert.rejects(print('jsonpath={.metadata', [one]))
  })

  test('names are kind and name, with the namespace where several are mixed', async () => {
    const groups = [
      { kind: kind('Profile'), resources: [resource('Profile', 'net1'), resource('Profile', 'net2')], revision: 5 },
      { kind: kind('NetworkSet'), resources: [resource('NetworkSet', 'a', 'prod')] },
    ]
    assert.equal(await print('name', groups, { namespaces: 'one' }), 'profile/net1\nprofile/net2\nnetworkset/a\n')
    assert.equal(await print('name', groups, { namespaces: 'all' }), 'profile/net1\nprofile/net2\nnetworkset/prod/a\n')
  })

  test('a long list comes in pieces that together are the whole', async () => {
    const resources = Array.from({ length: 2000 }, (_, index) => resource('Profile', `net${index}`))
    for (const format of ['yaml', 'json']) {
      const pieces: string[] = []
      await print(format, [{ kind: kind('Profile'), resources, revision: 5 }], { write: (text) => void pieces.push(text) })
      assert.ok(pieces.length > 2)
      assert.equal(pieces.join('').match(/name"?: "?net\d/g)?.length, 2000)
      if (format === 'json') assert.equal((JSON.parse(pieces.join('')) as { items: unknown[] }).items.length, 2000)
    }
  })

  test('several things, a list among them, are a list', async () => {
    const groups = [
      { kind: kind('Profile'), resources: [resource('Profile', 'net1')] },
      { kind: kind('Tier'), resources: [], revision: 7 },
    ]
    assert.equal(
      await print('yaml', groups),
      [
        '- apiVersion: projectcalico.org/v3\n  kind: Profile\n  metadata:\n    name: net1\n  spec: {}\n',
        '- apiVersion: projectcalico.org/v3\n  items: []\n  kind: TierList\n  metadata:\n    resourceVersion: "7"\n',
      ].join(''),
    )
    const json = JSON.parse(await print('json', groups)) as { kind: string }[]
    assert.deepEqual(
      json.map((item) => item.kind),
      ['Profile', 'TierList'],
    )
  })

  test('nothing was found: nothing is printed', async () => {
    for (const format of [undefined, 'wide', 'yaml', 'json', 'name']) assert.equal(await print(format, []), '')
  })

  test('version 1 is a flat list in any case', async () => {
    const list = { kind: kind('Profile'), resources: ['net1', 'v3-only', 'net2'].map((name) => resource('Profile', name)), revision: 5 }
    const one = { kind: kind('Profile'), resources: [resource('Profile', 'net3')] }
    assert.equal(await print('yaml', [one], {}, toV1), '- apiVersion: v1\n  kind: profile\n  metadata:\n    name: net3\n')
    const json = await print('json', [list, one], {}, toV1)
    assert.ok(json.endsWith('\n]\n'))
    assert.deepEqual(
      (JSON.parse(json) as { metadata: { name: string } }[]).map((item) => item.metadata.name),
      ['net1', 'net2', 'net3'],
    )
    assert.equal(await print('yaml', [{ ...list, resources: [] }], {}, toV1), '[]\n')
    assert.equal(await print('json', [{ ...list, resources: [] }], {}, toV1), '[]\n')
    await assert.rejects(print('wide', [list], {}, toV1), { message: '--output-version v1 needs -o yaml or -o json' })
  })
})

// --- internal ---

const toV1: ToV1 = ({ metadata }) =>
  metadata.name === 'v3-only' ? undefined : { apiVersion: 'v1', kind: 'profile', metadata: { name: metadata.name } }

async function print(format: string | undefined, groups: readonly ResultGroup[], options: Partial<PrintOptions> = {}, toV1?: ToV1): Promise<string> {
  let text = ''
  const printer = await printerFor(format, { readFile, toV1 })
  const write = (chunk: string) => void (text += chunk)
  await printer.print(groups, { write, isTerminal: false, namespaces: 'unnamed', facts: { defaultAsNumber: undefined }, ...options })
  return text
}

function kind(name: string): Kind {
  const found = kindNamed(name)
  if (!found) throw new Error(`no kind ${name}`)
  return found
}

function resource(kind: string, name: string, namespace?: string): Resource {
  return { kind, apiVersion: 'projectcalico.org/v3', metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, spec: {} }
}

async function readFile(): Promise<Uint8Array> {
  throw new Error("ENOENT: no such file or directory, open '/x/missing.tmpl'")
}

interface Question {
  readonly kind: Kind
  readonly names: readonly string[]
  readonly format: string | undefined
  readonly namespace: string | undefined
  readonly all: boolean
}

type Step = CliCase['steps'][number]

/** The `get` steps that this can do without the command: kind, names, `-o`, `-n`, `-A`; all formats but template files. */
function questionOf(step: Step): Question | undefined {
  if (!('args' in step) || step.exit !== 0 || step.args[0] !== 'get') return undefined
  const words: string[] = []
  let format: string | undefined
  let namespace: string | undefined
  let all = false
  for (let i = 1; i < step.args.length; i++) {
    const word = step.args[i] ?? ''
    if (word === '-A') all = true
    else if (word === '-n') namespace = step.args[++i]
    else if (word === '-o') format = step.args[++i]
    else if (word.startsWith('-')) return undefined
    else words.push(word)
  }
  const [kindWord = '', ...names] = words
  const kind = kindForWord(kindWord)
  return kind && !format?.includes('template-file') ? { kind, names, format, namespace, all } : undefined
}

function gets(recorded: CliCase): number {
  return recorded.steps.filter((step) => questionOf(step)).length
}

async function replay(recorded: CliCase): Promise<void> {
  const store = openMemory()
  // Revisions 0 and 1 are not normalised in the records.
  for (const value of ['', 'x']) await put(store, '/elsewhere', value)
  if (recorded.seed !== false) for (const [key, value] of SEED) await put(store, RESOURCES + key, value)
  for (const step of recorded.steps) {
    if (!('args' in step)) {
      await change(store, step.etcd_write)
      continue
    }
    await change(store, step.etcd)
    const question = questionOf(step)
    if (question) assert.equal(await answer(store, question), fillPlaceholders(step.stdout), step.args.join(' '))
  }
}

async function answer(store: Datastore, { kind, names, format, namespace, all }: Question): Promise<string> {
  const where = kind.scope === 'namespaced' && !all ? (namespace ?? 'default') : undefined
  const groups: ResultGroup[] = []
  for (const name of names) {
    const found = await getResource(store, { kind, name, ...(where === undefined ? {} : { namespace: where }) })
    if (!isFailure(found)) groups.push({ kind, resources: [found] })
  }
  if (names.length === 0) groups.push(await listResources(store, kind, where))
  const facts = { defaultAsNumber: await defaultAsNumber(store) }
  const text = await print(format, groups, { facts, namespaces: all ? 'all' : namespace === undefined ? 'unnamed' : 'one' })
  return text.replaceAll(/(resourceVersion"?: ")(\d+)"/g, (whole, before: string, digits: string) =>
    digits === '0' || digits === '1' ? whole : `${before}7"`,
  )
}

async function defaultAsNumber(store: Datastore): Promise<number | undefined> {
  const found = await getResource(store, { kind: kind('BGPConfiguration'), name: 'default' })
  return isFailure(found) ? undefined : (found.spec as { asNumber?: number }).asNumber
}

async function change(
  store: Datastore,
  written: { readonly put?: Readonly<Record<string, string>>; readonly delete?: readonly string[] },
): Promise<void> {
  for (const [key, value] of Object.entries(written.put ?? {})) await put(store, key, fillPlaceholders(value))
  for (const key of written.delete ?? []) await store.txn({ compare: [], then: [{ type: 'delete', range: { start: key } }] })
}

async function put(store: Datastore, key: string, value: string): Promise<void> {
  await store.txn({ compare: [], then: [{ type: 'put', key, value }] })
}

/** The keys of an initialised datastore. */
const SEED = (
  [
    ['ClusterInformation', 'default', '"spec":{"clusterGUID":"5eed5eed5eed5eed5eed5eed5eed5eed","datastoreReady":true}'],
    ['Tier', 'default', '"spec":{"order":1000000,"defaultAction":"Deny"},"status":{}'],
    ['Tier', 'kube-admin', '"spec":{"order":1000,"defaultAction":"Pass"},"status":{}'],
    ['Tier', 'kube-baseline', '"spec":{"order":10000000,"defaultAction":"Pass"},"status":{}'],
  ] as const
).map(([kind, name, rest], index): [key: string, value: string] => {
  const metadata = `"metadata":{"name":"${name}","uid":"00000000-0000-0000-0000-00000000000${index + 1}","creationTimestamp":"2026-01-01T00:00:00Z"}`
  return [`${kind.toLowerCase()}s/${name}`, `{"kind":"${kind}","apiVersion":"projectcalico.org/v3",${metadata},${rest}}`]
})
