import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { run } from '../context.ts'
import { type RecordedWorld, recordedWorlds } from '../policy/recorded.ts'

interface Answer {
  readonly egress: string
  readonly ingress: string
  readonly verdict: string
  readonly trace: unknown
  readonly source: Readonly<Record<string, { readonly source?: { readonly file: string } }>>
}

let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calicoctl-why-batch-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Asks the program about all probes of a world whose resources are manifests. */
async function check(world: RecordedWorld): Promise<void> {
  const manifest = `${world.name}.json`
  await writeFile(join(folder, manifest), JSON.stringify(world.resources))
  const questions = world.probes.map((probe) => ({ ...probe, egress: undefined, ingress: undefined, verdict: undefined, trace: undefined }))
  const stdin = questions.map((question) => `${JSON.stringify(question)}\n`).join('')
  const { code, stdout, stderr } = await run(['why', '--batch', '-', '-f', manifest], { cwd: folder, stdin })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' }, world.name)
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer)
  assert.equal(answers.length, questions.length)
  for (const [index, { source, ...answer }] of answers.entries()) {
    assert.deepEqual(answer, world.probes[index], `${world.name}: ${JSON.stringify(questions[index])}`)
    // What is built in is nowhere.
    for (const place of Object.values(source)) assert.equal(place.source?.file ?? manifest, manifest)
  }
}

describe('why --batch: worlds of one idea each, as recorded', () => {
  // What was written past the client is no manifest.
  for (const world of recordedWorlds('named').filter(({ stored }) => !stored)) test(world.idea ?? world.name, () => check(world))
})

test('why --batch: random worlds, as recorded', async () => {
  for (const world of recordedWorlds('worlds')) await check(world)
})
