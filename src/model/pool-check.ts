import { networksOverlap } from './address.ts'
import type { Report, Resource } from './kind.ts'
import { type Net, parseCidr } from './net.ts'
import type { Check } from './schema.ts'
import { parseSelector } from './selector/parse.ts'

/** An IP pool's spec, as the rules see it. */
export interface PoolSpec {
  readonly cidr?: string
  readonly vxlanMode?: string
  readonly ipipMode?: string
  readonly disabled?: boolean
  readonly disableBGPExport?: boolean
  readonly blockSize?: number | bigint
  readonly nodeSelector?: string
  readonly namespaceSelector?: string
  readonly allowedUses?: readonly string[]
}

/** What is wrong with a completed pool, other pools aside (`reference/model.md 2.8, 3.4`). */
export function checkPool({ spec = {} }: Resource<PoolSpec>, report: Report): void {
  const say = (field: keyof PoolSpec, message: string, help?: string) =>
    report({ code: 'bad-pool', path: ['spec', field], message, ...(help === undefined ? {} : { help }) })
  if (!spec.cidr) return say('cidr', 'cidr must be given', 'write a network such as 192.168.0.0/16')
  const network = parseCidr(spec.cidr)
  if (network) {
    checkRange(spec, network, say)
    if (network.family === 6 && spec.ipipMode !== 'Never') say('ipipMode', 'ipipMode: IPIP is not supported on IPv6 pools', 'use vxlanMode, or none')
  }
  if (spec.ipipMode !== 'Never' && spec.vxlanMode !== 'Never')
    say('ipipMode', 'ipipMode and vxlanMode cannot both be enabled', 'set one of them to Never')
  if (spec.namespaceSelector && spec.allowedUses?.includes('Tunnel')) {
    say(
      'namespaceSelector',
      'namespaceSelector cannot be used in a pool for tunnels',
      'leave Tunnel out of allowedUses, as in allowedUses: [Workload]',
    )
  }
  if (spec.allowedUses?.includes('LoadBalancer')) checkLoadBalancer(spec, say)
}

/** Block sizes that a pool of that network may have, and the one it has when none is given. */
export function blockSizeRange(cidr: string): { readonly min: number; readonly max: number; readonly usual: number } | undefined {
  const network = parseCidr(cidr)
  if (!network) return undefined
  return network.family === 4 ? { min: 20, max: 32, usual: 26 } : { min: 116, max: 128, usual: 122 }
}

/** A selector of nodes or namespaces. `global()` is looked for in the text as such, as the peer does. */
export const poolSelector: Check<string> = (value) => {
  const { fault } = parseSelector(value)
  if (fault) return `is not a selector: ${fault.message}${fault.help === undefined ? '' : `\n${fault.help}`}`
  return /global\(/.test(value) ? 'may not use global() here\nall() selects everything' : undefined
}

// --- internal ---

type Say = (field: keyof PoolSpec, message: string, help?: string) => void

const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10']

function checkRange(spec: PoolSpec, network: Net, say: Say): void {
  const cidr = spec.cidr ?? ''
  const linkLocal = LINK_LOCAL.find((range) => networksOverlap(range, cidr))
  if (linkLocal !== undefined) say('cidr', `cidr ${cidr} overlaps with the link local range ${linkLocal}`, 'these addresses never leave a link')
  const range = blockSizeRange(cidr)
  const blockSize = Number(spec.blockSize ?? 0)
  if (range && (blockSize < range.min || blockSize > range.max)) {
    say('blockSize', `blockSize ${blockSize} is not between ${range.min} and ${range.max}, as IPv${network.family} pools have it`)
  } else if (network.prefix > blockSize && !spec.disabled) {
    say(
      'cidr',
      `cidr ${cidr} is too small: a block of the pool has /${blockSize}`,
      range && network.prefix <= range.max ? `use a larger network, or blockSize ${network.prefix} or above` : 'use a larger network',
    )
  }
}

function checkLoadBalancer(spec: PoolSpec, say: Say): void {
  if (spec.allowedUses?.some((use) => use !== 'LoadBalancer')) {
    say('allowedUses', 'allowedUses: LoadBalancer cannot be combined with Workload or Tunnel', 'make a pool of its own for load balancers')
    return
  }
  if (spec.ipipMode !== 'Never') say('ipipMode', 'ipipMode must be Never in a pool for LoadBalancer')
  if (spec.vxlanMode !== 'Never') say('vxlanMode', 'vxlanMode must be Never in a pool for LoadBalancer')
  if (spec.disableBGPExport) say('disableBGPExport', 'disableBGPExport is not possible in a pool for LoadBalancer')
  if (spec.nodeSelector !== 'all()') say('nodeSelector', `nodeSelector must be all() in a pool for LoadBalancer, not "${spec.nodeSelector}"`)
}
