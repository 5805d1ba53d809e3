import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { run } from '../context.ts'

const V3 = 'apiVersion: projectcalico.org/v3\n'
const ENDPOINT = `${V3}kind: WorkloadEndpoint
metadata:
  namespace: default
  labels: {role: frontend}
spec: {orchestrator: o, workload: w, node: host1, endpoint: eth0, interfaceName: cali1, ipNetworks: [10.0.0.1/32], profiles: [net1]}
---
${V3}kind: Profile
metadata: {name: net1}
spec: {egress: [{action: Allow}]}
`
const SHADOWED = `${V3}kind: GlobalNetworkPolicy
metadata:
  name: web
spec:
  selector: role == 'frontned'
  ingress:
  - action: Deny
  - action: Allow
    protocol: TCP
    source:
      selector: role == 'frontend'
`

describe('calicoctl lint', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-lint-'))
    await Promise.all([
      writeFile(join(folder, 'endpoint.yaml'), ENDPOINT),
      writeFile(join(folder, 'web.yaml'), SHADOWED),
      writeFile(join(folder, 'bad.yaml'), SHADOWED.replace('ingress', 'ingres')),
      writeFile(
        join(folder, 'note.yaml'),
        `${V3}kind: GlobalNetworkPolicy\nmetadata: {name: quiet}\nspec: {selector: has(role), types: [Egress], egress: [{action: Deny}]}\n`,
      ),
    ])
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const lint = (...args: string[]) => run(['lint', ...args], { cwd: folder })

  it('shows findings in the source on stdout, and ends with 1', async () => {
    const { code, stdout, stderr } = await lint('-f', 'web.yaml', '-f', 'endpoint.yaml', '--select', 'shadowed-rule,label-typo')
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
    assert.equal(
      stdout,
      `warning[label-typo]: nothing has "frontned" as role, which GlobalNetworkPolicy(web) asks for; something has "frontend"
   ┌─ web.yaml:6:22
   │
 4 │   name: web
 5 │ spec:
 6 │   selector: role == 'frontned'
   │                      ^^^^^^^^
   = at: GlobalNetworkPolicy(web) spec.selector
   = help: did you mean "frontend"?

warning[shadowed-rule]: spec.ingress[1] of GlobalNetworkPolicy(web) is never reached: earlier rules take all that it matches
   ┌─ web.yaml:9:5
   │
 7 │   ingress:
 8 │   - action: Deny
 9 │   - action: Allow
   │     ^^^^^^
   = at: GlobalNetworkPolicy(web) spec.ingress[1]
   = help: move it before these, or remove it:
           spec.ingress[0] of GlobalNetworkPolicy(web), web.yaml:8:5: deny
           it is so whatever endpoints there are

2 warnings in 1 of 2 files; "calicoctl lint --explain label-typo" says more
`,
    )
  })

  it('says so when there is nothing to say, and ends with 0', async () => {
    assert.deepEqual(await lint('-f', 'endpoint.yaml'), { code: 0, stdout: 'no problems\n', stderr: '' })
  })

  it('ends with 0 when there are notes only', async () => {
    const { code, stdout } = await lint('-f', 'note.yaml', '-f', 'endpoint.yaml', '-o', 'concise')
    assert.equal(code, 0)
    assert.match(stdout, /^note\.yaml:4:\d+: info: .* \[redundant-rule\]/)
  })

  it('ends with 2 when manifests cannot be read, and tells why in the form that is asked for', async () => {
    const { code, stdout, stderr } = await lint('-f', 'bad.yaml', '-o', 'json')
    assert.deepEqual({ code, stderr }, { code: 2, stderr: '' })
    assert.deepEqual(
      (JSON.parse(stdout) as { problems: { code: string }[] }).problems.map((problem) => problem.code),
      ['unknown-field'],
    )
  })

  it('mends a typo mechanically: the fix and its place are in JSON and SARIF', async () => {
    const { stdout } = await lint('-f', 'web.yaml', '-f', 'endpoint.yaml', '--select', 'label-typo', '-o', 'json')
    const [problem] = (JSON.parse(stdout) as { problems: { fix: unknown }[] }).problems
    assert.deepEqual(problem?.fix, { range: { start: { line: 6, column: 22 }, end: { line: 6, column: 30 } }, text: 'frontend' })
    const sarif = await lint('-f', 'web.yaml', '-f', 'endpoint.yaml', '--select', 'label-typo', '-o', 'sarif')
    assert.match(sarif.stdout, /"insertedContent": \{\s+"text": "frontend"/)
  })

  it('looks at the datastore, or at manifests laid over it', async () => {
    const store = openMemory()
    const options = { cwd: folder, store }
    assert.equal((await run(['apply', '-f', 'endpoint.yaml'], options)).code, 0)
    assert.deepEqual(await run(['lint'], options), { code: 0, stdout: 'no problems\n', stderr: '' })
    const overlay = await run(['lint', '-f', 'web.yaml', '--overlay', '--select', 'never-selected', '-o', 'concise'], options)
    assert.equal(overlay.code, 1)
    assert.match(overlay.stdout, /^web\.yaml:6:13: warning: .* \[never-selected\]/)
    assert.equal((await run(['apply', '-f', 'web.yaml'], options)).code, 0)
    const stored = await run(['lint', '--select', 'shadowed-rule'], options)
    assert.equal(stored.code, 1)
    assert.match(stored.stdout, /in the datastore: \/calico\/resources\/v3\/\S+web \(revision \d+\)/)
  })

  it('explains a code, lists all, and knows what was meant by a mistyped one', async () => {
    const one = await lint('--explain', 'shadowed-rule')
    assert.match(one.stdout, /^shadowed-rule \(warning\): .*\n\n[\s\S]+\n\nFound:\n\n {2}ingress:[\s\S]+\n\nBetter:\n[\s\S]+\n\nTo mend it: /)
    const all = await lint('--explain')
    assert.match(all.stdout, /^CODE +SEVERITY +FINDS *\nshadowed-rule +warning +a rule/)
    for (const args of [
      ['--explain', 'shadowed'],
      ['--select', 'shadowd-rule'],
      ['--ignore', 'nonsense'],
    ]) {
      const { stdout, stderr } = await lint(...args)
      assert.equal(stdout, '')
      assert.match(stderr, /^lint knows no code ".*"\n(did you mean "shadowed-rule"\?|calicoctl lint --explain lists all)\n$/)
    }
  })
})
