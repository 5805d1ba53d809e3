import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { RunResult } from '../context.ts'
import { runBuilt } from './built.ts'
import { newcomer } from './folder.ts'

/**
 * Bad input, one mistake each: one error that says where it stands, quotes it and helps; the exit code says so; nothing is printed as a result, nothing is
 * stored, and nobody sees the program's insides.
 */

interface Manifest {
  readonly name: string
  readonly text: string | Uint8Array
  /** Line and column, both from 1. */
  readonly at: string
  readonly says: RegExp
  /** Part of the offending line as it is shown. */
  readonly shows: string
  readonly help: RegExp
}

const V3 = 'apiVersion: projectcalico.org/v3\n'
const head = (kind: string, name: string) => `${V3}kind: ${kind}\nmetadata:\n  name: ${name}\n`
const profile = (spec: string) => `${head('Profile', 'web')}spec:\n${spec}`
const rule = (lines: string) => profile(`  ingress:\n  - action: Allow\n${lines}`)

const manifests: readonly Manifest[] = [
  {
    name: 'a kind with a slip',
    text: head('Profil', 'web'),
    at: '2:7',
    says: /unknown resource type/,
    shows: 'kind: Profil',
    help: /kind: Profile"\?/,
  },
  {
    name: 'an API version of the future',
    text: head('Profile', 'web').replace('v3', 'v4'),
    at: '1:13',
    says: /unknown resource type/,
    shows: 'projectcalico.org/v4',
    help: /projectcalico\.org\/v3/,
  },
  { name: 'no API version', text: 'kind: Profile\n', at: '1:1', says: /unknown resource type/, shows: 'kind: Profile', help: /apiVersion/ },
  { name: 'no kind', text: `${V3}metadata: {}\n`, at: '1:1', says: /unknown resource type/, shows: 'apiVersion', help: /"kind" is missing/ },
  { name: 'no name', text: `${V3}kind: Profile\n`, at: '1:1', says: /needs a name/, shows: 'apiVersion', help: /add "name"/ },
  { name: 'a name with capitals', text: head('Profile', 'Web_1'), at: '4:9', says: /"Web_1" must consist of/, shows: 'Web_1', help: /"web-1"\?/ },
  {
    name: 'a field with a slip',
    text: profile('  ingres: []\n'),
    at: '6:3',
    says: /unknown field "ingres"/,
    shows: 'ingres: []',
    help: /"ingress"\?/,
  },
  { name: 'text for a list', text: profile('  ingress: Allow\n'), at: '6:12', says: /expected a list/, shows: 'ingress: Allow', help: /"- "/ },
  {
    name: 'an action with a slip',
    text: profile('  egress: [{action: Alow}]\n'),
    at: '6:21',
    says: /"Alow" is not one of/,
    shows: 'action: Alow',
    help: /"Allow"\?/,
  },
  { name: 'an unknown protocol', text: rule('    protocol: TPC\n'), at: '8:15', says: /"TPC" is not a protocol/, shows: 'TPC', help: /"TCP"\?/ },
  {
    name: 'a network that is none',
    text: rule('    source:\n      nets: [10.0.0.0/8, 10.0.0.300/8]\n'),
    at: '9:26',
    says: /"10\.0\.0\.300\/8" is not a network/,
    shows: '10.0.0.300/8',
    help: /prefix length/,
  },
  {
    name: 'a selector with a single equals sign',
    text: rule(`    source:\n      selector: role = 'web'\n`),
    at: '9:17',
    says: /is not a selector/,
    shows: `role = 'web'`,
    help: /"=="/,
  },
  {
    name: 'a port without protocol',
    text: rule('    destination:\n      ports: [80]\n'),
    at: '9:7',
    says: /must set protocol/,
    shows: 'ports: [80]',
    help: /protocol: TCP/,
  },
  {
    name: 'a port range that runs backwards',
    text: rule('    protocol: TCP\n    destination:\n      ports: ["90:80"]\n'),
    at: '10:15',
    says: /"90:80" runs backwards/,
    shows: '"90:80"',
    help: /1000:2000/,
  },
  {
    name: 'a label key with a blank',
    text: profile('  labelsToApply:\n    a b: c\n'),
    at: '7:5',
    says: /"a b" is not a key/,
    shows: 'a b: c',
    help: /letters/,
  },
  {
    name: 'a pool with host bits',
    text: `${head('IPPool', 'p')}spec:\n  cidr: 10.0.0.1/16\n`,
    at: '6:9',
    says: /not strictly masked/,
    shows: '10.0.0.1/16',
    help: /10\.0\.0\.0\/16/,
  },
  {
    name: 'a field twice',
    text: profile('  egress: []\n  egress: []\n'),
    at: '7:3',
    says: /stands here twice/,
    shows: 'egress: []',
    help: /keep one/,
  },
  { name: 'a tab', text: profile('  ingress:\n\t- action: Allow\n'), at: '7:1', says: /a tab/, shows: '- action', help: /spaces/ },
  { name: 'an open bracket', text: profile('  ingress: [{a: b}\n'), at: '6:18', says: /no end/, shows: '[{a: b}', help: /\]/ },
  {
    name: 'a selector read as a tag',
    text: rule('    source:\n      selector: !has(a)\n'),
    at: '9:17',
    says: /tag !has/,
    shows: '!has(a)',
    help: /'!has\(a\)'/,
  },
  { name: 'yes for a text', text: profile('  labelsToApply:\n    a: yes\n'), at: '7:8', says: /read differently/, shows: 'a: yes', help: /"yes"/ },
  { name: 'an alias of nothing', text: profile('  ingress: *rules\n'), at: '6:12', says: /no anchor/, shows: '*rules', help: /quote/ },
  {
    name: 'bytes that are no text',
    text: new Uint8Array([...new TextEncoder().encode(`${V3}kind: `), 0xff]),
    at: '2:7',
    says: /no UTF-8/,
    shows: 'kind: ',
    help: /UTF-8/,
  },
  { name: 'no mapping', text: 'hello\n', at: '1:1', says: /expected a resource/, shows: 'hello', help: /apiVersion/ },
  {
    name: 'copies of copies of copies',
    text: `a: &a [${'x,'.repeat(40)}]\nb: &b [${'*a,'.repeat(40)}]\nc: &c [${'*b,'.repeat(40)}]\n`,
    at: '3:20',
    says: /too many copies/,
    shows: '*b',
    help: /split/,
  },
  { name: 'brackets without end', text: '['.repeat(100_000), at: '1:500', says: /too deep/, shows: '[[', help: /500 levels/ },
  {
    name: 'a good document before a bad one',
    text: `${head('Profile', 'good')}---\n${head('Profil', 'bad')}`,
    at: '7:7',
    says: /unknown resource type/,
    shows: 'Profil',
    help: /Profile/,
  },
  {
    name: 'a field of v1 with a slip',
    text: 'apiVersion: v1\nkind: profile\nmetadata:\n  name: web\n  tag: [a]\n',
    at: '5:3',
    says: /unknown field "tag"/,
    shows: 'tag: [a]',
    help: /"tags"\?/,
  },
]

