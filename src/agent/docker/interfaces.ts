import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { formatIp, type Ip } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'

/** The pairs of interfaces that lead to containers (`reference/docker-e2e.md 4`). */
export interface Interfaces {
  /** Makes the pair: this host's end with its routes, and the end that Docker moves into the container. Nothing is left of it when that fails. */
  create(pair: PairOptions): Promise<Pair>
  /** Removes the pair, wherever its other end is; one that is not there is fine. */
  remove(endpoint: string): Promise<void>
  /** Whether a container's network namespace has its way out over another interface of ours already. */
  hasGateway(sandbox: string): Promise<boolean>
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

/** The address that containers take for their gateway; their host answers for it. */
export const GATEWAY = '169.254.1.1'
/** The same in IPv6: this host's address on each of the links. */
export const GATEWAY6 = 'fe80::1'

/** The host's end of an endpoint's pair; by it the data plane knows the endpoint. */
export function hostInterface(endpoint: string): string {
  return `cali${suffix(endpoint)}`
}

/** Interfaces of the kernel, by `ip`. */
export function kernelInterfaces(): Interfaces {
  return {
    async create({ endpoint, addresses, mac }) {
      const [host, containerEnd] = [hostInterface(endpoint), `temp${suffix(endpoint)}`]
      // What an earlier attempt has left would be in the way.
      await removeLink(host)
      try {
        await ip('link', 'add', host, 'type', 'veth', 'peer', 'name', containerEnd)
        await ip('link', 'set', containerEnd, 'address', mac)
        await setUp(host, addresses)
        return { containerEnd }
      } catch (error) {
        await removeLink(host)
        throw error
      }
    },
    remove: (endpoint) => removeLink(hostInterface(endpoint)),
    async hasGateway(sandbox) {
      if (!/^\/[\w./-]+$/.test(sandbox)) throw new UserError(`"${sandbox}" is not the path of a network namespace`)
      // It comes to be after the first join only.
      if (!existsSync(sandbox)) return false
      const routes = await run('nsenter', [`--net=${sandbox}`, 'ip', '-4', 'route', 'show', `${GATEWAY}/32`])
      return routes.trim() !== ''
    },
  }
}

// --- internal ---

/** Interface names have fifteen characters at most. */
function suffix(endpoint: string): string {
  if (!/^[0-9a-zA-Z]{11,}$/.test(endpoint)) throw new UserError(`"${endpoint}" is not the id of an endpoint`)
  return endpoint.slice(0, 11)
}

async function setUp(host: string, addresses: readonly Ip[]): Promise<void> {
  const families = new Set(addresses.map(({ family }) => family))
  if (families.has(6)) {
    await sysctl(`ipv6/conf/${host}/disable_ipv6`, '0')
    await sysctl(`ipv6/conf/${host}/proxy_ndp`, '1')
  }
  await ip('link', 'set', host, 'up')
  if (families.has(6)) await ip('-6', 'addr', 'add', `${GATEWAY6}/64`, 'dev', host, 'nodad')
  await sysctl(`ipv4/conf/${host}/proxy_arp`, '1')
  // The first packet is answered at once.
  await sysctl(`ipv4/neigh/${host}/proxy_delay`, '0')
  for (const address of addresses) {
    const width = address.family === 4 ? 32 : 128
    const scope = address.family === 4 ? ['scope', 'link'] : []
    await ip(`-${address.family}`, 'route', 'replace', `${formatIp(address)}/${width}`, 'dev', host, ...scope)
  }
}

async function removeLink(name: string): Promise<void> {
  try {
    await ip('link', 'del', name)
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

function ip(...args: string[]): Promise<string> {
  return run('ip', args)
}

class CommandError extends UserError {}

/** Never through a shell. */
async function run(program: string, args: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(program, args, { timeout: 10_000, env: { PATH: process.env['PATH'], LC_ALL: 'C' } }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout)
      reject(new CommandError(`${program} ${args.join(' ')}: ${stderr.trim() || error.message}`))
    })
  })
}
