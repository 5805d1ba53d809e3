import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { run, type RunResult } from '../context.ts'
import { hostEndpoint, OPEN, policy, workload } from '../policy/manifest-world.ts'
import { CHECKOUT } from '../system/folder.ts'

const TUTORIAL = ['-f', 'examples/workloads', '-f', 'examples/tutorial']

function why(...args: string[]): Promise<RunResult> {
  return run(['why', ...args, ...TUTORIAL], { cwd: CHECKOUT })
}

describe('a user of the tutorial', () => {
  it('asks why A cannot ping B', async () => {
    const { code, stdout, stderr } = await why('workload-A', 'workload-B', 'icmp')
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
    assert.equal(
      stdout,
      `DENIED: workload-A may not reach workload-B with icmp:
no rule at workload-B lets it in

Egress of workload-A (192.168.0.1 on calico-01): allowed
  Profile net1
  > rule 1: allow  => allowed
       ┌─ examples/tutorial/net1.yaml:9:5
     9 │   - action: Allow

Ingress of workload-B (192.168.0.2 on calico-01): denied
  Profile net2
    rule 1: allow from net2 == ''  no match: the source
  > no profile matches: denied

Near miss: rule 1 of Profile net2 would match but for the source: it wants net2 == '' (examples/tutorial/net2.yaml:11:5)

What would allow it:
  add at the end of spec.ingress in Profile net2 (examples/tutorial/net2.yaml:10:3)
    - action: Allow
      protocol: ICMP
      source:
        selector: net1 == ''
  net1 == '' means 2 other endpoints too.
  Tried on this world: with it all that you asked about is allowed.
`,
    )
  })

  it('asks what A may do with C', async () => {
    const { code, stdout } = await why('workload-A', 'workload-C')
    assert.equal(code, 0)
    assert.match(stdout, /^ALLOWED: workload-A may reach workload-C with anything\n\nEgress of workload-A/)
    assert.match(
      stdout,
      /> rule 1: allow from net1 == ''  => allowed\n +┌─ examples\/tutorial\/net1\.yaml:11:5\n {4}11 │ {3}- action: Allow\n {4}12 │ {5}source:\n/,
    )
  })

  it('asks about networks: all pairs, with one of them as the example', async () => {
    const { code, stdout } = await why('net1', 'net2', 'tcp/80')
    assert.equal(code, 1)
    assert.match(stdout, /^DENIED: net1 \(3 endpoints\) may not reach net2 \(1 endpoint\) with tcp\/80/)
    assert.match(stdout, /\nDENIED tcp 80: 3 pairs, workload-A, workload-C, workload-E to workload-B\nfor example tcp from port 49152 to port 80:\n/)
    const some = await why('net1', "projectcalico.org/orchestrator == 'libnetwork'", 'icmp')
    assert.equal(some.code, 1)
    assert.match(some.stdout, /^PARTLY: /)
    assert.match(some.stdout, /\nALLOWED icmp: 6 pairs, [^]*\nDENIED icmp: 6 pairs, /)
  })

  it('asks about addresses outside', async () => {
    const out = await why('workload-A', '192.0.2.1', 'udp/53')
    assert.equal(out.code, 0)
    assert.match(out.stdout, /Ingress of 192\.0\.2\.1: outside, no policy acts there/)
    const into = await why('192.0.2.0/24', 'workload-A')
    assert.equal(into.code, 1)
    assert.match(into.stdout, /source:\n +nets:\n +- 192\.0\.2\.0\/24\n/)
  })
})

describe('what cannot be asked', () => {
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['workload-a', 'workload-B'], /nothing is called "workload-a"[^]*did you mean "workload-A"\?/],
    [['workload-A', 'workload-B', 'tpc/80'], /"tpc" is not a protocol\ndid you mean "tcp\/80"\?/],
    [['workload-A'], /from where, and to where\?/],
    [['workload-A', "app == 'nobody'"], /no endpoint is meant by "app == 'nobody'"/],
    [['workload-A', 'fd00::1'], /no addresses of the same IP version/],
    [['workload-A', 'workload-B', 'icmpv6'], /icmpv6 is of IPv6, and the two have only IPv4 addresses/],
    [['--batch', 'nowhere.jsonl'], /^cannot read nowhere\.jsonl: no such file\n/],
    [['workload-A', 'workload-B', 'tcp/80', '--batch', '-'], /give no source and destination beside it/],
  ]
  for (const [args, message] of cases) {
    it(args.join(' '), async () => {
      const { code, stdout, stderr } = await why(...args)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.match(stderr, message)
    })
  }
})

interface Json {
  readonly version: number
  readonly command: string
  readonly verdict: string
  readonly answers: readonly {
    readonly verdict: string
    readonly pairs: number
    readonly connections: unknown
    readonly example: {
      readonly ingress: { readonly decidedBy: unknown; readonly trace: unknown }
      readonly nearMisses: unknown
      readonly packet: unknown
      readonly unknown: readonly { code: string }[]
    }
  }[]
  readonly remedy?: { readonly changes: readonly unknown[]; readonly all: boolean; readonly proof: readonly { readonly verdict: string }[] }
}

