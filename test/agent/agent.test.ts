import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parseIp } from '../../src/model/net.ts'
import { namespacesHere } from '../lab/namespace.ts'
import { PacketLab } from '../lab/packet-lab.ts'
import { PROGRAM, runBuilt } from '../system/built.ts'

/** `calicoctl node run` on a host of its own, with workloads on wires: what it enforces is seen by packets. */

const profile = (name: string, ingress = `{action: Allow, source: {selector: "${name} == ''"}}`) =>
  `apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata: {name: ${name}}\nspec: {egress: [{action: Allow}], ingress: [${ingress}], labelsToApply: {${name}: ""}}\n`
const workload = (index: number, network: string) =>
  `apiVersion: projectcalico.org/v3\nkind: WorkloadEndpoint\nmetadata: {namespace: libnetwork}\n` +
  `spec: {orchestrator: libnetwork, workload: libnetwork, node: lab, endpoint: e${index}, interfaceName: cali${index}, ipNetworks: [10.1.0.${index + 1}/32], profiles: [${network}]}\n`
const address = (index: number) => parseIp(`10.1.0.${index + 1}`) ?? assert.fail('no address')

describe('the agent', { skip: namespacesHere('conntrack', 'perl', 'taskset') }, () => {
  let lab: PacketLab
  let folder: string
  let agent: Agent

  before(async () => void (lab = await PacketLab.open(3)))
  after(() => lab.close())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'calicoctl-agent-'))
    await apply(profile('net1'), profile('net2'), workload(0, 'net1'), workload(1, 'net1'), workload(2, 'net2'))
    agent = await Agent.start(lab, folder)
  })
  afterEach(async () => {
    await agent.stop()
    lab.host.run(['nft', 'delete', 'table', 'inet', 'calico'])
    await rm(folder, { recursive: true, force: true })
  })

  const environment = () => ({ HOME: folder, CALICOCTL_DATASTORE: join(folder, 'store.db') })
  const calicoctl = async (args: readonly string[]) => {
    const result = await runBuilt(args, { env: environment(), cwd: folder })
    assert.equal(result.code, 0, result.stderr)
    return result.stdout
  }
  const apply = async (...documents: readonly string[]) => {
    await writeFile(join(folder, 'wanted.yaml'), documents.join('---\n'))
    await calicoctl(['apply', '-f', 'wanted.yaml'])
  }
  let port = 1000
  const passes = async (from: number, to: number) => {
    // The lab's own knowledge of who is where; the agent makes the routes.
    lab.neighbours([[address(0)], [address(1)], [address(2)]])
    const packet = { source: address(from), destination: address(to), protocol: 17, srcPort: port++, dstPort: 53 }
    return (await lab.deliver([{ from, to, packet }]))[0]
  }

  it('lets members of a network reach each other and nobody else, and follows a change', async () => {
    assert.deepEqual([await passes(0, 1), await passes(0, 2), await passes(2, 0)], [true, false, false])
    const before = agent.revision
    await apply(profile('net2', '{action: Allow}'))
    await agent.reaches(before + 1)
    assert.deepEqual([await passes(0, 1), await passes(0, 2), await passes(2, 0)], [true, true, false])
  })

  it('makes the routes to its workloads, and takes those of workloads that are gone', async () => {
    const routes = () =>
      lab.host
        .run(['ip', 'route', 'show', 'proto', '90'])
        .trimEnd()
        .split('\n')
        .map((line) => line.trim())
        .sort()
    assert.deepEqual(routes(), ['10.1.0.1 dev cali0 scope link', '10.1.0.2 dev cali1 scope link', '10.1.0.3 dev cali2 scope link'])
    const before = agent.revision
    await calicoctl(['delete', 'wep', 'lab-libnetwork-libnetwork-e2', '-n', 'libnetwork'])
    await agent.reaches(before + 1)
    assert.deepEqual(routes(), ['10.1.0.1 dev cali0 scope link', '10.1.0.2 dev cali1 scope link'])
  })

  it('makes a route again that someone else has taken away', async () => {
    const route = '10.1.0.1 dev cali0 scope link'
    const isThere = () => lab.host.run(['ip', 'route', 'show', 'proto', '90']).includes(route)
    assert.ok(isThere())
    // By now it listens; more than once, since it may be about to make them anyway.
    for (let time = 0; time < 3; time++) {
      lab.host.run(['ip', 'route', 'del', '10.1.0.1/32', 'dev', 'cali0'])
      for (let tries = 0; tries < 200 && !isThere(); tries++) await pause(50)
      assert.ok(isThere())
    }
  })

  it('forgets the connections of an address that goes: who has it next did not make them', async () => {
    let before = agent.revision
    await apply(profile('net2', '{action: Allow}'))
    await agent.reaches(before + 1)
    lab.neighbours([[address(0)], [address(1)], [address(2)]])
    const there = { source: address(0), destination: address(2), protocol: 17, srcPort: 7000, dstPort: 53 }
    const back = { source: address(2), destination: address(0), protocol: 17, srcPort: 53, dstPort: 7000 }
    assert.deepEqual(await lab.deliver([{ from: 0, to: 2, packet: there }]), [true])
    assert.deepEqual(await lab.deliver([{ from: 2, to: 0, packet: back }]), [true])
    before = agent.revision
    await calicoctl(['delete', 'wep', 'lab-libnetwork-libnetwork-e2', '-n', 'libnetwork'])
    await agent.reaches(before + 1)
    before = agent.revision
    await apply(workload(2, 'net2'))
    await agent.reaches(before + 1)
    lab.neighbours([[address(0)], [address(1)], [address(2)]])
    assert.deepEqual(await lab.deliver([{ from: 2, to: 0, packet: back }]), [false])
  })

  it('goes by FelixConfiguration, and by a file and the environment before it', async () => {
    const own = parseIp('203.0.113.1') ?? assert.fail('no address')
    if (!lab.host.run(['ip', '-br', 'address', 'show', 'eth0']).includes('203.0.113.1')) lab.address('eth0', own)
    const configuration = (name: string, spec: string) =>
      `apiVersion: projectcalico.org/v3\nkind: FelixConfiguration\nmetadata: {name: ${name}}\nspec: {${spec}}\n`
    const reachesHost = async () => {
      const packet = { source: address(0), destination: own, protocol: 17, srcPort: port++, dstPort: 80 }
      return (await lab.deliver([{ from: 0, to: 'host', packet }]))[0]
    }
    const applied = async (...documents: readonly string[]) => {
      const before = agent.revision
      await apply(...documents)
      await agent.reaches(before + 1)
      return await reachesHost()
    }
    assert.equal(await reachesHost(), false)
    assert.equal(await applied(configuration('default', 'defaultEndpointToHostAction: Accept, vxlanMTU: 1400')), true)
    await agent.logs('settings that are not used by this agent')
    assert.equal(await applied(configuration('node.lab', 'defaultEndpointToHostAction: Drop')), false)
    await agent.stop()
    const file = join(folder, 'felix.cfg')
    await writeFile(file, '[global]\nDefaultEndpointToHostAction = RETURN\n')
    agent = await Agent.start(lab, folder, { args: [`--felix-config=${file}`] })
    assert.equal(await reachesHost(), true)
    await agent.stop()
    agent = await Agent.start(lab, folder, { args: [`--felix-config=${file}`], env: { FELIX_DEFAULTENDPOINTTOHOSTACTION: 'Drop' } })
    assert.equal(await reachesHost(), false)
    await writeFile(file, '[global]\n\nDefaultEndpointToHostAction = Perhaps\n')
    const refused = await runBuilt(['node', 'run', `--felix-config=${file}`, '--run-dir', join(folder, 'run')], { env: environment() })
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /felix\.cfg:3: DefaultEndpointToHostAction = Perhaps: the value is not one of Drop, Accept, Return/)
  })

  it('leaves everything as it is when it is killed, and writes nothing again when it is back', async () => {
    await agent.settled()
    const rules = () => lab.host.run(['nft', '-a', '-s', 'list', 'table', 'inet', 'calico']).replace(/\tset ours \{.*\n(?:\t\t.*\n)*\t\}\n/, '')
    const before = rules()
    await agent.stop('SIGKILL')
    assert.deepEqual([await passes(0, 1), await passes(0, 2)], [true, false])
    agent = await Agent.start(lab, folder)
    assert.equal(rules(), before)
  })

  it('repairs what others do to its rules', async () => {
    lab.host.run(['nft', 'delete', 'table', 'inet', 'calico'])
    await agent.logs('the rules in the kernel were changed by someone else: they are right again')
    assert.deepEqual([await passes(0, 1), await passes(0, 2)], [true, false])
  })

  it('tells how it is', async () => {
    const status = await runBuilt(['node', 'status', '--run-dir', join(folder, 'run'), '-o', 'json'])
    const { node, inSync, endpoints, datastore } = JSON.parse(status.stdout) as Record<string, unknown>
    assert.deepEqual(
      { code: status.code, node, inSync, endpoints, datastore },
      { code: 0, node: 'lab', inSync: true, endpoints: { workloads: 3, hosts: 0, idle: 0 }, datastore: 'connected' },
    )
    assert.match((await runBuilt(['node', 'status', '--run-dir', join(folder, 'run')])).stdout, /^Calico process is running\.\n\nNode: +lab /)
    const second = await runBuilt(['node', 'run', '--run-dir', join(folder, 'run')], { env: environment() })
    assert.equal(second.code, 1)
    assert.match(second.stderr, /an agent is at work on this host already/)
  })

  it('does not take rules that the kernel refuses for enforced, and tries again', async () => {
    await agent.stop()
    // Without the note, it has to write the rules again.
    await rm(join(folder, 'run', 'dataplane.json'))
    const fake = join(folder, 'bin')
    await mkdir(fake)
    // Refuses every change of our table as long as the file is there.
    const [real] = (process.env['PATH'] ?? '').split(':').filter((directory) => existsSync(join(directory, 'nft')))
    const script = [
      '#!/bin/sh',
      `if [ "$1" = -f ] && [ -e ${join(folder, 'refuse')} ]; then`,
      `  cat > ${join(folder, 'asked')}`,
      `  grep -q 'inet calico-monitor' ${join(folder, 'asked')} || { echo refused >&2; exit 1; }`,
      `  exec ${real}/nft -f ${join(folder, 'asked')}`,
      'fi',
      `exec ${real}/nft "$@"`,
    ].join('\n')
    await writeFile(join(fake, 'nft'), script, { mode: 0o755 })
    await writeFile(join(folder, 'refuse'), '')
    agent = await Agent.launch(lab, folder, `${fake}:${process.env['PATH']}`)
    await agent.logs('the kernel takes no rules: those from before stay')
    const status = async () => await runBuilt(['node', 'status', '--run-dir', join(folder, 'run')])
    const refused = await status()
    assert.equal(refused.code, 1)
    assert.match(refused.stdout, /Rules: +not \(yet\) as the datastore says/)
    await rm(join(folder, 'refuse'))
    await agent.reaches(1)
    assert.equal((await status()).code, 0)
  })

  it('tries again when the host does not say what it has', async () => {
    await agent.stop()
    const fake = join(folder, 'bin')
    await mkdir(fake)
    const [real] = (process.env['PATH'] ?? '').split(':').filter((directory) => existsSync(join(directory, 'ip')))
    // Says nothing of interfaces as long as the file is there.
    const script = ['#!/bin/sh', `[ "$*" = '-j address show' ] && [ -e ${join(folder, 'silent')} ] && exit 1`, `exec ${real}/ip "$@"`].join('\n')
    await writeFile(join(fake, 'ip'), script, { mode: 0o755 })
    await writeFile(join(folder, 'silent'), '')
    agent = await Agent.launch(lab, folder, `${fake}:${process.env['PATH']}`)
    await agent.logs('the host cannot be brought up to date')
    await rm(join(folder, 'silent'))
    await agent.reaches(1)
  })

  it('stops when it is told to, and the data path stays', async () => {
    assert.equal(await agent.stop(), 0)
    assert.deepEqual([await passes(0, 1), await passes(0, 2)], [true, false])
    const status = await runBuilt(['node', 'status', '--run-dir', join(folder, 'run')])
    assert.equal(status.code, 1)
    assert.match(status.stderr, /^Calico process is not running: no agent answers/)
  })
})

