import type { Resource, Kind } from '../model/kind.ts'
import { formatIp, type Ip, maskNet, type Net, formatNet, parseCidr } from '../model/net.ts'
import { kindNamed } from '../model/registry.ts'
import { UserError } from '../model/user-error.ts'
import { type Datastore, MAX_OPERATIONS } from '../store/datastore.ts'
import { listResources } from '../store/resources/read.ts'
import { isLocked } from '../store/resources/ready.ts'
import { type Intent, writeResources } from '../store/resources/write.ts'
import { type Context, EXIT } from './context.ts'
import { reportFailure } from './failures.ts'
import { authorOf } from './session.ts'
import { UsageError } from './usage-error.ts'

export interface Split {
  /** How many pools are to come of it, as written. */
  readonly number: string | undefined
  readonly name: string | undefined
  readonly cidr: string | undefined
}

/** How many parts are wanted; told before any datastore is asked. @throws UsageError */
export function partsOf({ number, name, cidr }: Split): number {
  if (number === undefined) throw new UsageError('into how many pools?', 'as in: calicoctl ipam split 4 --name=pool1')
  if (!/^\d{1,15}$/.test(number)) throw new UsageError(`error reading number to split IP pools into. ${number} is not a valid number`)
  if (name === undefined && cidr === undefined) {
    throw new UsageError('no name or CIDR provided. Provide a name or CIDR to denote the IP pool to split', 'as in: --name=pool1')
  }
  return Number(number)
}

/** Puts smaller pools in the place of one, all in one transaction (`reference/calicoctl.md 7.5`). Blocks stay: each lies in one of the parts. */
export async function splitPool(datastore: Datastore, split: Split, context: Context): Promise<number> {
  const count = partsOf(split)
  if (!(await isLocked(datastore))) {
    throw new UserError('datastore is not locked. Run the `calicoctl datastore migrate lock` command in order split the IP pools')
  }
  const kind = poolKind()
  const pool = await findPool(datastore, kind, split)
  const spec = pool.spec as PoolSpec
  const parts = partition(spec, count)
  const { name = '', labels, annotations, resourceVersion = '' } = pool.metadata
  const { disabled: _, ...kept } = spec
  const stem = name.slice(0, MAX_NAME - `split--${count - 1}`.length)
  const pools = parts.map((cidr, index) => ({
    ...pool,
    metadata: { name: `split-${stem}-${index}`, labels, annotations },
    spec: { ...kept, cidr },
  }))
  const intents: Intent[] = [
    { type: 'delete', target: { kind, name }, resourceVersion },
    ...pools.map((resource): Intent => ({ type: 'create', target: { kind, name: resource.metadata.name }, resource })),
  ]
  const outcomes = await writeResources(datastore, intents, { author: authorOf(context, 'split', undefined), clock: context.clock, atomic: true })
  for (const outcome of outcomes) {
    if (outcome.type !== 'failed') continue
    await reportFailure(context, `failed to split the IP pool ${name}, nothing was changed`, outcome.failure)
    return EXIT.failure
  }
  const created = pools.map(({ metadata, spec }) => `Created ${metadata.name} with CIDR ${spec.cidr}.\n`).join('')
  context.stdout.write(
    `IP Pool ${name} was successfully split into ${count} smaller pools.${created}Please refer to the documentation for final steps.`,
  )
  return EXIT.ok
}

// --- internal ---

const MAX_NAME = 253

interface PoolSpec {
  readonly cidr: string
  readonly blockSize?: number | bigint
  readonly disabled?: boolean
}

async function findPool(datastore: Datastore, kind: Kind, { name, cidr }: Split): Promise<Resource> {
  const { resources } = await listResources(datastore, kind)
  const named = name === undefined ? resources : resources.filter((pool) => pool.metadata.name === name)
  if (named.length === 0 && name !== undefined)
    throw new UserError(`unable to find IP pool with name ${name}: resource does not exist: IPPool(${name})`)
  const wanted = cidr === undefined ? undefined : spelling(cidr)
  const pool = cidr === undefined ? named[0] : named.find(({ spec }) => spelling((spec as PoolSpec).cidr) === wanted)
  if (pool) return pool
  throw new UserError(`unable to find IP pool ${name ?? ''} covering the specified CIDR ${cidr}`, 'calicoctl get ippools shows them')
}

function spelling(cidr: string): string {
  const net = parseCidr(cidr)
  return net ? formatNet(maskNet(net)) : cidr
}

/** The CIDRs of so many equal parts. @throws UserError when there is no such division */
function partition({ cidr, blockSize }: PoolSpec, count: number): string[] {
  const net = parseCidr(cidr)
  if (!net) throw new UserError(`the pool's CIDR ${cidr} cannot be read`)
  const bits = Math.log2(count)
  const fail = (why: string, help?: string) => new UserError(`error splitting the CIDR ${cidr} into ${count} CIDRs: ${why}`, help)
  if (count < 2 || !Number.isInteger(bits)) throw fail(`number to split CIDR into is not a valid power of 2: ${count}`, 'as in 2, 4 or 8')
  const smallest = Number(blockSize ?? 0) || (net.family === 4 ? 26 : 122)
  const prefix = net.prefix + bits
  if (prefix > smallest) {
    throw fail(
      `the CIDR ${cidr} is not large enough to be split into ${count} parts`,
      `no part may be smaller than a block of the pool (/${smallest})`,
    )
  }
  if (count + 2 > MAX_OPERATIONS) throw fail('so many do not fit into one transaction of the datastore', 'split it into fewer, and these again')
  return Array.from({ length: count }, (_, index) => `${formatIp(part(maskNet(net), prefix, index))}/${prefix}`)
}

function part(net: Net, prefix: number, index: number): Ip {
  if (net.family === 4) return { family: 4, value: net.value + index * 2 ** (32 - prefix) }
  return { family: 6, value: net.value + (BigInt(index) << BigInt(128 - prefix)) }
}

function poolKind(): Kind {
  const kind = kindNamed('IPPool')
  if (!kind) throw new Error('no kind IPPool')
  return kind
}
