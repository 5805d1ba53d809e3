import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run } from '../context.ts'
import { CHECKOUT } from '../system/folder.ts'
import { TUTORIAL } from './reach-worlds.ts'

const tutorial = (...args: string[]) => run(['exposure', ...args, ...TUTORIAL.flatMap((file) => ['-f', file])], { cwd: CHECKOUT })

const rowsOf = (table: string) =>
  table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trimEnd().split(/ {3,}/))

describe('what the containers of the tutorial are exposed to', () => {
  const rule = (net: string, line: number) => `rule 1 of Profile ${net} (examples/tutorial/${net}.yaml:${line}:5)`

  it('only to what joins their network, and they may go anywhere', async () => {
    const { code, stdout, stderr } = await tutorial()
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    assert.deepEqual(
      rowsOf(stdout),
      (
        [
          ['net1 (3 endpoints)', 'net1'],
          ['workload-B', 'net2'],
          ['workload-D', 'net3'],
        ] as const
      ).flatMap(([who, net]) => [
        [`a new endpoint with ${net}`, who, 'all', rule(net, 11)],
        [who, 'any new endpoint, outside', 'all', rule(net, 9)],
      ]),
    )
  })

  it('as JSON, of one of them', async () => {
    const { rows, ...rest } = JSON.parse((await tutorial('workload-B', '-o', 'json')).stdout)
    assert.deepEqual(rest, { version: 1, command: 'exposure', unprotected: [], notes: [] })
    const endpoints = ['libnetwork/calico--01-libnetwork-libnetwork-df7e70e50215']
    const by = (path: string, line: number) => [
      { kind: 'Profile', name: 'net2', path, source: { file: 'examples/tutorial/net2.yaml', line, column: 5 } },
    ]
    assert.deepEqual(rows, [
      { direction: 'ingress', peers: [{ kind: 'new', labels: { net2: '' } }], endpoints, connections: [{}], by: by('spec.ingress[0]', 11) },
      {
        direction: 'egress',
        peers: [
          { kind: 'new', labels: {} },
          { kind: 'outside', network: '0.0.0.0/0' },
        ],
        endpoints,
        connections: [{}],
        by: by('spec.egress[0]', 9),
      },
    ])
  })
})

describe('an endpoint that anybody may reach', () => {
  const manifests = `apiVersion: projectcalico.org/v3
kind: Profile
metadata: {name: open}
spec: {ingress: [{action: Allow}], egress: [{action: Deny, destination: {selector: "app == 'db'"}}, {action: Allow, protocol: TCP, destination: {ports: [443]}}]}
---
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {namespace: default}
spec: {orchestrator: k8s, pod: web, endpoint: eth0, node: host, interfaceName: cali1, ipNetworks: [10.0.0.1/32], profiles: [open]}
`

  it('is told to be without protection; what a label takes away is told with the rule that does', async () => {
    const { code, stdout } = await run(['exposure', '-f', '-'], { stdin: manifests })
    assert.equal(code, 0)
    assert.match(stdout, /^any new endpoint, outside +web +all +rule 1 of Profile open/m)
    assert.match(stdout, /^web +any new endpoint, outside +tcp 443 +rule 2 of Profile open/m)
    assert.match(stdout, /^web +a new endpoint with app=db +none +rule 1 of Profile open/m)
    assert.match(stdout, /^Not protected, anybody may reach them with anything: web$/m)
  })

  it('is not, once a policy acts on it', async () => {
    const policy =
      'apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: p}\nspec: {types: [Ingress], ingress: [{action: Allow, protocol: TCP}]}\n'
    const { stdout } = await run(['exposure', '-f', '-'], { stdin: `${manifests}---\n${policy}` })
    assert.doesNotMatch(stdout, /Not protected/)
    assert.match(stdout, /^any new endpoint, outside +web +tcp +rule 1 of GlobalNetworkPolicy p/m)
  })
})