interface Extra {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** A running agent, and what it says. */
class Agent {
  revision = 0
  readonly #process: ChildProcess
  readonly #folder: string
  readonly #seen: string[] = []
  readonly #waiting = new Set<() => void>()

  private constructor(child: ChildProcess, folder: string) {
    this.#process = child
    this.#folder = folder
    if (!child.stderr) throw new Error('no log')
    createInterface(child.stderr).on('line', (line) => {
      this.#seen.push(line)
      for (const wake of this.#waiting) wake()
    })
  }

  /** Resolves when the kernel has what the datastore says. */
  static async start(lab: PacketLab, folder: string, extra: Extra = {}): Promise<Agent> {
    const agent = await Agent.launch(lab, folder, process.env['PATH'] ?? '', extra)
    await agent.reaches(1)
    return agent
  }

  /** Starts it; `path` says where programs are. */
  static async launch(lab: PacketLab, folder: string, path: string, extra: Extra = {}): Promise<Agent> {
    const [program = '', ...args] = lab.host.inside([
      process.execPath,
      PROGRAM,
      'node',
      'run',
      '--name=lab',
      `--run-dir=${join(folder, 'run')}`,
      '--agent-log=debug',
      ...(extra.args ?? []),
    ])
    const env = { PATH: path, HOME: folder, CALICOCTL_DATASTORE: join(folder, 'store.db'), ...extra.env }
    const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    await once(child, 'spawn')
    return new Agent(child, folder)
  }

  /** Waits until a revision of the datastore, or a later one, is in the kernel. */
  async reaches(revision: number): Promise<void> {
    await this.#until(() => {
      for (const line of this.#seen) {
        const { event, revision: at } = JSON.parse(line) as { event: string; revision?: number }
        if (event === 'the kernel has what the datastore says' && at !== undefined) this.revision = Math.max(this.revision, at)
      }
      return this.revision >= revision
    })
  }

  logs(event: string): Promise<void> {
    return this.#until(() => this.#seen.some((line) => (JSON.parse(line) as { event: string }).event === event))
  }

  settled(): Promise<void> {
    return this.logs('the state of the kernel is noted')
  }

  /** Gives the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exited = once(this.#process, 'exit')
      this.#process.kill(signal)
      await exited
    }
    return this.#process.exitCode
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#process.exitCode !== null) throw new Error(`the agent of ${this.#folder} ended:\n${this.#seen.join('\n')}`)
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake)
          resolve()
        }
        this.#waiting.add(wake)
      })
    }
  }
}
