import { prefixRange } from '../store/datastore.ts'
import { holderOf } from '../ipam/allocation.ts'
import { parseBlock } from '../ipam/block.ts'
import { getIpamConfig } from '../ipam/config.ts'
import { BLOCKS, type Ipam, IpamError } from '../ipam/store.ts'
import { assignmentOf, ipamUsage, type Usage } from '../ipam/usage.ts'
import { formatIp, formatNet, type Ip, ipAt } from '../model/net.ts'
import { escapeForTerminal } from '../output/escape.ts'
import { formatGrid } from '../output/grid.ts'
import { type Context, EXIT } from './context.ts'

/** Who has an address (`reference/calicoctl.md 7.2`). Nobody is an answer too; a resting address is a failure, as with the peer. */
export async function showAddress(ipam: Ipam, ip: Ip, context: Context): Promise<number> {
  const address = formatIp(ip)
  try {
    const { handle_id: handle, secondary, alternateOwnerAttrs } = await assignmentOf(ipam, ip)
    const attributes = (title: string, map: Readonly<Record<string, string>>) =>
      `${title}:\n${Object.entries(map)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => `  ${escapeForTerminal(key)}: ${escapeForTerminal(value)}\n`)
        .join('')}`
    const none = Object.keys(secondary ?? {}).length === 0
    context.stdout.write(`IP ${address} is in use\nHandle ID: ${handle ? escapeForTerminal(handle) : '<none>'}\n`)
    context.stdout.write(none ? 'No Active Owner attributes defined\n' : attributes('Active Owner Attributes', secondary ?? {}))
    if (Object.keys(alternateOwnerAttrs ?? {}).length > 0) context.stdout.write(attributes('Alternate Owner Attributes', alternateOwnerAttrs ?? {}))
    return EXIT.ok
  } catch (error) {
    if (!(error instanceof IpamError)) throw error
    if (error.code === 'missing') {
      context.stdout.write(`${address} is not assigned\n`)
      return EXIT.ok
    }
    throw error
  }
}

/** How much of the pools, and of their blocks, is in use. */
export async function showUsage(ipam: Ipam, withBlocks: boolean, context: Context): Promise<void> {
  const rows: string[][] = []
  for (const pool of await ipamUsage(ipam)) {
    if (pool.cidr !== undefined) rows.push(['IP Pool', pool.cidr, ...counts(pool)])
    if (withBlocks) for (const block of pool.blocks) rows.push(['Block', block.cidr, ...counts(block)])
  }
  const numbers = ['IPS TOTAL', 'IPS IN USE', 'IPS RESERVED', 'IPS FREE'].map((heading) => ({ heading, align: 'right' as const }))
  context.stdout.write(formatGrid([{ heading: 'GROUPING' }, { heading: 'CIDR' }, ...numbers], rows))
}

/** Addresses that a host has out of another's block. */
export async function showBorrowed(ipam: Ipam, context: Context): Promise<void> {
  const { keyValues } = await ipam.datastore.range(prefixRange(BLOCKS))
  const rows: string[][] = []
  let unknown = 0
  for (const block of keyValues.flatMap(({ value }) => parseBlock(value) ?? [])) {
    const owner = /^host:(.+)$/.exec(block.affinity ?? '')?.[1] ?? ''
    for (const ordinal of block.allocations.keys()) {
      const holder = holderOf(block, ordinal)
      if (!holder) continue
      const attributes = holder.secondary ?? {}
      const { node, pod, namespace = '', type = '' } = attributes
      const machine = attributes['vmi-name']
      if (node === undefined) unknown++
      else if (node !== owner) {
        const [kind, to] =
          machine === undefined ? (pod === undefined ? [type, ''] : ['pod', `${namespace}/${pod}`]) : ['vmi', `${namespace}/${machine}`]
        rows.push([formatIp(ipAt(block.net, ordinal)), node, formatNet(block.net), owner, kind, to])
      }
    }
  }
  const headings = ['IP', 'BORROWING-NODE', 'BLOCK', 'BLOCK OWNER', 'TYPE', 'ALLOCATED-TO']
  context.stdout.write(
    formatGrid(
      headings.map((heading) => ({ heading })),
      rows,
    ),
  )
  if (unknown > 0) {
    context.stdout.write(`\nNote: found ${unknown} IP allocations without an explicit node association. Unable to determine if they are borrowed.\n`)
  }
}

export async function showConfiguration(ipam: Ipam, context: Context): Promise<void> {
  const config = await getIpamConfig(ipam)
  const rows = [
    ['StrictAffinity', String(config.strictAffinity)],
    ['AutoAllocateBlocks', String(config.autoAllocateBlocks)],
    ['MaxBlocksPerHost', String(config.maxBlocksPerHost)],
    // Scripts look for this word of the peer's when nothing is stored.
    ['KubeVirtVMAddressPersistence', config.kubeVirtVMAddressPersistence ?? '(*ipam.VMAddressPersistence)(nil)'],
    ['IPCooldownSeconds', String(config.ipCooldownSeconds)],
  ]
  context.stdout.write(formatGrid([{ heading: 'PROPERTY' }, { heading: 'VALUE' }], rows))
}

// --- internal ---

function counts({ capacity, inUse, reserved, available }: Usage): string[] {
  const share = (part: bigint) => `${short(part)} (${percent(part, capacity)}%)`
  return [short(capacity), share(inUse), share(reserved), share(available)]
}

/** Five digits, as `%.5g` of C has them. */
function short(count: bigint): string {
  if (count < 100_000n) return String(count)
  const [digits = '', exponent = ''] = Number(count).toExponential(4).split('e+')
  return `${digits.replace(/\.?0+$/, '')}e+${exponent.padStart(2, '0')}`
}

/** Whole percents; a half goes to the even neighbour. */
function percent(part: bigint, whole: bigint): bigint {
  if (whole === 0n) return 0n
  const [floor, rest] = [(part * 100n) / whole, (part * 100n) % whole]
  return rest * 2n > whole || (rest * 2n === whole && floor % 2n === 1n) ? floor + 1n : floor
}