interface Request {
  readonly args: readonly string[]
  readonly says: RegExp
  readonly help: RegExp
  readonly code?: number
}

/** Words of the command line; `web.yaml` holds profile web, which is not stored, `net1.yaml` net1, which is. */
const requests: readonly Request[] = [
  { args: ['aply', '-f', 'web.yaml'], says: /unknown command "aply"/, help: /did you mean "apply"\?/ },
  { args: ['apply'], says: /which manifests\?/, help: /-f profile\.yaml/ },
  { args: ['apply', '-f'], says: /-f/, help: /--help/ },
  { args: ['apply', 'web.yaml'], says: /./, help: /--help|-f/ },
  { args: ['apply', '-f', 'nosuch.yaml'], says: /nosuch\.yaml: no such file or directory/, help: /nothing was applied/ },
  { args: ['validate', '-f', 'nosuch.yaml'], says: /nosuch\.yaml: no such file or directory/, help: /failed to validate/, code: 2 },
  { args: ['apply', '-f', 'empty'], says: /empty/, help: /./ },
  { args: ['apply', '-f', '-'], says: /no resources specified/, help: /--skip-empty/ },
  { args: ['get'], says: /what is to be shown\?/, help: /get profiles/ },
  { args: ['get', 'profils'], says: /'profils' is not supported/, help: /did you mean "profile"\?/ },
  { args: ['get', 'profile', 'web'], says: /resource does not exist: Profile\(web\)/, help: /./ },
  { args: ['get', 'profiles', '-n', 'shop'], says: /Profile is not namespaced/, help: /leave out/ },
  { args: ['get', 'profiles', '-o', 'yml2'], says: /unrecognized output format 'yml2'/, help: /known formats/ },
  { args: ['get', 'profiles', '-o', 'custom-columns=NAM'], says: /unknown heading NAM/, help: /NAME/ },
  { args: ['get', 'profiles', '-o', 'jsonpath={.items[}'], says: /jsonpath:1:9/, help: /./ },
  { args: ['get', 'profiles', '-o', 'go-template={{range}}'], says: /template:1/, help: /./ },
  { args: ['create', '-f', 'net1.yaml'], says: /resource already exists: Profile\(net1\)/, help: /net1\.yaml:4:9/ },
  { args: ['apply', '-f', 'tier.yaml'], says: /resource does not exist: Tier\(ops\)/, help: /create the tier first/ },
  { args: ['replace', '-f', 'web.yaml'], says: /resource does not exist: Profile\(web\)/, help: /web\.yaml:4:9/ },
  { args: ['delete', 'profile', 'web'], says: /resource does not exist: Profile\(web\)/, help: /./ },
  { args: ['delete', 'profile'], says: /./, help: /./ },
  { args: ['apply', '-f', 'stale.yaml'], says: /update conflict: Profile\(net1\)/, help: /get it again/ },
  { args: ['apply', '--atomic', '-f', 'web.yaml', '-f', 'stale.yaml'], says: /update conflict: Profile\(net1\)/, help: /get it again/ },
  { args: ['patch', 'profile', 'net1'], says: /a patch is needed/, help: /--patch/ },
  { args: ['patch', 'profile', 'net1', '-p', '{'], says: /not valid JSON/, help: /quotes/ },
  { args: ['patch', 'profile', 'net1', '-p', '{"spec":{"x":1}}'], says: /unknown field "x"/, help: /spec\.x/ },
  { args: ['patch', 'profile', 'net1', '-p', '{"metadata":{"name":"net2"}}'], says: /cannot be changed/, help: /metadata\.name/ },
  { args: ['patch', 'profile', 'web', '-p', '{}'], says: /does not exist: Profile\(web\)/, help: /./ },
  { args: ['label', 'profile', 'net1', 'a'], says: /invalid label a/, help: /key=value/ },
  { args: ['label', 'profile', 'net1', 'a', '--remove'], says: /key a does not exist/, help: /./ },
  { args: ['label', 'profile', 'web', 'a=b'], says: /profile web not found/, help: /./ },
  { args: ['label', 'profile', 'net1', 'a=b c'], says: /"b c"/, help: /metadata\.labels\.a/ },
  { args: ['--log-level', 'loud', 'get', 'profiles'], says: /unknown log level: loud/, help: /panic, fatal/ },
  { args: ['get', 'profiles', '--color', 'blue'], says: /blue/, help: /auto, always, never/ },
  { args: ['version', '--poll', 'often'], says: /invalid poll duration specified: often/, help: /5s/ },
  { args: ['--config', 'nosuch.cfg', 'get', 'profiles'], says: /nosuch\.cfg/, help: /there is no such file/ },
  { args: ['--config', 'web.yaml', 'get', 'profiles'], says: /expected kind 'CalicoAPIConfig'/, help: /./ },
  { args: ['--datastore', 'web.yaml', 'get', 'profiles'], says: /web\.yaml is not a datastore/, help: /name another file/ },
]

