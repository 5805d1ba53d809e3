import { userInfo } from 'node:os'
import { Option } from 'commander'
import { runAgent, statusSocket } from '../agent/agent.ts'
import { AGENT_LOG_LEVELS, type AgentLogLevel, jsonLog } from '../agent/log.ts'
import type { FelixOverride } from '../agent/felix-settings.ts'
import { readFelixEnvironment, readFelixFile } from '../agent/felix-text.ts'
import { askBgpStatus, type BgpStatus } from '../agent/routing/bgp-status.ts'
import { SECRETS_FOLDER } from '../agent/routing/secret-files.ts'
import { type AgentStatus, askStatus } from '../agent/status.ts'
import { parseAsNumber } from '../model/as-number.ts'
import { type Family, type Ip, parseIp, parseNet } from '../model/net.ts'
import { UserError } from '../model/user-error.ts'
import { escapeForTerminal } from '../output/escape.ts'
import { formatGrid } from '../output/grid.ts'
import { VERSION } from '../version.ts'
import { type Context, EXIT } from './context.ts'
import { withExamples } from './help.ts'
import { addContainerOptions, refuseContainerOptions } from './node-refusals.ts'
import type { GlobalOptions } from './options.ts'
import { openSession } from './session.ts'
import type { Define } from './table.ts'
import { UsageError } from './usage-error.ts'

interface NodeOptions extends GlobalOptions {
  readonly name?: string
  readonly acceptEmpty?: boolean
  readonly ip?: string
  readonly ipAutodetectionMethod?: string
  readonly ip6?: string
  readonly ip6AutodetectionMethod?: string
  readonly backend?: 'bird' | 'none'
  readonly bgpSecrets?: string
  readonly as?: string
  /** `--no-default-ippools`. */
  readonly defaultIppools: boolean
  readonly disableDockerNetworking?: boolean
  readonly dockerScope?: 'auto' | 'local' | 'global'
  readonly containerLabels?: boolean
  /** `--no-mirror-networks`. */
  readonly mirrorNetworks: boolean
  readonly dns?: string
  readonly cleanupAfter?: string
  readonly felixConfig?: string
  readonly agentLog?: AgentLogLevel
  readonly runDir: string
  readonly output?: 'text' | 'json'
}

export const define: Define = (command, run) => {
  command
    .argument('<verb>', 'run: be the agent of this host, in the foreground, as root; status: how the agent is')
    .option('--name <node>', "run: the host's name, as in spec.node of its endpoints (default: its host name)")
    .option('--ip <address>', 'run: the address that other hosts know this one by, or autodetect (default: autodetect)')
    .option(
      '--ip-autodetection-method <method>',
      'run: first-found, interface=REGEX, skip-interface=REGEX or can-reach=ADDRESS (default: first-found)',
    )
    .option('--ip6 <address>', 'run: the IPv6 address that other hosts know this one by, or autodetect (default: none)')
    .option('--ip6-autodetection-method <method>', 'run: how --ip6=autodetect finds it, as above (default: first-found)')
    .addOption(
      new Option('--backend <backend>', 'run: who leads traffic between hosts; none: you (default: bird, on a local datastore none)').choices([
        'bird',
        'none',
      ]),
    )
    .option('--bgp-secrets <folder>', `run: passwords of BGP sessions, each in the file <secret>/<key> (default: ${SECRETS_FOLDER})`)
    .option('--as <number>', 'run: the AS number of this host, as in 64512 or 1.10 (default: that of BGPConfiguration default)')
    .option('--no-default-ippools', 'run: make no pool of addresses when there is none')
    .option('--disable-docker-networking', "run: do not be Docker's network plugin")
    .addOption(
      new Option('--docker-scope <scope>', "run: what Docker's networks are to be; auto: as Docker is set up").choices(['auto', 'local', 'global']),
    )
    .option('--no-mirror-networks', "run: make no other host's Docker networks here, and this host's nowhere else, where Docker does not share them")
    .option('--container-labels', 'run: labels of containers that begin with org.projectcalico.label. become labels of their endpoints')
    // Its name in Calico 2.6.
    .addOption(new Option('--use-docker-networking-container-labels').implies({ containerLabels: true }).hideHelp())
    .option(
      '--dns <address>',
      "run: where to answer for container names; off, or auto: at the host's own address, unless Docker's networks are global",
    )
    .option('--cleanup-after <seconds>', 'run: how long what a killed Docker leaves behind is let be (default: 10)')
    .option(
      '--felix-config <file>',
      'run: settings of Felix, Name = value below [global], that win over FelixConfigurations; FELIX_NAME in the environment wins over both',
    )
    .option('--accept-empty', 'run: when everything is gone from the datastore, take that for what is wanted')
    .addOption(new Option('--agent-log <level>', 'run: the least level of what is logged, as JSON lines on stderr').choices([...AGENT_LOG_LEVELS]))
    .option('--run-dir <folder>', "where the agent's socket and notes are", RUN_FOLDER)
    .addOption(new Option('-o, --output <format>', 'status: form of the answer').choices(['text', 'json']))
  withExamples(command, [
    ['calicoctl node run', 'enforce on this host what the datastore says'],
    ['calicoctl node run --name=host1', 'under another name than its host name'],
    ['calicoctl node status', 'what the agent of this host is at'],
  ])
  addContainerOptions(command)
  command.action(run((context, verb: string, options: NodeOptions) => runVerb(verb, options, context)))
}

