import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { run } from '../context.ts'
import { CHECKOUT, inFolder } from '../system/folder.ts'
import { HEAD, net, NETWORKS, tested, V3, workload } from './policy-tests.ts'

const GOOD = `${HEAD}allow:\n- from: net1\n  to: net1\ndeny:\n- from: b\n  to: net1\n`
const BAD = `${HEAD}metadata:\n  name: wrong\nallow:\n- name: b reaches c\n  from: b\n  to: [c, a]\n  ports: tcp/80\n- from: a\n  to: c\n`

describe('calicoctl test', () => {
  it('passes the example, which is the tutorial', async () => {
    const { code, stdout, stderr } = await run(['test', 'examples/policy-test'], { cwd: CHECKOUT })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.equal(stdout, 'ok   examples/policy-test/tutorial.yaml: tutorial (5 entries)\n5 entries in 1 test: 5 passed\n')
  })

  it('asks about manifests', async () => {
    const { code, stdout } = await tested(['t.yaml', '-f', 'net.yaml'], { 't.yaml': GOOD, 'net.yaml': NETWORKS })
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'ok   t.yaml (2 entries)\n2 entries in 1 test: 2 passed\n' })
  })

  it('shows the packet for which an entry is not true, who decides about it, and where that stands', async () => {
    const { code, stdout, stderr } = await tested(['t.yaml', '-f', 'net.yaml'], { 't.yaml': BAD, 'net.yaml': NETWORKS })
    assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
    assert.equal(
      stdout,
      `FAIL t.yaml: wrong (1 of 2 entries)

error[must-be-allowed]: b to c is denied: tcp 80
   ┌─ t.yaml:6:3
   │
 4 │   name: wrong
 5 │ allow:
 6 │ - name: b reaches c
   │   ^^^^
   = at: allow[0]
   = packet: tcp 10.0.0.2:49152 -> 10.0.0.3:80
   = denied entering c by no rule: none matches of Profile net1 (net.yaml:4:9)
   = the same for 1 other pair

2 entries in 1 test: 1 passed, 1 failed
`,
    )
  })

  it('asks about the datastore, which is not touched, or about manifests laid over it', async () => {
    await inFolder(async (folder) => {
      const env = { HOME: folder }
      const told = async (...args: string[]) => run(args, { cwd: folder, env })
      await writeFile(join(folder, 'net.yaml'), NETWORKS)
      await writeFile(join(folder, 't.yaml'), GOOD)
      await writeFile(join(folder, 'open.yaml'), net('net1').replace("    source:\n      selector: net1 == ''\n", ''))
      assert.equal((await told('apply', '-f', 'net.yaml')).code, 0)
      assert.equal((await told('test', 't.yaml')).code, 0)
      const { code, stdout } = await told('test', 't.yaml', '-f', 'open.yaml', '--overlay')
      assert.equal(code, 1)
      assert.match(
        stdout,
        /b to a is allowed: tcp 1\n[^]*allowed leaving b by Profile net2 egress\[0\] \(\/calico\/resources\/v3\/projectcalico\.org\/profiles\/net2 \(revision \d+\)\): allow/,
      )
      assert.match(stdout, /allowed entering a by Profile net1 ingress\[0\] \(open\.yaml:9:5\): allow/)
      assert.equal((await told('test', 't.yaml')).code, 0)
    })
  })

  it('a test brings resources of its own: in itself, and in files beside it', async () => {
    const own = `${HEAD}files: [../net, more.yaml]\nresources:\n${net('net3').replace(/^/gm, '  ').replace('  ', '- ').trimEnd()}\n- apiVersion: v1\n  kind: profile\n  metadata: {name: old}\n  spec: {egress: [{action: allow}]}\nallow:\n- {from: [a, d], to: net1}\n`
    const files = {
      'tests/deep/t.yaml': own.replace('../net', '../../net'),
      'tests/deep/more.yaml': workload('d', 'net1', '10.0.0.4'),
      'net/sub/net.yaml': NETWORKS,
    }
    const { code, stdout, stderr } = await tested(['tests'], files)
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'ok   tests/deep/t.yaml (1 entry)\n1 entry in 1 test: 1 passed\n', stderr: '' })
  })

  it('says when -f is for nothing', async () => {
    const { code, stderr } = await tested(['t.yaml', '-f', 'other.yaml'], {
      't.yaml': `${HEAD}files: [net.yaml]\ndeny: [{from: b, to: a}]\n`,
      'net.yaml': NETWORKS,
    })
    assert.deepEqual({ code, stderr }, { code: 0, stderr: 'every test has resources of its own: -f is not used\n' })
  })

  it('passes over manifests in a directory of tests, and over tests among manifests', async () => {
    const { code, stdout } = await tested(['all', '-f', 'all'], { 'all/net.yaml': NETWORKS, 'all/t.yaml': GOOD })
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'ok   all/t.yaml (2 entries)\n2 entries in 1 test: 2 passed\n' })
  })

  it('reads tests from standard input', async () => {
    const { code } = await tested(['-', '-f', 'net.yaml'], { 'net.yaml': NETWORKS }, { stdin: GOOD })
    assert.equal(code, 0)
  })

  it('an entry that cannot be told is exit 2, unless another one fails', async () => {
    const service = `${V3}kind: GlobalNetworkPolicy\nmetadata:\n  name: svc\nspec:\n  selector: net1 == ''\n  types: [Egress]\n  egress:\n  - action: Allow\n    destination:\n      services:\n        name: x\n        namespace: shop\n`
    const files = {
      'net.yaml': `${NETWORKS}---\n${service}`,
      't.yaml': `${HEAD}allow: [{from: a, to: 192.0.2.1}]\n`,
      'fails.yaml': `${HEAD}deny: [{from: b, to: 192.0.2.1}]\n`,
    }
    const unknown = await tested(['t.yaml', '-f', 'net.yaml'], files)
    assert.equal(unknown.code, 2)
    assert.match(
      unknown.stdout,
      /^\?\?\?\? t\.yaml \(1 of 1 entry\)\n\nerror\[not-told\]: whether a to 192\.0\.2\.1 is allowed cannot be told: tcp 1\n/,
    )
    assert.match(
      unknown.stdout,
      /it hangs on what a packet does not show: GlobalNetworkPolicy svc egress\[0\] \(net\.yaml:\d+:\d+\): allow to service shop\/x\n/,
    )
    assert.match(unknown.stdout, /1 entry in 1 test: 0 passed, 1 could not be told\n$/)
    assert.equal((await tested(['t.yaml', 'fails.yaml', '-f', 'net.yaml'], files)).code, 1)
  })

  it('coverage: which rules no entry reaches', async () => {
    const { code, stdout } = await tested(['t.yaml', '-f', 'net.yaml', '--coverage'], { 't.yaml': GOOD, 'net.yaml': NETWORKS })
    assert.equal(code, 0)
    const lines = stdout
      .split('\n')
      .slice(3)
      .map((line) => line.replace(/ +/g, ' ').trim())
    assert.deepEqual(lines, ['', 'NEVER REACHED RULE FROM', "Profile net2 ingress[0] allow from net2 == '' net.yaml:23:5", ''])
    assert.match(stdout, /\n3 of 4 rules decide about a packet of some entry\n/)
    const json = await tested(['t.yaml', '-f', 'net.yaml', '--coverage', '-o', 'json'], { 't.yaml': GOOD, 'net.yaml': NETWORKS })
    assert.deepEqual((JSON.parse(json.stdout) as { coverage: unknown }).coverage, {
      rules: 4,
      reached: 3,
      unreached: [
        {
          kind: 'Profile',
          name: 'net2',
          direction: 'ingress',
          index: 0,
          rule: "allow from net2 == ''",
          source: { file: 'net.yaml', line: 23, column: 5 },
        },
      ],
    })
  })

  describe('reports for programs', () => {
    const files = { 't.yaml': BAD, 'net.yaml': NETWORKS }

    it('json', async () => {
      const { code, stdout } = await tested(['t.yaml', '-f', 'net.yaml', '-o', 'json'], files)
      assert.equal(code, 1)
      assert.deepEqual(JSON.parse(stdout), {
        version: 1,
        command: 'test',
        passed: 1,
        failed: 1,
        unknown: 0,
        tests: [
          {
            name: 'wrong',
            file: 't.yaml',
            entries: [
              {
                name: 'b reaches c',
                line: 6,
                column: 3,
                expect: 'allow',
                from: ['b'],
                to: ['c', 'a'],
                ports: ['tcp/80'],
                status: 'failed',
                problem: {
                  code: 'must-be-allowed',
                  message: 'b to c is denied: tcp 80',
                  file: 't.yaml',
                  range: { start: { line: 6, column: 3 }, end: { line: 6, column: 7 } },
                  path: 'allow[0]',
                  notes: [
                    'packet: tcp 10.0.0.2:49152 -> 10.0.0.3:80',
                    'denied entering c by no rule: none matches of Profile net1 (net.yaml:4:9)',
                    'the same for 1 other pair',
                  ],
                },
                example: {
                  from: { ip: '10.0.0.2', endpoint: 'libnetwork/host1-libnetwork-libnetwork-epb' },
                  to: { ip: '10.0.0.3', endpoint: 'libnetwork/host1-libnetwork-libnetwork-epc' },
                  protocol: 'tcp',
                  srcPort: 49152,
                  dstPort: 80,
                  egress: 'allow',
                  ingress: 'deny',
                  verdict: 'deny',
                  trace: {
                    egress: [{ kind: 'Profile', name: 'net2', index: 0, action: 'Allow' }],
                    ingress: [{ kind: 'Profile', index: -1, action: 'Deny', note: 'no profile matched' }],
                  },
                  source: { egress: { file: 'net.yaml', line: 21, column: 5 } },
                },
              },
              { name: 'allow a to c: any', line: 10, column: 3, expect: 'allow', from: ['a'], to: ['c'], ports: ['any'], status: 'passed' },
            ],
          },
        ],
      })
    })

    const exact: readonly (readonly [format: string, prints: string])[] = [
      [
        'tap',
        `TAP version 14
1..2
not ok 1 - wrong: b reaches c
  ---
  message: "b to c is denied: tcp 80"
  severity: fail
  code: must-be-allowed
  at: "t.yaml:6:3"
  notes:
    - "packet: tcp 10.0.0.2:49152 -> 10.0.0.3:80"
    - "denied entering c by no rule: none matches of Profile net1 (net.yaml:4:9)"
    - "the same for 1 other pair"
  ...
ok 2 - wrong: allow a to c: any
`,
      ],
      [
        'junit',
        `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="calicoctl" tests="2" failures="1" errors="0">
  <testsuite name="wrong" file="t.yaml" tests="2" failures="1" errors="0">
    <testcase classname="wrong" name="b reaches c" file="t.yaml" line="6">
      <failure type="must-be-allowed" message="b to c is denied: tcp 80">t.yaml:6:3
packet: tcp 10.0.0.2:49152 -&gt; 10.0.0.3:80
denied entering c by no rule: none matches of Profile net1 (net.yaml:4:9)
the same for 1 other pair</failure>
    </testcase>
    <testcase classname="wrong" name="allow a to c: any" file="t.yaml" line="10"/>
  </testsuite>
</testsuites>
`,
      ],
      [
        'github',
        `::error file=t.yaml,line=6,endLine=6,col=3,endColumn=7,title=must-be-allowed::b to c is denied: tcp 80%0Aat: allow[0]%0Apacket: tcp 10.0.0.2:49152 -> 10.0.0.3:80%0Adenied entering c by no rule: none matches of Profile net1 (net.yaml:4:9)%0Athe same for 1 other pair
2 entries in 1 test: 1 passed, 1 failed
`,
      ],
    ]
    for (const [format, prints] of exact) {
      it(format, async () => {
        const { code, stdout } = await tested(['t.yaml', '-f', 'net.yaml', '-o', format], files)
        assert.deepEqual({ code, stdout }, { code: 1, stdout: prints })
      })
    }

    it('sarif', async () => {
      const { code, stdout } = await tested(['t.yaml', '-f', 'net.yaml', '-o', 'sarif'], files)
      assert.equal(code, 1)
      const { runs } = JSON.parse(stdout) as { runs: { results: { ruleId: string; message: { text: string } }[] }[] }
      assert.deepEqual(
        runs.flatMap(({ results }) => results).map(({ ruleId, message }) => [ruleId, message.text.split('\n')[0]]),
        [['must-be-allowed', 'b to c is denied: tcp 80']],
      )
    })
  })

  it('refuses what does not go together', async () => {
    for (const [args, says] of [
      [['t.yaml', '--coverage', '-o', 'tap'], '--coverage goes with -o text and -o json\n'],
      [['t.yaml', '--watch', '-o', 'json'], '--watch goes with -o text\n'],
      [['-', '--watch'], 'standard input cannot be watched\n'],
      [[], "missing required argument 'tests'\nsee: calicoctl test --help\n"],
    ] as const) {
      assert.deepEqual(await tested([...args], { 't.yaml': GOOD }), { code: 2, stdout: '', stderr: says })
    }
  })

  it('a policy test is no resource: apply says what runs it', async () => {
    await inFolder(async (folder) => {
      await writeFile(join(folder, 't.yaml'), GOOD)
      const { code, stderr } = await run(['apply', '-f', 't.yaml'], { cwd: folder, env: { HOME: folder } })
      assert.equal(code, 1)
      assert.match(stderr, /help: it is no resource: calicoctl test runs it/)
    })
  })

  it('texts of tests never reach the terminal raw', async () => {
    const { stdout } = await tested(['t.yaml', '-f', 'net.yaml'], {
      't.yaml': `${HEAD}metadata: {name: "a\\e[31m"}\nallow:\n- {name: "x\\e]0;", from: "b\\e[2J", to: c}\n`,
      'net.yaml': NETWORKS,
    })
    assert.ok(!stdout.includes('\u001b'))
    assert.match(stdout, /nothing is called "b\\x1b\[2J"/)
  })
})