describe('for programs', () => {
  it('the same as JSON of version 1', async () => {
    const { code, stdout } = await why('workload-A', 'workload-B', 'tcp/80', '-o', 'json')
    assert.equal(code, 1)
    const { version, command, verdict, answers, remedy } = JSON.parse(stdout) as Json
    assert.deepEqual({ version, command, verdict }, { version: 1, command: 'why', verdict: 'deny' })
    const [answer, ...others] = answers
    assert.ok(answer)
    assert.deepEqual(others, [])
    assert.deepEqual([answer.verdict, answer.pairs, answer.connections], ['deny', 1, [{ protocol: 'tcp', dstPorts: [[80, 80]] }]])
    assert.deepEqual(answer.example.packet, { protocol: 'tcp', srcPort: 49152, dstPort: 80 })
    assert.deepEqual(answer.example.ingress.trace, [{ kind: 'Profile', index: -1, action: 'Deny', note: 'no profile matched' }])
    assert.deepEqual(answer.example.nearMisses, [
      {
        kind: 'Profile',
        name: 'net2',
        path: 'spec.ingress[0]',
        source: { file: 'examples/tutorial/net2.yaml', line: 11, column: 5 },
        direction: 'ingress',
        misses: ['source.selector'],
        words: 'would match but for the source',
      },
    ])
    assert.deepEqual(remedy?.changes, [
      {
        type: 'add-rule',
        resource: { kind: 'Profile', name: 'net2' },
        path: 'spec.ingress[1]',
        rule: { action: 'Allow', protocol: 'TCP', source: { selector: "net1 == ''" }, destination: { ports: [80] } },
        source: { file: 'examples/tutorial/net2.yaml', line: 10, column: 3 },
      },
    ])
    assert.deepEqual([remedy?.all, remedy?.proof.map(({ verdict }) => verdict)], [true, ['allow']])
  })

  it('the deciding rule and its place', async () => {
    const { stdout } = await why('workload-A', 'workload-C', 'tcp/80', '-o', 'json')
    const { answers } = JSON.parse(stdout) as Json
    assert.deepEqual(answers[0]?.example.ingress.decidedBy, {
      kind: 'Profile',
      name: 'net1',
      path: 'spec.ingress[0]',
      source: { file: 'examples/tutorial/net1.yaml', line: 11, column: 5 },
    })
  })
})

