import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { run, type RunResult } from '../context.ts'
import { CHECKOUT } from '../system/folder.ts'
import { HOSTILE_NAMES, hostileWorld, TUTORIAL } from './reach-worlds.ts'

const tutorial = (...args: string[]): Promise<RunResult> => run(['reach', ...args, ...TUTORIAL.flatMap((file) => ['-f', file])], { cwd: CHECKOUT })
const given = (manifests: string, ...args: string[]): Promise<RunResult> => run(['reach', ...args, '-f', '-'], { stdin: manifests })

/** The cells of a table, without its headings. */
const cellsOf = (table: string) =>
  table
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.trimEnd().split(/ {3,}/))

describe('the map of the tutorial, as its text says it', () => {
  const NET1 = 'net1 (3 endpoints)'
  const [B, D] = ['workload-B (net2)', 'workload-D (net3)']
  const cases: readonly (readonly [args: readonly string[], rows: readonly (readonly string[])[]])[] = [
    [
      [],
      [
        [NET1, `${NET1}, outside`, 'all'],
        [`${B}, ${D}`, 'outside', 'all'],
      ],
    ],
    [
      ['--denied'],
      [
        [NET1, `${B}, ${D}`, 'all'],
        [`${B}, ${D}, outside`, 'every endpoint (5 endpoints)', 'all'],
      ],
    ],
    [
      ['workload-A', '--port', 'tcp/80'],
      [
        ['workload-A (net1)', 'workload-C, workload-E (net1), outside', 'tcp 80'],
        ['workload-C, workload-E (net1)', 'workload-A (net1)', 'tcp 80'],
      ],
    ],
    [['--to', 'net1'], [[NET1, NET1, 'all']]],
    [['--from', 'net2', '--to', '192.0.2.0/24'], [[B, 'addresses in 192.0.2.0/24', 'all']]],
    [['--from', 'net2', '--to', 'net1', '--denied', '--port', 'icmp'], [[B, NET1, 'icmp']]],
    [['--from', 'net2', '--to', 'net1'], []],
  ]
  for (const [args, rows] of cases) {
    it(`reach ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await tutorial(...args)
      assert.deepEqual({ code, stderr, rows: cellsOf(stdout) }, { code: 0, stderr: '', rows })
    })
  }

  it('is the same as Markdown and as CSV', async () => {
    assert.equal(
      (await tutorial('-o', 'md')).stdout,
      `| From | To | Connections |\n| --- | --- | --- |\n| ${NET1} | ${NET1}, outside | all |\n| ${B}, ${D} | outside | all |\n`,
    )
    assert.equal(
      (await tutorial('-o', 'csv')).stdout,
      [
        'from,from_endpoints,to,to_endpoints,ip_version,connections,unknown',
        'net1,3,net1,3,,all,',
        'net1,3,outside,0,,all,',
        'workload-B,1,outside,0,,all,',
        'workload-D,1,outside,0,,all,',
        '',
      ].join('\r\n'),
    )
  })

  it('has groups with their members as JSON', async () => {
    const { groups, rows, ...rest } = JSON.parse((await tutorial('-o', 'json')).stdout)
    assert.deepEqual(rest, { version: 1, command: 'reach', shows: 'allowed', traffic: 'anything', notes: [] })
    assert.deepEqual(
      groups.map(({ name, kind, members, networks }: { name: string; kind: string; members?: { name: string }[]; networks?: string[] }) => [
        name,
        kind,
        members?.map(({ name }) => name) ?? networks,
      ]),
      [
        ['net1', 'endpoints', ['workload-A', 'workload-C', 'workload-E']],
        ['workload-B', 'endpoints', ['workload-B']],
        ['workload-D', 'endpoints', ['workload-D']],
        ['outside', 'outside', ['0.0.0.0/0']],
      ],
    )
    assert.deepEqual(rows, [
      { from: ['net1'], to: ['net1', 'outside'], connections: [{}] },
      { from: ['workload-B', 'workload-D'], to: ['outside'], connections: [{}] },
    ])
  })
})

describe('what cannot be told', () => {
  const endpoints = (profile: string) =>
    ['a', 'b']
      .map(
        (name, at) =>
          `apiVersion: projectcalico.org/v3\nkind: WorkloadEndpoint\nmetadata: {namespace: default}\nspec: {orchestrator: k8s, pod: ${name}, endpoint: eth0, node: host, interfaceName: cali${at}, ipNetworks: [10.0.0.${at + 1}/32], profiles: [${profile}]}\n`,
      )
      .join('---\n')
  const profile =
    'apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata: {name: net1}\nspec: {ingress: [{action: Allow}], egress: [{action: Allow}]}\n'

  it('is shown as such, and the exit code is 2', async () => {
    const policy =
      'apiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: p, namespace: default}\nspec: {types: [Egress], egress: [{action: Allow, protocol: TCP, destination: {ports: [80]}}, {action: Allow, destination: {services: {name: db, namespace: default}}}]}\n'
    const manifests = [profile, policy, endpoints('net1')].join('---\n')
    const { code, stdout } = await given(manifests)
    assert.equal(code, 2)
    assert.match(stdout, / +tcp 80; unknown: all but tcp 80 *\n/)
    const { rows } = JSON.parse((await given(manifests, '-o', 'json')).stdout) as { rows: { unknown?: unknown[] }[] }
    assert.ok(rows.some(({ unknown }) => unknown && unknown.length > 0))
    assert.equal((await given(manifests, '--port', 'tcp/80')).code, 0)
  })

  it('an endpoint without an address is told', async () => {
    const lost = endpoints('net1').replace('ipNetworks: [10.0.0.2/32], ', '')
    const { code, stderr } = await given([profile, lost].join('---\n'))
    assert.equal(code, 2)
    assert.match(stderr, /not shown, since no address is known: default\/host-k8s-b-eth0/)
  })

  const faults: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [['nobody'], /nothing is called "nobody"/],
    [['--from', 'net11'], /did you mean "net1"/],
    [['--port', '80'], /write tcp\/80/],
    [['--port', '8080/tcp'], /write tcp\/8080/],
  ]
  for (const [args, message] of faults) {
    it(`reach ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await given([profile, endpoints('net1')].join('---\n'), ...args)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.match(stderr, message)
    })
  }
})

