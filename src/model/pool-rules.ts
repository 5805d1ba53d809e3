import { canonicalNetwork, networksOverlap } from './address.ts'
import type { Fault } from './decode.ts'
import type { Resource } from './kind.ts'
import { parseCidr } from './net.ts'
import type { PoolSpec } from './pool-check.ts'

/** Whether two networks have an address in common; a text that is no network overlaps with nothing. */
export function poolOverlap(a: string, b: string): boolean {
  return networksOverlap(a, b)
}

/** Why a new pool cannot be among others: it overlaps with one of them, disabled or not (`reference/model.md 0.9`). */
export function overlappingPool(wanted: Resource, others: Iterable<Resource>): Fault[] {
  const cidr = specOf(wanted).cidr ?? ''
  for (const other of others) {
    const taken = specOf(other).cidr ?? ''
    if (other.metadata.name === wanted.metadata.name || !poolOverlap(cidr, taken)) continue
    return [fault('cidr', `cidr ${cidr} overlaps with IPPool(${other.metadata.name}) CIDR ${taken}`, 'two pools can have no address in common')]
  }
  return []
}

/** What of a change of a pool is not possible. */
export function immutablePoolFaults(before: Resource, after: Resource): Fault[] {
  const was = specOf(before)
  const wanted = specOf(after)
  const faults: Fault[] = []
  if (!sameNetwork(was.cidr, wanted.cidr)) {
    faults.push(
      fault(
        'cidr',
        `IPPool CIDR cannot be modified (from ${was.cidr} to ${wanted.cidr})`,
        'make a new pool, move the workloads there, then delete this one',
      ),
    )
  }
  if (was.blockSize !== wanted.blockSize) {
    faults.push(
      fault('blockSize', `IPPool BlockSize cannot be modified (from ${was.blockSize} to ${wanted.blockSize})`, `write blockSize: ${was.blockSize}`),
    )
  }
  if (was.allowedUses?.includes('LoadBalancer') && !wanted.allowedUses?.includes('LoadBalancer')) {
    faults.push(fault('allowedUses', 'allowedUses cannot be changed from LoadBalancer to other uses', 'make a new pool for the other uses'))
  }
  return faults
}

/** Why a new pool cannot have its block size: `blocks` (CIDRs of the address blocks that exist) of another size lie in it. */
export function poolBlockFaults(wanted: Resource, blocks: readonly string[]): Fault[] {
  const { cidr = '', blockSize } = specOf(wanted)
  const other = blocks.find((block) => networksOverlap(cidr, block) && parseCidr(block)?.prefix !== Number(blockSize))
  if (other === undefined) return []
  const message = `blockSize ${blockSize} conflicts with the block ${other}, which holds addresses of this network already`
  return [fault('blockSize', message, `write blockSize: ${parseCidr(other)?.prefix}, or release the addresses first`)]
}

// --- internal ---

function specOf(pool: Resource): PoolSpec {
  return (pool.spec as PoolSpec | undefined) ?? {}
}

function fault(field: keyof PoolSpec, message: string, help: string): Fault {
  return { code: 'bad-pool', path: ['spec', field], message, help }
}

function sameNetwork(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && canonicalNetwork(a) === canonicalNetwork(b))
}