describe('with manifests of its own', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-why-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function ask(documents: readonly string[], ...args: string[]): Promise<RunResult> {
    await writeFile(join(folder, 'world.yaml'), documents.join('\n---\n'))
    return run(['why', ...args, '-f', 'world.yaml'], { cwd: folder })
  }

  const ends = [OPEN, workload('a', ['10.0.0.1'], { profiles: ['open'] }), workload('b', ['10.0.1.1'], { profiles: ['open'], node: 'h2' })]

  it('a tier that passes on, a rule that denies and is shown, and the rules that did not match', async () => {
    const yaml = `apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: guard}
spec:
  selector: all()
  ingress:
  - action: Log
  - action: Allow
    protocol: TCP
    destination: {ports: [443]}
  - action: Deny
    protocol: TCP
`
    const { code, stdout } = await ask([...ends, yaml], 'a', 'b', 'tcp/80')
    assert.equal(code, 1)
    assert.match(stdout, /^DENIED: a may not reach b with tcp\/80:\nrule 3 of GlobalNetworkPolicy guard at b denies it\n/)
    assert.match(
      stdout,
      / {2}tier default\n {2}GlobalNetworkPolicy guard\n {4}rule 1: log {2}logged, goes on\n {4}rule 2: allow tcp to port 443 {2}no match: the port\n {2}> rule 3: deny tcp {2}=> denied\n/,
    )
    assert.match(stdout, /Near miss: rule 2 of GlobalNetworkPolicy guard would match but for the port: it wants 443 \(world\.yaml:\d+:5\)/)
    assert.match(stdout, /add before rule 3 of spec\.ingress in GlobalNetworkPolicy guard/)
  })

  it('several kinds of denial get a change that helps them all', async () => {
    const guard = policy('guard', {
      selector: "projectcalico.org/orchestrator == 'plain'",
      ingress: [
        { action: 'Allow', protocol: 'TCP', source: { nets: ['192.0.2.0/24'] } },
        { action: 'Deny', protocol: 'UDP' },
      ],
    })
    const { code, stdout } = await ask([...ends, guard], 'a', 'b')
    assert.equal(code, 1)
    assert.match(
      stdout,
      /What would allow it:\n {2}add before rule 2 of spec\.ingress in GlobalNetworkPolicy guard [^]*with it all that you asked about is allowed\.\n$/,
    )
  })

  it('what is not known is named, and neither allowed nor denied', async () => {
    const http = policy('http', { ingress: [{ action: 'Allow', http: { methods: ['GET'] } }] })
    const { code, stdout } = await ask([...ends, http], 'a', 'b', 'tcp/80')
    assert.equal(code, 2)
    assert.match(stdout, /^NOT KNOWN: whether a may reach b with tcp\/80\n/)
    assert.match(stdout, /Not known: rule 1 of GlobalNetworkPolicy http \(allow\) asks for something within HTTP/)
  })

  it('a host on the way says which interface it is about', async () => {
    const forwarded = policy('gate', { selector: 'has(gate)', applyOnForward: true, types: ['Egress'], egress: [{ action: 'Deny' }] })
    const { code, stdout } = await ask([...ends, hostEndpoint('uplink', { interfaceName: 'eth0' }, { gate: 'yes' }), forwarded], 'a', 'b', 'tcp/80')
    assert.equal(code, 2)
    assert.match(
      stdout,
      /If it is forwarded out of host h1 through host:uplink: denied\n {2}tier default\n {2}GlobalNetworkPolicy gate\n {2}> rule 1: deny {2}=> denied\n/,
    )
  })

  it('a missing profile is named', async () => {
    const { code, stdout } = await ask([...ends, workload('lost', ['10.0.0.9'], { profiles: ['gone'] })], 'a', 'lost', 'tcp/80')
    assert.equal(code, 1)
    assert.match(stdout, /^DENIED: [^]*lost has the Profile gone, which is not there\n/)
    assert.match(stdout, /> Profile gone is not there: that denies everything\n/)
    assert.match(stdout, /create Profile gone\n {4}apiVersion: projectcalico\.org\/v3\n/)
  })

  it('an endpoint without an address cannot be asked about', async () => {
    const { code, stderr } = await ask([...ends, workload('bare', [])], 'a', 'bare')
    assert.equal(code, 2)
    assert.match(stderr, /^bare has no address\nwithout one nothing can be told: give it an address in ipNetworks\n$/)
  })

  it('names that would move the cursor are shown harmless', async () => {
    const { stdout } = await ask(
      [...ends, policy('web', { ingress: [{ action: 'Allow', source: { selector: "a == '\u001b[2J\u202e'" } }] })],
      'a',
      'b',
      'tcp/80',
    )
    assert.ok(!/[\u001b\u202e]/.test(stdout))
    assert.match(stdout, /\\x1b\[2J/)
  })

  it('a long list of rules is cut to those that matter', async () => {
    const rules = Array.from({ length: 50 }, (_, index) => ({
      action: 'Allow',
      protocol: 'UDP',
      source: { selector: `app == 'x${index}'` },
      destination: { ports: [index + 1] },
    }))
    const { stdout } = await ask([...ends, policy('many', { ingress: [...rules, { action: 'Deny' }] })], 'a', 'b', 'tcp/80')
    assert.match(stdout, /50 rules that do not match\n {2}> rule 51: deny {2}=> denied\n/)
  })

  it('a batch: bad lines are told with their numbers and answered, the others too', async () => {
    await writeFile(join(folder, 'world.yaml'), ends.join('\n---\n'))
    const lines = [
      '{"from":"a","to":"b","protocol":"TCP","dstPort":80,"note":"kept"}',
      'not json',
      '',
      '{"from":{"endpoint":"default/h1-plain-aa-eth0"},"to":"b","protocol":"TCP","dstPort":80}',
      '{"from":"a","to":{"ip":"10.0.0.300"},"protocol":"TCP","dstPort":80}',
      '{"from":"a","to":"b","protocol":"TPC","dstPort":80}',
      '{"from":"a","to":"b","protocol":"TCP"}',
      '{"from":"a","to":{"ip":"192.0.2.1","port":80},"protocol":6,"dstPort":80}',
      '{"from":{"endpoint":"default/h1-plain-a-eth0","ip":"10.0.0.2"},"to":"b","protocol":"ICMP"}',
      '{"from":"10.0.0.1","to":{"ip":"10.0.1.1"},"protocol":"icmp"}',
    ]
    await writeFile(join(folder, 'probes.jsonl'), lines.join('\n'))
    const { code, stdout, stderr } = await run(['why', '--batch', 'probes.jsonl', '-f', 'world.yaml'], { cwd: folder })
    assert.equal(code, 2)
    const answers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { line?: number; error?: string; verdict?: string; note?: string; ingress?: string })
    assert.deepEqual(
      answers.map(({ line, verdict }) => line ?? verdict),
      ['allow', 2, 4, 5, 6, 7, 8, 9, 'allow'],
    )
    assert.deepEqual([answers[0]?.note, answers[0]?.ingress, answers[8]?.ingress], ['kept', 'allow', '-'])
    for (const [index, message] of [
      [2, 'not JSON'],
      [4, 'did you mean'],
      [5, '"10.0.0.300" is not an address'],
      [6, '"TPC" is not a protocol'],
      [7, 'needs a "dstPort"'],
      [8, 'unknown field "port"'],
      [9, '10.0.0.2 is no address of default/h1-plain-a-eth0'],
    ] as const) {
      assert.match(stderr, new RegExp(`^probes\\.jsonl: line ${index}: .*${message}`, 'm'))
      assert.ok(answers.find(({ line }) => line === index)?.error?.includes(message))
    }
  })
})
