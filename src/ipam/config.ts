import { isObject } from '../model/decode.ts'
import { goJson } from '../model/json.ts'
import type { KeyValue } from '../store/datastore.ts'
import { commit, CONFIG, type Ipam, IpamError, retry } from './store.ts'

/** How addresses are managed, for all hosts (`reference/model.md 8.1, 8.2`). */
export interface IpamConfig {
  /** Hosts take nothing from blocks of others. */
  readonly strictAffinity: boolean
  /** Hosts claim a new block when theirs are full. */
  readonly autoAllocateBlocks: boolean
  /** 0: no limit of the configuration's own. */
  readonly maxBlocksPerHost: number
  /** `Enabled` or `Disabled`; absent when nobody said. Only kept for the others who read it. */
  readonly kubeVirtVMAddressPersistence?: string
  /** How long an address rests after its release. */
  readonly ipCooldownSeconds: number
}

/** What is stored; what holds when nothing is. */
export async function getIpamConfig(ipam: Ipam): Promise<IpamConfig> {
  return readConfig(await ipam.datastore.get(CONFIG))
}

/** An empty object is not the same as none: what is false is left out when it is written. @throws IpamError for a value that is no object */
export function readConfig(stored: KeyValue | undefined): IpamConfig {
  if (!stored) {
    return { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0, kubeVirtVMAddressPersistence: 'Enabled', ipCooldownSeconds: 0 }
  }
  const raw = parse(stored.value)
  if (!raw) throw new IpamError('invalid', `${CONFIG} does not hold an IPAM configuration`, 'set it anew with `calicoctl ipam configure`')
  const number = (value: unknown) => (typeof value === 'number' && value > 0 ? value : 0)
  return {
    strictAffinity: raw['strict_affinity'] === true,
    autoAllocateBlocks: raw['auto_allocate_blocks'] === true,
    maxBlocksPerHost: number(raw['maxBlocksPerHost']),
    ...(typeof raw['kubeVirtVMAddressPersistence'] === 'string' ? { kubeVirtVMAddressPersistence: raw['kubeVirtVMAddressPersistence'] } : {}),
    ipCooldownSeconds: number(raw['ipCooldownSeconds']),
  }
}

/** Changes the given settings, the others stay as they are. @throws IpamError for settings that cannot go together */
export async function setIpamConfig(ipam: Ipam, changes: Partial<IpamConfig>): Promise<void> {
  await retry(ipam, CONFIG, async () => {
    const before = await ipam.datastore.get(CONFIG)
    const config = { ...readConfig(before), ...changes }
    if (!config.strictAffinity && !config.autoAllocateBlocks) {
      throw new IpamError(
        'invalid',
        'StrictAffinity and AutoAllocateBlocks cannot both be off',
        'hosts could neither claim blocks nor borrow from others: turn one of them on',
      )
    }
    if (config.maxBlocksPerHost > 0 && !config.strictAffinity) {
      throw new IpamError(
        'invalid',
        'MaxBlocksPerHost needs StrictAffinity',
        'a host at its limit would borrow from others instead: turn StrictAffinity on',
      )
    }
    return (await commit(ipam, [{ key: CONFIG, before, value: encode(config) }])) ? true : undefined
  })
}

// --- internal ---

function encode(config: IpamConfig): string {
  return goJson({
    strict_affinity: config.strictAffinity || undefined,
    auto_allocate_blocks: config.autoAllocateBlocks || undefined,
    maxBlocksPerHost: config.maxBlocksPerHost || undefined,
    kubeVirtVMAddressPersistence: config.kubeVirtVMAddressPersistence,
    ipCooldownSeconds: config.ipCooldownSeconds || undefined,
  })
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
