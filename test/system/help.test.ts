import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { commandList } from '../../src/commands/list.ts'
import { runBuilt } from './built.ts'
import { inFolder, newcomer } from './folder.ts'
import { shell } from './shell.ts'

/** What help texts promise, tried: each example runs as it stands, and each flag is taken. */

describe('calicoctl --help', () => {
  it('shows examples first, then every command', async () => {
    const { code, stdout, stderr } = await runBuilt(['--help'])
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.ok(stdout.indexOf('Examples:') < stdout.indexOf('Usage:'))
    for (const { name, summary } of commandList) assert.match(stdout, new RegExp(`^  ${name} +${summary}$`, 'm'))
  })

  for (const args of [[], ['-h'], ['help']]) {
    it(`is what "${['calicoctl', ...args].join(' ')}" shows`, async () => {
      assert.equal((await runBuilt(args)).stdout, (await runBuilt(['--help'])).stdout)
    })
  }
})

for (const { name, group } of commandList) {
  // To a question, 1 is an answer.
  const answers = group === 'policy' ? [0, 1] : [0]

  describe(`calicoctl ${name} --help`, async () => {
    const { stdout: help } = await runBuilt([name, '--help'])
    let prepared: string

    before(async () => {
      prepared = await prepare()
    })
    after(() => rm(prepared, { recursive: true, force: true }))

    it('shows examples first, then the usage and the options', () => {
      const places = ['Examples:', 'Usage:', 'Options:'].map((heading) => help.indexOf(`\n${heading}`))
      assert.ok(places.every((place) => place > 0))
      assert.deepEqual(
        places,
        [...places].sort((a, b) => a - b),
      )
    })

    it('is what -h and "help" show too', async () => {
      assert.equal((await runBuilt([name, '-h'])).stdout, help)
      assert.equal((await runBuilt(['help', name])).stdout, help)
    })

    // What acts on the host itself is tried on a host of its own: test/agent.
    for (const example of name === 'node' ? [] : examplesOf(help)) {
      it(`an example: ${example}`, async () => {
        await inFolder(async (folder) => {
          await cp(prepared, folder, { recursive: true })
          const endless = / --(?:poll|watch)(?: |$)/.test(example)
          const { code, stdout, stderr } = await shell(endless ? untilItSpeaks(example) : example, {
            cwd: folder,
            env: { ...newcomer(folder), EDITOR: 'true' },
            args: ['-e', '-o', 'pipefail'],
          })
          assert.ok((endless ? [130] : answers).includes(code), `exit code ${code}\n${stderr}`)
          if (!endless) assert.equal(stderr, '')
          if (!/-o github| > /.test(example)) assert.notEqual(stdout, '')
        })
      })
    }

    it('every flag it lists is taken, in its long and its short form', async () => {
      const flags = flagsOf(help)
      assert.ok(flags.length >= 6)
      const given = (form: 'long' | 'short') =>
        flags.flatMap((flag) => {
          const word = flag[form]
          if (word === undefined || word === '--help' || word === '-h') return []
          return flag.value === undefined ? [word] : [word, VALUES[flag.value] ?? assert.fail(`no value is known for ${flag.value}`)]
        })
      for (const form of ['long', 'short'] as const) {
        const { stderr } = await runBuilt([name, ...given(form)], { env: newcomer(prepared), cwd: prepared })
        assert.doesNotMatch(stderr, /unknown option|argument missing|internal error/)
      }
    })

    it('a flag that it does not list is refused', async () => {
      const { code, stdout, stderr } = await runBuilt([name, '--no-such-flag'], { env: newcomer(prepared) })
      assert.deepEqual({ code, stdout }, { code: answers.length, stdout: '' })
      assert.equal(stderr, `unknown option '--no-such-flag'\nsee: calicoctl ${name} --help\n`)
    })
  })
}

// --- internal ---

interface Flag {
  readonly long: string
  readonly short?: string | undefined
  /** What the help calls its value. */
  readonly value?: string | undefined
}

/** A value for each placeholder of help texts. */
const VALUES: Readonly<Record<string, string>> = {
  file: 'profile.yaml',
  path: 'other.db',
  name: 'default',
  text: 'because',
  level: 'panic',
  when: 'never',
  format: 'json',
  version: 'v3',
  type: 'merge',
  json: '{}',
  duration: '1s',
  codes: 'shadowed-rule',
  code: 'shadowed-rule',
  node: 'host1',
  folder: 'run',
  method: 'first-found',
  number: '64513',
  backend: 'none',
  seconds: '10',
  scope: 'local',
  connection: 'tcp/80',
  dir: 'tests',
  address: '10.0.0.1',
  count: '1',
  'yes-no': 'true',
  mode: 'Enabled',
  cidr: '10.0.0.0/16',
}

