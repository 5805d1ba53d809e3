import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type Datastore, prefixRange } from '../../src/store/datastore.ts'
import { RESOURCES } from '../../src/store/resources/keys.ts'
import type { RunOptions, RunResult } from '../context.ts'

/** One recorded session with the real calicoctl: see the recorded data's own description. */
export interface CliCase {
  readonly name: string
  readonly seed?: false
  /** Why the peer's answer is not the wanted one; such cases are records, not tests. */
  readonly deviation?: string
  readonly files?: Readonly<Record<string, string>>
  readonly steps: readonly CliStep[]
}

type CliStep = EtcdWrite | Invocation

interface EtcdWrite {
  readonly etcd_write: { readonly put?: Readonly<Record<string, string>>; readonly delete?: readonly string[] }
}

interface Invocation {
  readonly args: readonly string[]
  readonly stdin?: string | null
  readonly env?: Readonly<Record<string, string | null>>
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
  readonly etcd: { readonly put: Readonly<Record<string, string>>; readonly delete: readonly string[] }
  readonly must_mention?: readonly string[]
  readonly stdout_binding?: boolean
  readonly stdout_free?: boolean
  readonly stdout_contains?: readonly string[]
  readonly peer_crashes?: boolean
  readonly intended_stdout?: string
  readonly save_stdout?: string
}

export type Runner = (args: readonly string[], options: RunOptions) => Promise<RunResult>

