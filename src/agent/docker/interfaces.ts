import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import type { Ip } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'
import { runIpBatch } from '../host/ip-batch.ts'
import { ProgramError, runProgram } from '../host/program.ts'
import type { Routes } from '../host/routes.ts'
import { prepareInterface } from '../host/settings.ts'

/** The pairs of interfaces that lead to containers (`reference/docker-e2e.md 4`). */
export interface Interfaces {
  /** Makes the pair: this host's end with its routes, and the end that Docker moves into the container. Nothing is left of it when that fails. */
  create(pair: PairOptions): Promise<Pair>
  /** Removes the pair, wherever its other end is; one that is not there is fine. */
  remove(endpoint: string): Promise<void>
  /** The host's ends that there are. */
  list(): Promise<readonly HostEnd[]>
  /** As `remove`, by the name of the host's end. */
  removeNamed(name: string): Promise<void>
  /** The gateways that a container's network namespace has on interfaces of ours. */
  gateways(sandbox: string): Promise<readonly string[]>
}

export interface HostEnd {
  readonly name: string
  /** Whether the other end has been moved into a container. */
  readonly isJoined: boolean
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
export function kernelInterfaces(routes: Routes): Interfaces {
  async function remove(name: string): Promise<void> {
    routes.forget(name)
    if (existsSync(`${INTERFACES}/${name}`)) await removeLink(name)
  }

  return {
    async create({ endpoint, addresses, mac }) {
      const [host, containerEnd] = [hostInterface(endpoint), CONTAINER_PREFIX + suffix(endpoint)]
      const lines = [
        `link add ${host} type veth peer name ${containerEnd} address ${mac}`,
        `link set ${host} up`,
        ...routes.expect(host, addresses),
        ...(addresses.some(({ family }) => family === 6) ? [`addr add ${GATEWAY6}/64 dev ${host} nodad`] : []),
      ]
      try {
        await runAnew(lines, () => removeLink(host))
        await prepareInterface(host, addresses)
        return { containerEnd }
      } catch (error) {
        await remove(host)
        throw error instanceof ProgramError ? new UserError(`the interface ${host} cannot be made: ${error.message}`) : error
      }
    },
    remove: (endpoint) => remove(hostInterface(endpoint)),
    async list() {
      const all = new Set(await readdir(INTERFACES))
      const names = [...all].filter((name) => name.startsWith(PREFIX)).sort()
      return names.map((name) => ({ name, isJoined: !all.has(CONTAINER_PREFIX + name.slice(PREFIX.length)) }))
    },
    removeNamed: remove,
    async gateways(sandbox) {
      if (!/^\/[\w./-]+$/.test(sandbox)) throw new UserError(`"${sandbox}" is not the path of a network namespace`)
      // It comes to be after the first join only.
      if (!existsSync(sandbox)) return []
      const found = await runProgram(['nsenter', `--net=${sandbox}`, 'ip', '-4', 'route', 'show', 'scope', 'link'])
      return found.split('\n').flatMap((line) => (line.startsWith(GATEWAYS) ? [line.split(' ', 1)[0] ?? ''] : []))
    },
  }
}

// --- internal ---

const PREFIX = 'cali'
const CONTAINER_PREFIX = 'temp'
const GATEWAYS = '169.254.1.'
const INTERFACES = '/sys/class/net'

/** Interface names have fifteen characters at most. */
function suffix(endpoint: string): string {
  if (!/^[0-9a-zA-Z]{11,}$/.test(endpoint)) throw new UserError(`"${endpoint}" is not the id of an endpoint`)
  return endpoint.slice(0, 11)
}

/** What an earlier attempt has left is in the way of the first line. */
async function runAnew(lines: readonly string[], removeOld: () => Promise<void>): Promise<void> {
  try {
    await runIpBatch(lines)
  } catch (error) {
    if (!(error instanceof ProgramError && /File exists/.test(error.message))) throw error
    await removeOld()
    await runIpBatch(lines)
  }
}

async function removeLink(name: string): Promise<void> {
  try {
    await runProgram(['ip', 'link', 'del', name])
  } catch (error) {
    if (!(error instanceof ProgramError && /Cannot find device/.test(error.message))) throw error
  }
}
