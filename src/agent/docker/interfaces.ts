import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { formatIp, type Ip } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'

/** The pairs of interfaces that lead to containers (`reference/docker-e2e.md 4`). */
export interface Interfaces {
  /** Makes the pair: this host's end with its routes, and the end that Docker moves into the container. Nothing is left of it when that fails. */
  create(pair: PairOptions): Promise<Pair>
  /** Removes the pair, wherever its other end is; one that is not there is fine. */
  remove(endpoint: string): Promise<void>
  /** The host's ends that there are. */
  list(): Promise<readonly string[]>
  /** As `remove`, by the name of the host's end. */
  removeNamed(name: string): Promise<void>
  /** The gateways that a container's network namespace has on interfaces of ours. */
  gateways(sandbox: string): Promise<readonly string[]>
}

export interface PairOptions {
  /** Docker's id of the endpoint. */
  readonly endpoint: string
  readonly addresses: readonly Ip[]
  readonly mac: string
}

export interface Pair {
  /** The end for the container, as long as it is in this host. */
  readonly containerEnd: string
}

/**
 * The address that containers take for their gateway; their host answers for it. In each network of a container it is another one of these 254: a second route
 * to the same one would keep the container from starting.
 */
export function gateway(number: number): string {
  return `${GATEWAYS}${number}`
}

/** The gateway in IPv6: this host's address on each of the links. */
export const GATEWAY6 = 'fe80::1'

/** The host's end of an endpoint's pair; by it the data plane knows the endpoint. */
export function hostInterface(endpoint: string): string {
  return PREFIX + suffix(endpoint)
}

/** Interfaces of the kernel, by `ip`. */
export function kernelInterfaces(): Interfaces {
  return {
    async create({ endpoint, addresses, mac }) {
      const [host, containerEnd] = [hostInterface(endpoint), `temp${suffix(endpoint)}`]
      const commands = [
        `link add ${host} type veth peer name ${containerEnd} address ${mac}`,
        `link set ${host} up`,
        ...addresses.map((address) => `route replace ${formatIp(address)}/${width(address)} dev ${host}${scope(address)}`),
      ]
      if (addresses.some(({ family }) => family === 6)) commands.push(`addr add ${GATEWAY6}/64 dev ${host} nodad`)
      try {
        await batch(commands, async () => await removeLink(host))
        await setUp(host, addresses)
        return { containerEnd }
      } catch (error) {
        await removeLink(host)
        throw error
      }
    },
    remove: (endpoint) => removeLink(hostInterface(endpoint)),
    list: async () => (await readdir('/sys/class/net')).filter((name) => name.startsWith(PREFIX)).sort(),
    removeNamed: (name) => removeLink(name),
    async gateways(sandbox) {
      if (!/^\/[\w./-]+$/.test(sandbox)) throw new UserError(`"${sandbox}" is not the path of a network namespace`)
      // It comes to be after the first join only.
      if (!existsSync(sandbox)) return []
      const routes = await run('nsenter', [`--net=${sandbox}`, 'ip', '-4', 'route', 'show', 'scope', 'link'])
      return routes.split('\n').flatMap((line) => (line.startsWith(GATEWAYS) ? [line.split(' ', 1)[0] ?? ''] : []))
    },
  }
}

// --- internal ---

const PREFIX = 'cali'
const GATEWAYS = '169.254.1.'

/** Interface names have fifteen characters at most. */
function suffix(endpoint: string): string {
  if (!/^[0-9a-zA-Z]{11,}$/.test(endpoint)) throw new UserError(`"${endpoint}" is not the id of an endpoint`)
  return endpoint.slice(0, 11)
}

function width({ family }: Ip): number {
  return family === 4 ? 32 : 128
}

function scope({ family }: Ip): string {
  return family === 4 ? ' scope link' : ''
}

/** Lines for one `ip`, which starts slower than it works. What an earlier attempt has left is in the way of the first line. */
async function batch(commands: readonly string[], removeOld: () => Promise<void>): Promise<void> {
  const input = `${commands.join('\n')}\n`
  try {
    await run('ip', ['-batch', '-'], input)
  } catch (error) {
    if (!(error instanceof CommandError && /File exists/.test(error.message))) throw error
    await removeOld()
    await run('ip', ['-batch', '-'], input)
  }
}

/** The host answers in the place of all others, at once. */
async function setUp(host: string, addresses: readonly Ip[]): Promise<void> {
  await sysctl(`ipv4/conf/${host}/proxy_arp`, '1')
  await sysctl(`ipv4/neigh/${host}/proxy_delay`, '0')
  if (addresses.some(({ family }) => family === 6)) await sysctl(`ipv6/conf/${host}/proxy_ndp`, '1')
}

async function removeLink(name: string): Promise<void> {
  try {
    await run('ip', ['link', 'del', name])
  } catch (error) {
    if (!(error instanceof CommandError && /Cannot find device/.test(error.message))) throw error
  }
}

async function sysctl(path: string, value: string): Promise<void> {
  try {
    await writeFile(`/proc/sys/net/${path}`, value)
  } catch (error) {
    throw new UserError(`cannot set /proc/sys/net/${path}: ${(error as Error).message}`)
  }
}

class CommandError extends UserError {}

/** Never through a shell. */
async function run(program: string, args: readonly string[], input?: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const child = execFile(program, args, { timeout: 10_000, env: { PATH: process.env['PATH'], LC_ALL: 'C' } }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      reject(new CommandError(`${program} ${args.join(' ')}: ${stderr.trim() || error.message}`))
    })
    // A program that ended early does not read it; its status says why.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })
}