// --- internal ---

const RUN_FOLDER = '/var/run/calicoctl'

const PEER_COLUMNS = ['PEER ADDRESS', 'PEER TYPE', 'STATE', 'SINCE', 'INFO'].map((heading) => ({ heading }))

/** Which options each verb takes. */
const VERBS: Readonly<Record<string, readonly (keyof NodeOptions)[]>> = {
  run: [
    'name',
    'ip',
    'ipAutodetectionMethod',
    'ip6',
    'ip6AutodetectionMethod',
    'backend',
    'bgpSecrets',
    'as',
    'disableDockerNetworking',
    'dockerScope',
    'containerLabels',
    'dns',
    'cleanupAfter',
    'felixConfig',
    'acceptEmpty',
    'agentLog',
  ],
  status: ['output'],
}

async function runVerb(verb: string, options: NodeOptions, context: Context): Promise<number> {
  refuseContainerOptions(options)
  const own = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  if (!own) throw new UsageError(`unknown command "node ${verb}"`, `one of: ${Object.keys(VERBS).join(', ')}`)
  const all = Object.values(VERBS).flat()
  const foreign = all.find((name) => options[name] !== undefined && !own.includes(name))
  if (foreign !== undefined) throw new UsageError(`--${foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} is not for node ${verb}`)
  return verb === 'run' ? await runNode(options, context) : await showStatus(options, context)
}

/** Runs until Ctrl-C or SIGTERM; what the kernel has stays. */
async function runNode(options: NodeOptions, context: Context): Promise<number> {
  if (options.disableDockerNetworking && options.containerLabels)
    throw new UsageError('invalid to disable Docker Networking and enable Container labels')
  const dns = dnsOf(options.dns)
  const felix = await readOverrides(options.felixConfig, context)
  if (userInfo().uid !== 0)
    throw new UserError('Need super user privileges: Operation not permitted', 'run it as root, as in: sudo calicoctl node run')
  const datastore = await openSession(context, options)
  const log = jsonLog(
    (line) => context.stderr.write(line),
    () => context.clock.now(),
    options.agentLog ?? 'info',
  )
  context.endByItself()
  await runAgent(
    {
      node: options.name ?? context.host.toLowerCase(),
      datastore,
      clock: context.clock,
      log,
      version: VERSION,
      runFolder: options.runDir,
      acceptEmpty: options.acceptEmpty ?? false,
      felix,
      addresses: {
        4: { given: addressOf(options.ip, 4), method: options.ipAutodetectionMethod ?? 'first-found' },
        6: options.ip6 === undefined ? undefined : { given: addressOf(options.ip6, 6), method: options.ip6AutodetectionMethod ?? 'first-found' },
      },
      asNumber: asNumberOf(options.as),
      defaultPools: options.defaultIppools,
      bgpSecrets: options.bgpSecrets ?? SECRETS_FOLDER,
      birdFolder: (options.backend ?? (datastore.isShared ? 'bird' : 'none')) === 'bird' ? birdFolder(options.runDir) : undefined,
      dns,
      docker: options.disableDockerNetworking
        ? undefined
        : {
            scope: options.dockerScope ?? 'auto',
            containerLabels: options.containerLabels ?? false,
            mirrorNetworks: options.mirrorNetworks,
            graceMilliseconds: secondsOf(options.cleanupAfter) * 1000,
          },
    },
    context.signal,
  )
  return EXIT.ok
}

/** What is set outside of the datastore, the environment last, for it wins. */
async function readOverrides(file: string | undefined, context: Context): Promise<FelixOverride[]> {
  const environment = readFelixEnvironment(context.env)
  if (file === undefined) return [environment]
  const bytes = await context.files.readFile(file).catch((error: unknown) => {
    const reason = (error as { code?: string }).code === 'ENOENT' ? 'no such file' : error instanceof Error ? error.message : String(error)
    throw new UserError(`cannot read ${file}: ${reason}`)
  })
  return [readFelixFile(file, Buffer.from(bytes).toString('utf8')), environment]
}