describe('names that a format could take for more than names', () => {
  const hostile = (format: string) => given(hostileWorld(), '-o', format)

  it('csv: quoted as in RFC 4180, and never a formula', async () => {
    const { stdout } = await hostile('csv')
    const lines = parseCsv(stdout)
    const names = new Set(lines.slice(1).map(([from = '']) => from.replace(/^'=/, '=')))
    for (const name of HOSTILE_NAMES.shown) assert.ok(names.has(name), name)
    for (const line of lines) assert.equal(line.length, 7)
    assert.doesNotMatch(stdout, /(?:^|,)"?=/m)
  })

  it('md: each line has its three cells, and nothing is HTML or Markdown', async () => {
    const { stdout } = await hostile('md')
    for (const line of stdout.trimEnd().split('\n')) assert.equal(line.replaceAll(/\\./g, '').split('|').length, 5, line)
    assert.doesNotMatch(stdout, /(?<!\\)[<>`*]/)
  })

  it('dot: every quoted text ends where it should', async () => {
    const { stdout } = await hostile('dot')
    const outside = stdout.replaceAll(/"(?:[^"\\]|\\.)*"/g, 'TEXT')
    assert.doesNotMatch(outside, /["\\<]/)
    for (const line of outside.split('\n')) assert.match(line, /^(?:digraph reach \{|\}|| {2}[\w =,.[\]>-]+)$/)
  })

  it('svg: well-formed XML', async () => {
    const { stdout } = await hostile('svg')
    assertWellFormed(stdout)
    assert.doesNotMatch(stdout, /<script|<img/)
    assert.ok(stdout.includes('&#60;/script&#62;'))
  })

  it('table: one line for each row, with nothing that moves the cursor or turns the text', async () => {
    const { stdout } = await hostile('table')
    assert.doesNotMatch(stdout, /[\u0007\u202e]/)
  })

  it('json: the names as they are', async () => {
    const { groups } = JSON.parse((await hostile('json')).stdout) as { groups: { members?: { name: string }[] }[] }
    const names = groups.flatMap(({ members = [] }) => members.map(({ name }) => name))
    assert.deepEqual([...names].sort(), [...HOSTILE_NAMES.given].sort())
  })
})

// --- internal ---

/** RFC 4180, strictly. */
function parseCsv(text: string): string[][] {
  const lines: string[][] = [[]]
  let at = 0
  while (at < text.length) {
    const [whole, quoted, plain = '', end = ''] =
      /^(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/.exec(text.slice(at)) ?? assert.fail(text.slice(at, at + 60))
    lines.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    at += whole.length
    if (end === '\r\n' && at < text.length) lines.push([])
  }
  return lines
}

/** Elements are closed in order, attributes are quoted, and no character stands where it may not. */
function assertWellFormed(xml: string): void {
  const open: string[] = []
  const rest = xml.replaceAll(
    /<(\/?)([a-z]+)((?: [\w:-]+="[^"<&]*(?:&#\d+;[^"<&]*)*")*)(\/?)>/g,
    (_, closes: string, name: string, __, empty: string) => {
      if (closes) assert.equal(open.pop(), name)
      else if (!empty) open.push(name)
      return ''
    },
  )
  assert.deepEqual(open, [])
  assert.doesNotMatch(rest.replaceAll(/&#\d+;/g, ''), /[<&]/)
}
