// `node test/bench/lint.mjs`: what `calicoctl lint` costs, as multiples of starting Node in the same run, the best of three of each: whole processes, files read and all. Exits 1 when a bound is broken.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../bin/calicoctl', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'calicoctl-bench-lint-'))
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env
const env = { ...environment, HOME: folder, XDG_CACHE_HOME: join(folder, 'cache'), XDG_STATE_HOME: join(folder, 'state'), NO_COLOR: '1' }

const rows = [
  { name: '10,000 endpoints x 1,000 policies, some shadowed', bound: 250, resources: [...endpoints(10_000), ...policies(1_000, some)] },
  {
    name: '1,000 endpoints x 1,000 policies that all act on all of them',
    bound: 250,
    resources: [...endpoints(1_000), ...policies(1_000, everywhere)],
  },
  { name: '1,000 policies without endpoints, all for all', bound: 250, resources: policies(1_000, everywhere) },
]
try {
  for (const [index, { name, bound, resources }] of rows.entries()) {
    const file = join(folder, `${index}.yaml`)
    writeFileSync(file, resources.map((resource) => JSON.stringify(resource, undefined, 1)).join('\n---\n'))
    const times = []
    const floors = []
    let findings = 0
    for (let round = 0; round < 3; round++) {
      floors.push(timed(['-e', '0'], [0]).milliseconds)
      const { milliseconds, stdout } = timed([program, 'lint', '-f', file, '-o', 'concise'], [0, 1])
      times.push(milliseconds)
      findings = stdout.split('\n').length - 1
    }
    const ratio = Math.min(...times) / Math.min(...floors)
    console.log(
      `${name}: ${Math.min(...times).toFixed(0)} ms, ${ratio.toFixed(0)} x \`node -e 0\` (at most ${bound} x), ${findings} findings${ratio > bound ? '  OVER' : ''}`,
    )
    if (ratio > bound) process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

// --- internal ---

function endpoints(count) {
  const profile = { apiVersion: 'projectcalico.org/v3', kind: 'Profile', metadata: { name: 'base' }, spec: { egress: [{ action: 'Allow' }] } }
  const list = Array.from({ length: count }, (_, i) => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'WorkloadEndpoint',
    metadata: {
      namespace: `team-${i % 100}`,
      labels: { team: `team-${i % 100}`, app: `app-${Math.floor(i / 100) % 10}`, tier: ['front', 'middle', 'back'][i % 3], name: `pod-${i}` },
    },
    spec: {
      orchestrator: 'orch',
      workload: `pod-${i}`,
      node: `node-${i % 100}`,
      endpoint: 'eth0',
      interfaceName: `cali${i}`,
      ipNetworks: [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`],
      profiles: ['base'],
    },
  }))
  return [profile, ...list]
}

function policies(count, make) {
  return Array.from({ length: count }, (_, i) => ({
    apiVersion: 'projectcalico.org/v3',
    kind: 'GlobalNetworkPolicy',
    metadata: { name: `policy-${i}` },
    spec: { types: ['Ingress', 'Egress'], ...make(i) },
  }))
}

/** Policies for one application of a team each; each tenth for all of a tier. */
function some(i) {
  return {
    order: i % 900,
    selector: i % 10 === 0 ? `tier == '${['front', 'middle', 'back'][i % 3]}'` : `team == 'team-${i % 100}' && app == 'app-${(i * 7) % 10}'`,
    ingress: [
      {
        action: 'Allow',
        protocol: 'TCP',
        source: { selector: `app == 'app-${(i * 3) % 10}' && team == 'team-${(i * 11) % 100}'` },
        destination: { ports: [80 + (i % 20), 443] },
      },
      { action: 'Deny', protocol: 'TCP', source: { nets: [`10.0.${i % 40}.0/24`] }, destination: { ports: ['1000:2000'] } },
      { action: 'Allow', source: { selector: `tier == '${['front', 'middle', 'back'][(i + 1) % 3]}'` } },
    ],
    egress: [
      { action: 'Allow', protocol: 'UDP', destination: { ports: [53] } },
      { action: i % 5 === 0 ? 'Pass' : 'Allow', protocol: 'TCP', destination: { selector: "tier == 'back'", ports: [5432] } },
    ],
  }
}

/** The worst for proofs: every rule is compared with every later one, and none takes another's packets. */
function everywhere(i) {
  return {
    order: i,
    selector: 'all()',
    ingress: [0, 1, 2, 3].map((rule) => ({
      action: (i + rule) % 2 ? 'Allow' : 'Deny',
      protocol: 'TCP',
      source: { selector: `app == 'app-${(i + rule) % 10}'` },
      destination: { ports: [1 + i * 4 + rule] },
    })),
  }
}

function timed(args, codes) {
  const started = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8', maxBuffer: 1 << 30 })
  const milliseconds = performance.now() - started
  if (!codes.includes(status)) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr.slice(0, 500)}`)
  return { milliseconds, stdout }
}