/** Undefined: to be found out. */
function addressOf(text: string | undefined, family: Family): string | undefined {
  if (text === undefined || text === 'autodetect') return undefined
  const net = parseNet(text)
  if (!net) throw new UserError(`invalid IP address specified: ${text}`)
  if (net.family !== family) throw new UserError(`--${family === 4 ? 'ip' : 'ip6'} is wrong IP version`)
  return text
}

function asNumberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = parseAsNumber(text)
  if (!number) throw new UserError(`invalid AS Number specified: ${text}`)
  return number
}

/** BIRD is where other programs that know Calico look for it, unless everything is to be elsewhere. */
function birdFolder(runDir: string): string {
  return runDir === RUN_FOLDER ? '/var/run/calico' : runDir
}

function dnsOf(text = 'auto'): 'auto' | 'off' | Ip {
  if (text === 'auto' || text === 'off') return text
  const ip = parseIp(text)
  // At all addresses at once it could not tell itself from the host's name servers, and would ask itself.
  if (!ip || BigInt(ip.value) === 0n)
    throw new UsageError(`--dns ${text}: that is not an address of one host`, 'an address of this host, auto or off')
  return ip
}

function secondsOf(text = '10'): number {
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--cleanup-after ${text}: that is not a number of seconds`)
  return Number(text)
}

/** Exit code 0: the kernel has what the datastore says; 1: not now, or there is no agent. */
async function showStatus(options: NodeOptions, context: Context): Promise<number> {
  const path = statusSocket(options.runDir)
  let status: AgentStatus
  try {
    status = await askStatus(path)
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'EACCES' ? 'only root may ask it' : 'no agent answers'
    throw new UserError(`Calico process is not running: ${why} at ${path}`, 'start it: calicoctl node run')
  }
  const bgp = status.backend === 'bird' ? await askBgpStatus(birdFolder(options.runDir)).catch((error: Error) => error) : undefined
  if (options.output === 'json') {
    const more = bgp instanceof Error ? { bgpError: bgp.message } : { bgp }
    context.stdout.write(`${JSON.stringify({ ...status, ...more }, undefined, 2)}\n`)
  } else context.stdout.write(`${describe(status)}${status.backend === 'bird' ? describeBgp(bgp) : ''}`)
  return status.inSync ? EXIT.ok : EXIT.failure
}

function describe(status: AgentStatus): string {
  const { endpoints } = status
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Node', `${status.node} (process ${status.pid}, since ${status.startedAt})`],
    ['Rules', status.inSync ? `as the datastore says, at revision ${status.revision}` : 'not (yet) as the datastore says'],
    ['Datastore', status.datastore],
    ['Endpoints', `${endpoints.workloads} workloads, ${endpoints.hosts} hosts${endpoints.idle > 0 ? `, ${endpoints.idle} that cannot act` : ''}`],
    ['Last change', status.programmedAt && `${status.programmedAt}, in ${status.lagMilliseconds ?? 0} ms`],
    ...status.names.map(({ address, failure }) => ['Names', failure === undefined ? `answered at ${address}` : `not answered: ${failure}`] as const),
    ['Networks', status.networks && `${status.networks.shared} on all hosts`],
    ...(status.networks?.faults ?? []).map((fault) => ['Network', fault] as const),
    ['Closed', status.refused.length > 0 ? status.refused.join(', ') : undefined],
    ['Last error', status.lastError],
  ]
  const lines = rows.flatMap(([title, text]) => (text === undefined ? [] : [`${`${title}:`.padEnd(14)}${escapeForTerminal(text)}\n`]))
  return `Calico process is running.\n\n${lines.join('')}`
}

/** As the peer prints it (`reference/calicoctl.md 6.2`). */
function describeBgp(bgp: BgpStatus | Error | undefined): string {
  if (bgp === undefined) return '\nThe BGP backend process (BIRD) is not running.\n'
  if (bgp instanceof Error) return `\nError querying BIRD: ${escapeForTerminal(bgp.message)}\n`
  const sections = [bgp.v4, bgp.v6].map((peers, index) => {
    const version = index === 0 ? 4 : 6
    if (peers.length === 0) return `\nIPv${version} BGP status\nNo IPv${version} peers found.\n`
    const rows = peers.map(({ address, port, type, state, since, info }) => [
      port === undefined ? address : version === 4 ? `${address}:${port}` : `[${address}]:${port}`,
      type,
      state,
      since,
      info,
    ])
    return `\nIPv${version} BGP status\n${formatGrid(PEER_COLUMNS, rows)}`
  })
  return `${sections.join('')}\n`
}
