import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Datastore } from '../../src/store/datastore.ts'
import { openMemory } from '../../src/store/drivers/memory.ts'
import { kinds } from '../../src/model/registry.ts'
import { compareTexts } from '../../src/policy/reach/traits.ts'
import { run } from '../context.ts'

let folder: string
let number = 0

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calicoctl-diff-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Writes manifests into a folder of their own: `old.yaml`, `new.yaml`. */
async function manifests(texts: Readonly<Record<string, string>>): Promise<string> {
  const cwd = join(folder, String(number++))
  await mkdir(cwd)
  for (const [name, text] of Object.entries(texts)) await writeFile(join(cwd, `${name}.yaml`), text)
  return cwd
}

function endpoint(name: string, address: string, rest = ''): string {
  return `---
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {namespace: prod, labels: {app: ${name.replace(/-\d+$/, '')}}}
spec: {orchestrator: plain, workload: ${name}, node: node1, endpoint: eth0, interfaceName: cali${name}, ipNetworks: [${address}/32], profiles: [open]${rest}}
`
}

const OPEN = `---
apiVersion: projectcalico.org/v3
kind: Profile
metadata: {name: open}
spec: {ingress: [{action: Allow}], egress: [{action: Allow}]}
`

const HERE = [OPEN, endpoint('web-1', '10.0.0.1'), endpoint('web-2', '10.0.0.2'), endpoint('db-1', '10.0.0.9')].join('')

function policy(rules: string, selector = "app == 'db'"): string {
  return `---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata:
  name: guard
spec:
  selector: ${selector}
  ingress:
${rules}`
}

const FROM_WEB = `  - action: Allow
    protocol: TCP
    source: {selector: "app == 'web'"}
    destination: {ports: [5432]}
`

interface Answer {
  readonly fields?: readonly {
    readonly change: string
    readonly kind: string
    readonly name: string
    readonly fields?: readonly { readonly path: string }[]
  }[]
  readonly reach?: {
    readonly rows: readonly {
      readonly change: string
      readonly from: { readonly name: string; readonly presence: string; readonly endpoints: readonly string[] }
      readonly to: { readonly name: string }
      readonly words: string
      readonly witness: { readonly packet: unknown; readonly decisions: readonly unknown[] }
    }[]
    readonly appeared: readonly string[]
    readonly unknown: readonly { readonly code: string }[]
  }
}

async function ask(
  args: readonly string[],
  cwd: string,
  store?: Datastore,
): Promise<{ readonly code: number; readonly answer: Answer; readonly stderr: string }> {
  const { code, stdout, stderr } = await run(['diff', ...args, '-o', 'json'], { cwd, ...(store ? { store } : {}) })
  return { code, answer: JSON.parse(stdout) as Answer, stderr }
}

const rowsOf = ({ reach }: Answer) => (reach?.rows ?? []).map(({ change, from, to, words }) => `${change} ${from.name} -> ${to.name}: ${words}`)

