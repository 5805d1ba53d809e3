import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from 'js-yaml'
import type { Fault } from '../../../src/model/decode.ts'
import type { Kind, Resource } from '../../../src/model/kind.ts'
import { kindForWord, kinds } from '../../../src/model/registry.ts'
import { arrangeResource, completeResource, decodeResource, encodeResource, validateResource } from '../../../src/model/resource.ts'
import { readRecords, recordFiles } from '../../conformance/data.ts'

/** Stored values of older releases, and what v3.33 shows of them and makes of them when its own output is applied again. */
interface EraCase {
  readonly name: string
  readonly deviation?: string
  readonly steps: readonly EraStep[]
}

interface EraStep {
  readonly args?: readonly string[]
  readonly stdout?: string
  readonly exit?: number
  readonly save_stdout?: string
  readonly etcd?: { readonly put: Readonly<Record<string, string>> }
  readonly etcd_write?: { readonly put: Readonly<Record<string, string>> }
}

const PREFIX = '/calico/resources/v3/projectcalico.org/'

/** Their names change on the way, which is the store's matter; the sessions of the recorded eras hold them. */
const RENAMED: ReadonlySet<string> = new Set(['GlobalNetworkPolicy', 'NetworkPolicy', 'StagedGlobalNetworkPolicy', 'StagedNetworkPolicy'])

/** Written by no calicoctl of an older release. */
const UNRECORDED: ReadonlySet<string> = new Set(['CalicoNodeStatus', 'IPAMConfiguration'])

for (const file of recordFiles('eras').filter((name) => !name.endsWith('-policies'))) {
  for (const { name, steps } of readRecords<EraCase>(`eras/${file}`)) {
    const before = storedResources(steps[0]?.etcd_write?.put ?? {})
    if (steps.some((step) => before.has(keyOf(step) ?? ''))) {
      test(`${name}: what is stored is shown, and applied again, as v3.33 does it`, () => replay(before, steps))
    }
  }
}

test('the recorded eras have values of nearly all kinds', () => {
  const cases = recordFiles('eras').flatMap((file) => readRecords<EraCase>(`eras/${file}`))
  const found = new Set(
    cases.flatMap(({ steps }) => [...storedResources(steps[0]?.etcd_write?.put ?? {}).values()].map((stored) => stored.kind.kind)),
  )
  const missing = kinds.map((kind) => kind.kind).filter((kind) => !found.has(kind) && !RENAMED.has(kind))
  assert.deepEqual(missing, [...UNRECORDED])
})

// --- internal ---

interface Stored {
  readonly kind: Kind
  readonly resource: Resource
  readonly value: string
}

/** By key below the prefix. */
function storedResources(put: Readonly<Record<string, string>>): Map<string, Stored> {
  const result = new Map<string, Stored>()
  for (const [key, value] of Object.entries(put)) {
    const kind = kinds.find((one) => !RENAMED.has(one.kind) && key.startsWith(`${PREFIX}${one.plural}/`))
    if (kind) result.set(key.slice(PREFIX.length), { kind, resource: readStored(kind, value), value })
  }
  return result
}

function readStored(kind: Kind, value: string): Resource {
  const faults: Fault[] = []
  const resource = decodeResource(kind, JSON.parse(value) as Record<string, unknown>, { stored: true, report: (fault) => void faults.push(fault) })
  assert.deepEqual(faults, [], value)
  return kind.body.fromStored ? kind.body.fromStored(resource) : resource
}

function replay(before: ReadonlyMap<string, Stored>, steps: readonly EraStep[]): void {
  const store = new Map(before)
  const shown = new Map<string, string>()
  for (const step of steps) {
    const args = step.args ?? []
    if (step.exit !== 0) continue
    const key = keyOf(step)
    const stored = store.get(key ?? '')
    if (stored && args.includes('yaml')) assert.deepEqual(show(stored), load(step.stdout ?? ''))
    if (stored && args.includes('json')) assert.equal(JSON.stringify(show(stored)), JSON.stringify(JSON.parse(step.stdout ?? '')))
    if (key !== undefined && step.save_stdout !== undefined) shown.set(step.save_stdout, key)
    const applied = args[0] === 'apply' ? shown.get(args.at(args.indexOf('-f') + 1) ?? '') : undefined
    const changed = store.get(applied ?? '')
    if (!changed || applied === undefined) continue
    const value = step.etcd?.put[`${PREFIX}${applied}`] ?? changed.value
    assert.equal(applyShown(changed), value)
    store.set(applied, { kind: changed.kind, resource: readStored(changed.kind, value), value })
  }
}

/** The key that `get KIND NAME [-n NAMESPACE]` reads. */
function keyOf({ args = [] }: EraStep): string | undefined {
  const [verb, word = '', name = ''] = args
  const kind = kindForWord(word)
  if (verb !== 'get' || !kind || name.startsWith('-')) return undefined
  const namespace = args.includes('-n') ? args[args.indexOf('-n') + 1] : 'default'
  return kind.scope === 'namespaced' ? `${kind.plural}/${namespace}/${name}` : `${kind.plural}/${name}`
}

function show({ kind, resource }: Stored): unknown {
  return arrangeResource(kind, { ...resource, metadata: { ...resource.metadata, resourceVersion: '<REV>' } })
}

/** What is written when the shown manifest is applied: name and bookkeeping stay, the rest comes from the manifest. */
function applyShown(stored: Stored): string {
  const { kind, resource } = stored
  const faults: Fault[] = []
  const report = (fault: Fault) => void faults.push(fault)
  const wanted = decodeResource(kind, JSON.parse(JSON.stringify(show(stored))) as Record<string, unknown>, { report })
  completeResource(kind, wanted)
  validateResource(kind, wanted, report)
  assert.deepEqual(faults, [])
  return encodeResource(kind, { ...wanted, metadata: { ...resource.metadata, ...wanted.metadata } })
}
