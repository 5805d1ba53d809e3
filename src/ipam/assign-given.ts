import { containsNet, formatIp, formatNet, type Ip } from '../model/net.ts'
import { CONFIRMED, claimedBlock, readKeys } from './affinity.ts'
import { collectCold, type Holder, takeGiven } from './allocation.ts'
import { encodeBlock, parseBlock } from './block.ts'
import { readConfig } from './config.ts'
import { countUp } from './handle.ts'
import { listPools, type Use } from './pools.ts'
import { affinityKey, blockKey, commit, CONFIG, type Edit, handleKey, inLine, type Ipam, IpamError, retry } from './store.ts'
import { blockOf } from './walk.ts'

export interface AssignRequest {
  readonly ip: Ip
  readonly host: string
  readonly holder: Holder
  /** Checked against the pool's allowed uses when given. */
  readonly use?: Use
}

/**
 * Takes a certain address. Its pool must be enabled; selectors, reservations and manual assignment do not matter. The block is claimed for the host when it
 * does not exist; that of another host serves too, unless affinity is strict (`reference/model.md 8.5`).
 * @throws IpamError `no-such-pool`, `not-allowed` (use), `not-owner` (strict affinity), `assigned` (in use or resting)
 */
export async function assignAddress(ipam: Ipam, { ip, host, holder, use }: AssignRequest): Promise<void> {
  const text = formatIp(ip)
  const pool = (await listPools(ipam.datastore)).find(({ net, enabled }) => enabled && containsNet(net, ip))
  if (!pool) throw new IpamError('no-such-pool', `${text} is not in a configured pool`, 'create an IPPool that has it, or enable the one that does')
  if (use !== undefined && !pool.uses.includes(use)) {
    throw new IpamError('not-allowed', `${text} is in pool ${pool.name}, which is not for the use ${use}`, `allowedUses: ${pool.uses.join(', ')}`)
  }
  const net = blockOf(pool, ip)
  const key = blockKey(net)
  await inLine(ipam, key, () =>
    retry(ipam, key, async () => {
      const wanted = [key, CONFIG, affinityKey(host, net), ...(holder.handle === undefined ? [] : [handleKey(holder.handle)])]
      const [stored, storedConfig, affinity, handle] = await readKeys(ipam, wanted)
      const config = readConfig(storedConfig)
      const block = stored ? parseBlock(stored.value) : claimedBlock(ipam, host, net)
      if (!block) throw new IpamError('invalid', `${key} does not hold a block`)
      if (config.strictAffinity && block.affinity !== `host:${host}`) {
        throw new IpamError('not-owner', `${text} is in a block that is not the host's, and affinity is strict`, 'use the host that owns the block')
      }
      collectCold(block, config.ipCooldownSeconds, ipam.clock.now())
      if (!takeGiven(block, ip, holder)) {
        throw new IpamError('assigned', `resource already exists: ${text} is in use`, `calicoctl ipam show --ip=${text} says by whom`)
      }
      block.sequenceNumber++
      const edits: Edit[] = [{ key, before: stored, value: encodeBlock(block) }]
      if (!stored) edits.push({ key: affinityKey(host, net), before: affinity, value: CONFIRMED })
      if (holder.handle !== undefined) edits.push(countUp(holder.handle, handle, formatNet(net), 1))
      return (await commit(ipam, edits)) || undefined
    }),
  )
}