/** What goes on for ever is interrupted, as a user would, once it has said something. */
function untilItSpeaks(command: string): string {
  return `exec 3< <(exec ${command}); head -n 1 <&3; kill -INT $!; wait $!`
}

function examplesOf(help: string): string[] {
  const [, block = ''] = /\nExamples:\n([\s\S]*?)\n\n/.exec(help) ?? []
  return block.split('\n').map((line) => line.trim().split(/ {3,}/)[0] ?? '')
}

function flagsOf(help: string): Flag[] {
  const [, block = ''] = /\nOptions:\n([\s\S]*?)(?:\n\n|$)/.exec(help) ?? []
  return [...block.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)(?: <([\w-]+)>)?/gm)].map(([, short, long = '', value]) => ({ long, short, value }))
}

const V3 = 'apiVersion: projectcalico.org/v3\n'
const policy = (name: string) =>
  `${V3}kind: GlobalNetworkPolicy\nmetadata:\n  name: ${name}\nspec:\n  order: 10\n  selector: app == '${name}'\n  ingress:\n  - action: Allow\n`
const profile = (name: string) => `${V3}kind: Profile\nmetadata:\n  name: ${name}\nspec: {}\n`

const endpoint = (name: string, address: string, id: string) =>
  `${V3}kind: WorkloadEndpoint\nmetadata:\n  namespace: libnetwork\n  labels:\n    app: web\n  annotations:\n    docker.projectcalico.org/container: ${name}\n` +
  `spec:\n  orchestrator: libnetwork\n  workload: libnetwork\n  node: host1\n  endpoint: ${id}\n  interfaceName: cali${id}\n` +
  `  ipNetworks:\n  - ${address}/32\n  profiles:\n  - net1\n`
/** Documents, each behind its separator. */
const ENDPOINTS = ['', profile('net1'), endpoint('workload-A', '10.0.0.1', 'a1'), endpoint('workload-B', '10.0.0.2', 'b2')].join('---\n')

const POLICY_TEST = 'apiVersion: calicoctl.projectcalico.org/v1\nkind: PolicyTest\nallow:\n- from: 192.0.2.0/24\n  to: workload-A\n'

/** A folder with the files that examples name, and a datastore with the resources that they ask for. */
async function prepare(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'calicoctl-help-'))
  for (const name of ['policies/more', 'old', 'new', 'main', 'branch', 'tests']) await mkdir(join(folder, name), { recursive: true })
  const files = {
    'profile.yaml': profile('net2'),
    'policy.yaml': policy('web'),
    'web.yaml': policy('web'),
    'policies/web.yaml': policy('web'),
    'policies/more/db.yaml': policy('db'),
    'policies/endpoints.yaml': ENDPOINTS,
    'tests/web.yaml': POLICY_TEST,
    'old/web.yaml': policy('web'),
    'new/web.yaml': policy('db') + ENDPOINTS,
    'main/web.yaml': policy('web'),
    'branch/web.yaml': policy('db') + ENDPOINTS,
    'probes.jsonl': '{"from": "workload-A", "to": "workload-B", "protocol": "tcp", "dstPort": 80}\n',
    'new.yaml': profile('net1'),
    'old.yaml': 'apiVersion: v1\nkind: profile\nmetadata:\n  name: net1\n',
    'stored.yaml': [
      policy('web'),
      policy('db'),
      ENDPOINTS.slice(4),
      endpoint('web', '10.0.0.3', 'c3').replace('namespace: libnetwork', 'namespace: prod'),
      `${V3}kind: Node\nmetadata:\n  name: host1\n  labels:\n    rack: r1\n`,
      `${V3}kind: IPPool\nmetadata:\n  name: pool1\nspec:\n  cidr: 10.0.0.0/16\n`,
      `${V3}kind: NetworkPolicy\nmetadata:\n  name: web\n  namespace: shop\nspec: {}\n`,
      `${V3}kind: NetworkPolicy\nmetadata:\n  name: web\n  namespace: prod\nspec: {}\n`,
    ].join('---\n'),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const { code, stderr } = await runBuilt(['apply', '-f', 'stored.yaml'], { cwd: folder, env: newcomer(folder) })
  assert.equal(code, 0, stderr)
  return folder
}