describe('what becomes reachable or unreachable', () => {
  const cases: readonly [string, string, string, readonly string[]][] = [
    ['nothing, when only the order of the manifests changes', HERE + policy(FROM_WEB), policy(FROM_WEB) + HERE, []],
    [
      'nothing, when a rule is written in two',
      HERE + policy(FROM_WEB.replace('5432', '1, 2')),
      HERE + policy(FROM_WEB.replace('5432', '1') + FROM_WEB.replace('5432', '2')),
      [],
    ],
    [
      'a policy comes: what it does not let through is lost, from outside too',
      HERE,
      HERE + policy(FROM_WEB),
      ['lost app=web (2 endpoints) -> db-1: all but tcp 5432', 'lost outside -> db-1: all'],
    ],
    [
      'a port is added',
      HERE + policy(FROM_WEB),
      HERE + policy(FROM_WEB.replace('5432', '5432, 6432')),
      ['gained app=web (2 endpoints) -> db-1: tcp 6432'],
    ],
    [
      'another port instead: both are told',
      HERE + policy(FROM_WEB),
      HERE + policy(FROM_WEB.replace('5432', '6432')),
      ['lost app=web (2 endpoints) -> db-1: tcp 5432', 'gained app=web (2 endpoints) -> db-1: tcp 6432'],
    ],
    [
      'a network instead of a selector',
      HERE + policy(FROM_WEB),
      HERE + policy(FROM_WEB.replace(`selector: "app == 'web'"`, 'nets: [192.0.2.0/24]')),
      ['lost app=web (2 endpoints) -> db-1: tcp 5432', 'gained addresses in 192.0.2.0/24 -> db-1: tcp 5432'],
    ],
    [
      'an endpoint gets another address: nothing, where no rule asks for it',
      HERE + policy(FROM_WEB),
      HERE.replace('10.0.0.2/32', '10.0.7.7/32') + policy(FROM_WEB),
      [],
    ],
    [
      'an endpoint gets an address that a rule asks for',
      HERE + policy(FROM_WEB.replace(`selector: "app == 'web'"`, 'nets: [10.0.0.2/32]')),
      HERE.replace('10.0.0.2/32', '10.0.7.7/32') + policy(FROM_WEB.replace(`selector: "app == 'web'"`, 'nets: [10.0.0.2/32]')),
      ['lost web-2 -> db-1: tcp 5432'],
    ],
    [
      'an endpoint is new: all that reaches it, and all that it reaches',
      HERE + policy(FROM_WEB),
      HERE + endpoint('web-3', '10.0.0.3') + policy(FROM_WEB),
      [
        'gained db-1, web-1, web-2 -> web-3 (new): all',
        'gained outside -> web-3 (new): all',
        'gained web-3 (new) -> web-1, web-2 and outside: all',
        'gained web-3 (new) -> db-1: tcp 5432',
      ],
    ],
  ]
  for (const [title, old, now, expected] of cases) {
    test(title, async () => {
      const { code, answer } = await ask(['old.yaml', 'new.yaml', '--reach'], await manifests({ old, new: now }))
      assert.deepEqual(rowsOf(answer).sort(compareTexts), [...expected].sort(compareTexts))
      assert.equal(code, expected.length === 0 ? 0 : 1)
    })
  }

  test('what hangs on a service cannot be told, and is told so', async () => {
    const service = `  - {action: Allow, protocol: TCP, source: {selector: "app == 'web'"}, http: {methods: [GET]}}\n`
    const { code, answer, stderr } = await ask(
      ['old.yaml', 'new.yaml', '--reach'],
      await manifests({ old: HERE + policy(FROM_WEB), new: HERE + policy(service) }),
    )
    assert.equal(code, 2)
    assert.deepEqual(rowsOf(answer), ['unclear app=web (2 endpoints) -> db-1: tcp 5432', 'unclear app=web (2 endpoints) -> db-1: tcp but 5432'])
    assert.match(stderr, /hang on rules that look at more than a packet shows/)
  })
})

test('for people: the packet that shows it, and the deciding rule before and after with its place', async () => {
  const cwd = await manifests({ old: HERE + policy(FROM_WEB), new: HERE + policy(FROM_WEB.replace('5432', '6432')) })
  const { code, stdout, stderr } = await run(['diff', 'old.yaml', 'new.yaml'], { cwd })
  assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
  assert.equal(
    stdout,
    `~ GlobalNetworkPolicy(guard)  new.yaml:25:9
    spec.ingress[0].destination.ports
      - [5432]  old.yaml:32:19
      + [6432]  new.yaml:32:19

- lost  app=web (2 endpoints) -> db-1: tcp 5432
    for example web-1 (10.0.0.1 on node1) to db-1 (10.0.0.9 on node1), tcp from port 49152 to port 5432
    ingress of db-1
      before: allowed by rule 1 of GlobalNetworkPolicy guard (old.yaml:29:5)
      after:  denied: GlobalNetworkPolicy guard acts there, and no rule of tier default matches (new.yaml:25:9)
+ gained  app=web (2 endpoints) -> db-1: tcp 6432
    for example web-1 (10.0.0.1 on node1) to db-1 (10.0.0.9 on node1), tcp from port 49152 to port 6432
    ingress of db-1
      before: denied: GlobalNetworkPolicy guard acts there, and no rule of tier default matches (old.yaml:25:9)
      after:  allowed by rule 1 of GlobalNetworkPolicy guard (new.yaml:29:5)

1 resource changed; reachability: 1 lost, 1 gained
`,
  )
})

