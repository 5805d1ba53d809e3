import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run, type RunResult } from '../context.ts'
import { CHECKOUT } from '../system/folder.ts'

function ask(...args: string[]): Promise<RunResult> {
  return run([...args, '-f', 'examples/workloads', '-f', 'examples/tutorial'], { cwd: CHECKOUT })
}

const trimmed = (text: string) => text.replaceAll(/ +$/gm, '')

describe('selects', () => {
  it('a table of what is picked, and where it was read', async () => {
    const { code, stdout } = await ask('selects', "has(net1) && projectcalico.org/orchestrator == 'libnetwork'")
    assert.equal(code, 0)
    assert.deepEqual(
      trimmed(stdout)
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
      [
        ['NAME', 'KIND', 'NODE', 'ADDRESSES', 'FROM'],
        ...[
          ['workload-A', 'calico-01', '192.168.0.1'],
          ['workload-C', 'calico-01', '192.168.0.3'],
          ['workload-E', 'calico-02', '192.168.0.66'],
        ].map(([name, node, ip], index) => [name, 'WorkloadEndpoint', node, ip, `examples/workloads/tutorial.yaml:${[5, 41, 77][index]}:1`]),
      ],
    )
  })

  it('JSON of version 1, with the policy that picks', async () => {
    const { code, stdout } = await ask('selects', 'profile/net2', '-o', 'json')
    assert.equal(code, 0)
    const { version, command, policy, endpoints, networkSets } = JSON.parse(stdout) as Record<string, unknown> & {
      endpoints: { endpoint: string; addresses: string[] }[]
    }
    assert.deepEqual({ version, command, networkSets }, { version: 1, command: 'selects', networkSets: [] })
    assert.deepEqual(policy, { kind: 'Profile', name: 'net2', source: { file: 'examples/tutorial/net2.yaml', line: 6, column: 9 } })
    assert.deepEqual(
      endpoints.map(({ addresses }) => addresses),
      [['192.168.0.2']],
    )
  })

  it('nothing picked is 1, what is unknown is 2', async () => {
    assert.deepEqual(await ask('selects', 'has(nothing)'), { code: 1, stdout: '', stderr: 'it picks nothing\n' })
    const unknown = await ask('selects', 'profile/net4')
    assert.equal(unknown.code, 2)
    assert.match(unknown.stderr, /no policy is called "profile\/net4"\ndid you mean "profile\/net1"\?/)
  })
})

describe('applies', () => {
  it('a table of what acts, and where it was read', async () => {
    const { code, stdout } = await ask('applies', 'workload-A')
    assert.equal(code, 0)
    assert.match(
      trimmed(stdout),
      /^workload-A: TIER +KIND +NAME +DIRECTIONS +FROM\n +Profile +net1 +ingress,egress +examples\/tutorial\/net1\.yaml:6:9\n$/,
    )
  })

  it('JSON of version 1', async () => {
    const { stdout } = await ask('applies', 'net2', '-o', 'json')
    const { version, command, endpoints } = JSON.parse(stdout) as { version: number; command: string; endpoints: { applies: unknown }[] }
    assert.deepEqual({ version, command }, { version: 1, command: 'applies' })
    assert.deepEqual(
      endpoints.map(({ applies }) => applies),
      [
        [
          {
            kind: 'Profile',
            name: 'net2',
            missing: false,
            directions: ['ingress', 'egress'],
            source: { file: 'examples/tutorial/net2.yaml', line: 6, column: 9 },
          },
        ],
      ],
    )
  })

  it('what nothing acts on is 1; a name that is not there is 2', async () => {
    const stdin = 'apiVersion: projectcalico.org/v3\nkind: HostEndpoint\nmetadata: {name: bare}\nspec: {node: h1, interfaceName: eth0}\n'
    assert.equal((await run(['applies', 'host:bare', '-f', '-'], { stdin })).code, 1)
    const { code, stderr } = await run(['applies', 'host:bear', '-f', '-'], { stdin })
    assert.equal(code, 2)
    assert.match(stderr, /did you mean "host:bare"\?/)
  })
})
