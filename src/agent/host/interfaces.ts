import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { formatIp, type Ip, parseIp } from '../../model/net.ts'
import { WORKLOAD_PREFIX } from '../dataplane/host.ts'
import { ROUTE_PROTOCOLS } from '../routing/numbers.ts'
import { runProgram, startProgram } from './program.ts'

/** The interfaces of the host, each with its addresses. */
export type InterfaceMap = ReadonlyMap<string, readonly Ip[]>

/** The interfaces of the host, which the kernel is asked for only when it told of a change since. */
export class HostInterfaces {
  #known: InterfaceMap | undefined
  /** The kernel's changes are heard of, and there was none since they were read. */
  #isFresh = false
  /** Something was done to an interface of a workload, or to the routes over it. */
  #touched = false
  #listens = false

  /** The same map again as long as nothing has changed that matters here: interfaces, their addresses, or the routes of workloads. */
  async read(): Promise<InterfaceMap> {
    if (this.#known && this.#isFresh) return this.#known
    this.#isFresh = this.#listens
    const touched = this.#touched || !this.#listens
    this.#touched = false
    try {
      const found = await readInterfaces()
      if (!this.#known || touched || textOf(found) !== textOf(this.#known)) this.#known = found
      return this.#known
    } catch (error) {
      this.#isFresh = false
      this.#touched = touched
      throw error
    }
  }

  /** Calls back when interfaces, addresses or routes of the host have changed, until the signal aborts: once for all that happens in a moment. */
  async watch(signal: AbortSignal, changed: () => void): Promise<void> {
    let moment: NodeJS.Timeout | undefined
    const note = (touched: boolean) => {
      this.#isFresh = false
      this.#touched ||= touched
      moment ??= setTimeout(() => {
        moment = undefined
        changed()
      }, MOMENT_MILLISECONDS)
    }
    while (!signal.aborted) {
      const child = startProgram(['ip', '-o', 'monitor', 'label', 'link', 'address', 'route'], signal)
      child.stdin?.end()
      let runs = true
      // What happened before it began to listen is looked at too.
      const listen = async () => {
        await untilHears(child.pid ?? 0, () => !runs || signal.aborted)
        this.#listens = runs
        note(true)
      }
      const listening = listen()
      // It says so when it has missed something.
      child.stderr?.on('data', () => note(true))
      if (child.stdout) {
        for await (const line of createInterface(child.stdout)) {
          const touched = line.includes(WORKLOAD_PREFIX)
          // Other routes of the host are not the agent's concern.
          if (touched || !line.startsWith('[ROUTE]') || OWN_ROUTE.test(line)) note(touched)
        }
      }
      runs = this.#listens = false
      await listening
      // Where no program can be started for the moment, nothing else is to be held up by trying.
      if (!signal.aborted) await pause(PAUSE_MILLISECONDS)
    }
    clearTimeout(moment)
  }
}

// --- internal ---

/** Whoever makes an interface does several things to it, one right after another. */
const MOMENT_MILLISECONDS = 100
const LOOK_MILLISECONDS = 5
/** From the end of a monitor to the start of the next. */
const PAUSE_MILLISECONDS = 100
const OWN_ROUTE = new RegExp(` proto (?:${Object.values(ROUTE_PROTOCOLS).join('|')})\\b`)

/** Resolves when a process has a netlink socket that hears of changes, or when it is over. */
async function untilHears(pid: number, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const sockets = await readFile('/proc/net/netlink', 'utf8').catch(() => '')
    // Address, family (0: routes and interfaces), process, groups.
    const hears = sockets.split('\n').some((line) => {
      const [, family, owner, groups = ''] = line.split(/ +/)
      return family === '0' && owner === String(pid) && /[1-9a-f]/.test(groups)
    })
    if (hears) return
    await pause(LOOK_MILLISECONDS)
  }
}

async function readInterfaces(): Promise<InterfaceMap> {
  const links = JSON.parse(await runProgram(['ip', '-j', 'address', 'show'])) as readonly Link[]
  return new Map(
    links.map(({ ifname, addr_info: addresses = [] }) => [
      ifname,
      addresses.flatMap(({ local }) => {
        const ip = local === undefined ? undefined : parseIp(local)
        return ip ? [ip] : []
      }),
    ]),
  )
}

function textOf(interfaces: InterfaceMap): string {
  return [...interfaces].map(([name, addresses]) => `${name} ${addresses.map(formatIp).join(' ')}`).join('\n')
}

interface Link {
  readonly ifname: string
  readonly addr_info?: readonly { readonly local?: string }[]
}
