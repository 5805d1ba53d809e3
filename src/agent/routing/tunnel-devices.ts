import { type Family, formatIp, type Ip } from '../../model/net.ts'
import { ProgramError, runProgram } from '../host/program.ts'
import { IPIP_DEVICE, type OwnLink, type TunnelDevice, type TunnelNeighbour, VXLAN_DEVICES } from './tunnels.ts'

/** Finds the interface that has an address. */
export async function linkWith(address: Ip): Promise<OwnLink | undefined> {
  const links = await readLinks(['address', 'show'])
  const text = formatIp(address)
  const found = links.find(({ addr_info: addresses = [] }) => addresses.some(({ local }) => local === text))
  return found && { name: found.ifname, mtu: found.mtu ?? 1500 }
}

/** Makes the tunnels of the host what they should be: only what differs is touched, and those that nobody wants are gone. @throws ProgramError */
export async function updateTunnels(devices: readonly TunnelDevice[], neighbours: readonly TunnelNeighbour[]): Promise<void> {
  const present = new Map((await readLinks(['-d', 'address', 'show'])).map((link) => [link.ifname, link]))
  for (const name of [IPIP_DEVICE, ...Object.values(VXLAN_DEVICES)]) {
    const link = present.get(name)
    const wanted = devices.find((device) => device.name === name)
    if (wanted) await updateDevice(wanted, link)
    // What the kernel makes by itself for IP in IP cannot be removed, only put to rest.
    else if (link) await runProgram(name === IPIP_DEVICE ? ['ip', 'link', 'set', name, 'down'] : ['ip', 'link', 'del', name])
    if (wanted?.type === 'vxlan') {
      await updateNeighbours(
        wanted,
        neighbours.filter(({ device }) => device === name),
      )
    }
  }
}

// --- internal ---

const VNI = 4096
const PORT = 4789

interface Link {
  readonly ifname: string
  readonly mtu?: number
  readonly flags?: readonly string[]
  readonly address?: string
  readonly linkinfo?: {
    readonly info_kind?: string
    readonly info_data?: { readonly id?: number; readonly local?: string; readonly local6?: string; readonly link?: string; readonly port?: number }
  }
  readonly addr_info?: readonly { readonly local?: string; readonly scope?: string }[]
}

async function readLinks(what: readonly string[]): Promise<readonly Link[]> {
  return JSON.parse(await runProgram(['ip', '-j', ...what])) as readonly Link[]
}

async function updateDevice(device: TunnelDevice, present: Link | undefined): Promise<void> {
  const { name, type, address, local, link, mtu, mac } = device
  const ip = async (...args: readonly string[]) => void (await runProgram(['ip', ...args]))
  let current = present
  if (current && !isSame(device, current)) {
    await ip('link', 'del', name)
    current = undefined
  }
  if (!current) {
    if (type === 'vxlan') {
      const more = ['id', String(VNI), 'local', formatIp(local), 'dev', link.name, 'dstport', String(PORT), 'nolearning']
      await ip('link', 'add', name, 'address', mac, 'type', 'vxlan', ...more)
    } else await addIpip(name)
  }
  if (current?.mtu !== mtu) await ip('link', 'set', name, 'mtu', String(mtu))
  if (!current?.flags?.includes('UP')) await ip('link', 'set', name, 'up')
  const text = formatIp(address)
  const others = (current?.addr_info ?? []).flatMap(({ local = '', scope }) => (scope === 'global' && local !== '' ? [local] : []))
  for (const other of others) if (other !== text) await ip('address', 'del', `${other}/${wholeOf(address)}`, 'dev', name)
  if (!others.includes(text)) await ip('address', 'replace', `${text}/${wholeOf(address)}`, 'dev', name)
}

async function addIpip(name: string): Promise<void> {
  try {
    await runProgram(['ip', 'link', 'add', name, 'type', 'ipip'])
  } catch (error) {
    // The kernel makes it by itself when it first learns of IP in IP.
    const isThere = error instanceof ProgramError && (await readLinks(['address', 'show'])).some(({ ifname }) => ifname === name)
    if (!isThere) throw error
  }
}

function isSame({ type, local, link, mac }: TunnelDevice, { linkinfo, address }: Link): boolean {
  if (type === 'ipip') return true
  const { id, local: from, local6, link: over, port } = linkinfo?.info_data ?? {}
  return (
    linkinfo?.info_kind === 'vxlan' && id === VNI && port === PORT && (from ?? local6) === formatIp(local) && over === link.name && address === mac
  )
}

function wholeOf({ family }: { readonly family: Family }): number {
  return family === 4 ? 32 : 128
}

/** Where packets to an address in the tunnel go: its hardware address, and the host that has that. */
async function updateNeighbours({ name, address }: TunnelDevice, wanted: readonly TunnelNeighbour[]): Promise<void> {
  const [near, far] = [
    await listed(['ip', '-j', `-${address.family}`, 'neigh', 'show', 'dev', name, 'nud', 'permanent']),
    await listed(['bridge', '-j', 'fdb', 'show', 'dev', name]),
  ]
  const macs = new Map(near.flatMap(({ dst, lladdr }) => (dst !== undefined && lladdr !== undefined ? [[dst, lladdr] as const] : [])))
  const hosts = new Map(far.flatMap(({ mac, dst }) => (dst !== undefined && mac !== undefined ? [[mac, dst] as const] : [])))
  const lines: string[] = []
  const bridgeLines: string[] = []
  const [wantedMacs, wantedHosts] = [
    new Map(wanted.map((one) => [formatIp(one.address), one.mac])),
    new Map(wanted.map((one) => [one.mac, formatIp(one.host)])),
  ]
  for (const [ip, mac] of macs) if (!wantedMacs.has(ip)) lines.push(`neigh del ${ip} lladdr ${mac} dev ${name} nud permanent`)
  for (const [ip, mac] of wantedMacs) if (macs.get(ip) !== mac) lines.push(`neigh replace ${ip} lladdr ${mac} dev ${name} nud permanent`)
  for (const [mac, host] of hosts) if (wantedHosts.get(mac) !== host) bridgeLines.push(`fdb del ${mac} dev ${name} dst ${host} self`)
  for (const [mac, host] of wantedHosts) if (hosts.get(mac) !== host) bridgeLines.push(`fdb append ${mac} dev ${name} dst ${host} self permanent`)
  if (bridgeLines.length > 0) await runProgram(['bridge', '-force', '-batch', '-'], { input: `${bridgeLines.join('\n')}\n` })
  if (lines.length > 0) await runProgram(['ip', '-force', '-batch', '-'], { input: `${lines.join('\n')}\n` })
}

interface Listed {
  readonly dst?: string
  readonly lladdr?: string
  readonly mac?: string
}

async function listed(command: readonly string[]): Promise<readonly Listed[]> {
  const text = await runProgram(command)
  return JSON.parse(text.trim() === '' ? '[]' : text) as readonly Listed[]
}