describe('bad input', () => {
  let folder: string
  let stored: string
  const calicoctl = (...args: string[]) => runBuilt(args, { cwd: folder, env: newcomer(folder) })
  const everything = async () => (await calicoctl('get', 'profiles', '-o', 'json')).stdout + (await calicoctl('get', 'gnp', '-o', 'json')).stdout
  /** Refused, without a result, and with the program's insides to itself. */
  const assertRefused = ({ code, stdout, stderr }: RunResult, expected: number) => {
    assert.equal(code, expected, stderr)
    assert.equal(stdout, '')
    assert.doesNotMatch(stderr, /internal error|\.cjs|node:|\n\s+at /)
    assert.doesNotMatch(stderr, /\u001b/)
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-refusals-'))
    await mkdir(join(folder, 'empty'))
    await writeFile(join(folder, 'web.yaml'), head('Profile', 'web'))
    await writeFile(join(folder, 'net1.yaml'), head('Profile', 'net1'))
    await writeFile(join(folder, 'stale.yaml'), `${head('Profile', 'net1')}  resourceVersion: "1"\n`)
    await writeFile(join(folder, 'tier.yaml'), `${head('GlobalNetworkPolicy', 'ops.web')}spec:\n  tier: ops\n`)
    assert.equal((await calicoctl('apply', '-f', 'net1.yaml')).code, 0)
    stored = await everything()
    assert.match(stored, /"name": "net1"/)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  for (const [index, { name, text, at, says, shows, help }] of manifests.entries()) {
    it(`in a manifest: ${name}`, async () => {
      const file = `bad-${index}.yaml`
      await writeFile(join(folder, file), text)
      const result = await calicoctl('apply', '-f', file)
      assertRefused(result, 1)
      const { stderr } = result
      assert.equal(stderr.match(/^error\[/gm)?.length, 1, stderr)
      assert.match(stderr.split('\n')[0] ?? '', says)
      assert.ok(stderr.includes(`┌─ ${file}:${at}\n`), stderr)
      assert.ok(
        stderr.split('\n').some((line) => /^ *\d+ │/.test(line) && line.includes(shows)),
        stderr,
      )
      assert.match(/^ {3}= help: (.*)$/m.exec(stderr)?.[1] ?? '', help)
      assert.ok(stderr.endsWith('1 error in 1 file; nothing was applied.\n'), stderr)
      const validated = await calicoctl('validate', '-f', file)
      assertRefused(validated, 1)
      assert.equal(validated.stderr.split('\n')[0], stderr.split('\n')[0])
    })
  }

  for (const { args, says, help, code } of requests) {
    it(`on the command line: calicoctl ${args.join(' ')}`, async () => {
      const result = await calicoctl(...args)
      assertRefused(result, code ?? 1)
      assert.match(result.stderr, says)
      assert.match(result.stderr, help)
    })
  }

  it('leaves the datastore as it was', async () => assert.equal(await everything(), stored))
})