/** Plays a case against the store and the program; gives what differs, step by step, or nothing. */
export async function replayCase(recorded: CliCase, store: Datastore, endpoint: string, runner: Runner): Promise<string[]> {
  await reset(store, recorded.seed !== false)
  const folder = await mkdtemp(join(tmpdir(), 'calicoctl-case-'))
  const normalizer = new Normalizer(endpoint)
  const differences: string[] = []
  try {
    await writeFiles(folder, recorded.files ?? {}, store, endpoint)
    for (const [index, step] of recorded.steps.entries()) {
      if ('etcd_write' in step) {
        await etcdWrite(store, step.etcd_write)
        continue
      }
      const before = await snapshot(store)
      const fill = (text: string) => fillIn(text, before, endpoint)
      const env: Record<string, string | undefined> = {
        PATH: '/usr/bin:/bin',
        HOME: join(folder, 'home'),
        LANG: 'C.UTF-8',
        ETCD_ENDPOINTS: endpoint,
        DATASTORE_TYPE: 'etcdv3',
      }
      for (const [name, value] of Object.entries(step.env ?? {})) env[name] = value === null ? undefined : fill(value)
      const result = await runner(step.args.map(fill), { env, cwd: folder, stdin: fill(step.stdin ?? '') })
      if (step.save_stdout) await writeFile(join(folder, step.save_stdout), result.stdout)
      const after = await snapshot(store)
      const told = compareStep(step, result, changes(before, after, normalizer), normalizer)
      if (told.length > 0) differences.push(`step ${index + 1}: calicoctl ${step.args.join(' ')}\n${told.map((line) => `    ${line}`).join('\n')}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return differences
}

// --- internal ---

const SEED: Readonly<Record<string, string>> = {
  'clusterinformations/default': seedValue(
    'ClusterInformation',
    'default',
    1,
    '"spec":{"clusterGUID":"5eed5eed5eed5eed5eed5eed5eed5eed","datastoreReady":true}',
  ),
  'tiers/default': seedValue('Tier', 'default', 2, '"spec":{"order":1000000,"defaultAction":"Deny"},"status":{}'),
  'tiers/kube-admin': seedValue('Tier', 'kube-admin', 3, '"spec":{"order":1000,"defaultAction":"Pass"},"status":{}'),
  'tiers/kube-baseline': seedValue('Tier', 'kube-baseline', 4, '"spec":{"order":10000000,"defaultAction":"Pass"},"status":{}'),
}

function seedValue(kind: string, name: string, number: number, rest: string): string {
  const uid = `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`
  return `{"kind":"${kind}","apiVersion":"projectcalico.org/v3","metadata":{"name":"${name}","uid":"${uid}","creationTimestamp":"2026-01-01T00:00:00Z"},${rest}}`
}

export async function reset(store: Datastore, seeded: boolean): Promise<void> {
  await store.txn({ compare: [], then: [{ type: 'delete', range: prefixRange('/calico/') }] })
  if (!seeded) return
  await etcdWrite(store, { put: Object.fromEntries(Object.entries(SEED).map(([key, value]) => [RESOURCES + key, value])) })
}

export async function etcdWrite(store: Datastore, write: EtcdWrite['etcd_write']): Promise<void> {
  for (const [key, value] of Object.entries(write.put ?? {})) await store.txn({ compare: [], then: [{ type: 'put', key, value }] })
  for (const key of write.delete ?? []) await store.txn({ compare: [], then: [{ type: 'delete', range: { start: key } }] })
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>, store: Datastore, endpoint: string): Promise<void> {
  await mkdir(join(folder, 'home'))
  const state = await snapshot(store)
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    if (!path.endsWith('/.keep')) await writeFile(join(folder, path), fillIn(text, state, endpoint))
  }
}

interface Entry {
  readonly value: string
  readonly revision: number
}

async function snapshot(store: Datastore): Promise<Map<string, Entry>> {
  const { keyValues } = await store.range(prefixRange('/calico/'))
  return new Map(keyValues.map(({ key, value, modRevision }) => [key, { value, revision: modRevision }]))
}

/** `${rev:...}`, `${uid:...}` and `${etcd}` stand for what is in the store at that moment. */
function fillIn(text: string, state: Map<string, Entry>, endpoint: string): string {
  return text.replace(/\$\{(rev|uid):([^}]+)\}|\$\{etcd\}/g, (_, what: string | undefined, key: string) => {
    if (what === undefined) return endpoint
    const entry = state.get(key.startsWith('/') ? key : RESOURCES + key)
    if (what === 'rev') return String(entry?.revision ?? '')
    return (JSON.parse(entry?.value ?? '{}') as { metadata?: { uid?: string } }).metadata?.uid ?? ''
  })
}

interface Changes {
  readonly put: Record<string, string>
  readonly delete: string[]
}

function changes(before: Map<string, Entry>, after: Map<string, Entry>, normalizer: Normalizer): Changes {
  const put: Record<string, string> = {}
  for (const [key, { value }] of [...after].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!key.startsWith('/calico/calicoctl/') && before.get(key)?.value !== value) put[key] = normalizer.text(value)
  }
  return { put, delete: [...before.keys()].filter((key) => !after.has(key) && !key.startsWith('/calico/calicoctl/')).sort() }
}

function compareStep(step: Invocation, result: RunResult, etcd: Changes, normalizer: Normalizer): string[] {
  const told: string[] = []
  const stdout = normalizer.text(result.stdout)
  const stderr = normalizer.text(result.stderr)
  const everything = `${stdout}${stderr}`
  const show = (text: string) => JSON.stringify(text.length > 1500 ? `${text.slice(0, 1500)}...` : text)
  if (/\n {4}at /.test(everything)) told.push(`a stack trace is shown: ${show(everything)}`)
  if (step.peer_crashes) {
    if (result.code !== 0) told.push(`exit ${result.code}, wanted 0: ${show(stderr)}`)
    if (step.intended_stdout !== undefined && stdout !== step.intended_stdout)
      told.push(`stdout ${show(stdout)}`, `wanted ${show(step.intended_stdout)}`)
    return told
  }
  if (!isAlike(step, result.code)) told.push(`exit ${result.code}, wanted ${step.exit}: ${show(everything)}`)
  const stdoutCounts = !step.stdout_free && (step.exit === 0 || step.stdout_binding)
  if (stdoutCounts && stdout !== step.stdout) told.push(`stdout ${show(stdout)}`, `wanted ${show(step.stdout)}`)
  for (const text of step.stdout_contains ?? []) if (!stdout.includes(text)) told.push(`stdout lacks ${show(text)}: ${show(stdout)}`)
  for (const phrase of step.must_mention ?? []) {
    if (!everything.toLowerCase().includes(phrase.toLowerCase())) told.push(`does not mention ${show(phrase)}: ${show(everything)}`)
  }
  for (const key of new Set([...Object.keys(etcd.put), ...Object.keys(step.etcd.put)])) {
    if (etcd.put[key] !== step.etcd.put[key])
      told.push(`etcd ${key}`, `  is     ${etcd.put[key] ?? 'not changed'}`, `  wanted ${step.etcd.put[key] ?? 'unchanged'}`)
  }
  if (etcd.delete.join() !== [...step.etcd.delete].sort().join())
    told.push(`etcd deleted ${etcd.delete.join(' ')}`, `  wanted ${step.etcd.delete.join(' ')}`)
  return told
}

/** Whether an exit code is the peer's. It ends with 2 when it panics; ours says with 2 that `validate` could not read what it was to judge. */
function isAlike({ args, exit }: Invocation, code: number): boolean {
  if (args[0] === 'validate' && code === 2) return exit === 1
  return code === Math.min(exit, 1)
}

/** Puts placeholders where two runs differ, in the order the recorded data was made: values of the store, then stdout, then stderr. */
export class Normalizer {
  readonly #uids = new Map<string, string>()
  readonly #endpoint: string

  constructor(endpoint: string) {
    this.#endpoint = endpoint
  }

  text(text: string): string {
    return text
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, (uid) => {
        if (!this.#uids.has(uid)) this.#uids.set(uid, `<UID${this.#uids.size + 1}>`)
        return this.#uids.get(uid) ?? uid
      })
      .replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z/g, (time) => (Math.abs(Date.now() - Date.parse(time)) < 6 * 3600 * 1000 ? '<TIME>' : time))
      .replaceAll(/(resourceVersion"?: ?\\?"?)(\d+)/g, (all, before: string, digits: string) =>
        digits === '0' || digits === '1' ? all : `${before}<REV>`,
      )
      .replaceAll(/\b[0-9a-f]{32}\b/g, (guid) => (guid === '5eed5eed5eed5eed5eed5eed5eed5eed' ? guid : '<GUID>'))
      .replaceAll(/(Client Version: +)\S+/g, '$1<VERSION>')
      .replaceAll(/(Git commit: +)\S+/g, '$1<COMMIT>')
      .replaceAll(this.#endpoint, '<ETCD>')
  }
}