test('for pull requests: a table, the rest folded; texts of resources are no Markdown', async () => {
  const old = HERE + policy(FROM_WEB)
  const now = `${HERE + policy(FROM_WEB.replace('5432', '6432'))}---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkSet
metadata: {name: s, annotations: {note: "</details><script>|\`x\`"}}
spec: {nets: [192.0.2.0/24]}
`
  const { stdout } = await run(['diff', 'old.yaml', 'new.yaml', '-o', 'md'], {
    cwd: await manifests({ old: old + now.slice(now.lastIndexOf('---')).replace('script', 'b'), new: now }),
  })
  assert.match(stdout, /^### Policy difference\n/)
  assert.match(stdout, /\| 1 \| lost \| app=web \(2 endpoints\) \| db-1 \| tcp 5432 \|/)
  assert.equal(stdout.match(/<details>/g)?.length, 2)
  assert.equal(stdout.match(/<\/details>/g)?.length, 2)
  assert.doesNotMatch(stdout, /[^\\](?:<script|`x)/)
})

describe('against the datastore', () => {
  test('what was applied is no difference: every kind, and manifests without defaults', async () => {
    const store = openMemory()
    let tried = 0
    for (const kind of kinds.filter(({ readOnly }) => !readOnly)) {
      const cwd = await manifests({ example: kind.body.example })
      const applied = await run(['apply', '-f', 'example.yaml'], { cwd, store })
      // Some examples need other resources.
      if (applied.code !== 0) continue
      tried++
      const { code, stdout } = await run(['diff', '-f', 'example.yaml', '--fields'], { cwd, store })
      assert.deepEqual({ code, stdout }, { code: 0, stdout: 'no resource differs\n' }, kind.kind)
    }
    assert.ok(tried > 15, `${tried} kinds`)
  })

  test('fields of any kind, new resources; what only the datastore has stays', async () => {
    const store = openMemory()
    const cwd = await manifests({
      stored: `${HERE}---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: p}\nspec: {peerIP: 192.0.2.1, asNumber: 64512}\n`,
      wanted: `${policy(FROM_WEB)}---\napiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: p}\nspec: {peerIP: 192.0.2.1, asNumber: 64513}\n`,
    })
    assert.equal((await run(['apply', '-f', 'stored.yaml'], { cwd, store })).code, 0)
    const { code, answer } = await ask(['-f', 'wanted.yaml'], cwd, store)
    assert.equal(code, 1)
    assert.deepEqual(
      answer.fields?.map(({ change, kind, name, fields = [] }) => `${change} ${kind} ${name} ${fields.map(({ path }) => path).join()}`),
      ['added GlobalNetworkPolicy guard ', 'changed BGPPeer p spec.asNumber'],
    )
    assert.deepEqual(rowsOf(answer), ['lost app=web (2 endpoints) -> db-1: all but tcp 5432', 'lost outside -> db-1: all'])
  })

  test('a resource that cannot be read there would be replaced, and makes the rest doubtful only where it stays', async () => {
    const store = openMemory()
    const cwd = await manifests({ here: HERE, wanted: policy(FROM_WEB) })
    assert.equal((await run(['apply', '-f', 'here.yaml'], { cwd, store })).code, 0)
    const key = '/calico/resources/v3/projectcalico.org/globalnetworkpolicies/guard'
    await store.txn({ compare: [], then: [{ type: 'put', key, value: '{"kind":' }] })
    const { code, stdout, stderr } = await run(['diff', '-f', 'wanted.yaml'], { cwd, store })
    assert.equal(code, 2)
    assert.match(stdout, /~ GlobalNetworkPolicy\(guard\).*what is stored cannot be read, and would be replaced/)
    assert.match(stderr, /GlobalNetworkPolicy\(guard\) cannot be understood/)
  })
})

describe('what cannot be asked', () => {
  const cases: readonly [string, readonly string[], RegExp][] = [
    ['nothing named', [], /which manifests\?/],
    ['one set alone', ['old.yaml'], /compared with others, or with the datastore\nas in: calicoctl diff -f old.yaml/],
    ['both ways at once', ['old.yaml', 'old.yaml', '-f', 'old.yaml'], /either -f/],
    ['a file that is not there', ['old.yaml', 'missing.yaml'], /missing\.yaml/],
    ['a manifest with a fault', ['old.yaml', 'bad.yaml'], /bad\.yaml:5/],
  ]
  for (const [title, args, message] of cases) {
    test(`${title}: exit code 2`, async () => {
      const bad = 'apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata: {name: p}\nspec:\n  ingres: []\n'
      const { code, stdout, stderr } = await run(['diff', ...args], { cwd: await manifests({ old: HERE, bad }) })
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.match(stderr, message)
    })
  }
})

test('policies without endpoints: the fields differ; what becomes reachable cannot be told, if that is the question', async () => {
  const cwd = await manifests({ old: policy(FROM_WEB), new: policy(FROM_WEB.replace('5432', '1')) })
  assert.equal((await ask(['old.yaml', 'new.yaml'], cwd)).code, 1)
  const { code, stderr } = await ask(['old.yaml', 'new.yaml', '--reach'], cwd)
  assert.equal(code, 2)
  assert.match(stderr, /there is no endpoint on either side/)
  assert.equal((await ask(['old.yaml', 'old.yaml', '--reach'], cwd)).code, 0)
})
