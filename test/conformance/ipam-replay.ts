import { assignAddress } from '../../src/ipam/assign-given.ts'
import { autoAssign, type Assigned } from '../../src/ipam/assign.ts'
import { claimBlock, releaseHost } from '../../src/ipam/affinity.ts'
import { getIpamConfig, setIpamConfig } from '../../src/ipam/config.ts'
import { listPools, type Use } from '../../src/ipam/pools.ts'
import { addressesOfHandle, blockWith, collectAllCold, releaseAddresses, releaseByHandle } from '../../src/ipam/release.ts'
import { createIpam, type Ipam, IpamError, type IpamErrorCode } from '../../src/ipam/store.ts'
import { parseBlock } from '../../src/ipam/block.ts'
import { assignmentOf, ipamUsage } from '../../src/ipam/usage.ts'
import { containsNet, formatIp, formatNet, indexIn, ipAt, type Net, parseCidr, parseIp } from '../../src/model/net.ts'
import { type Datastore, prefixRange } from '../../src/store/datastore.ts'
import { run } from '../context.ts'
import { etcdWrite, Normalizer, reset } from './cli-replay.ts'

/** A recorded sequence of operations of Calico's address management: see the recorded data's own description. */
export interface IpamScenario {
  readonly name: string
  readonly idea?: string
  readonly setup: readonly object[]
  readonly steps: readonly IpamStep[]
}

interface IpamStep {
  readonly op: Op
  readonly answer?: Answer
  readonly answerExact?: Answer
  readonly etcd?: { readonly put: Readonly<Record<string, string>>; readonly delete: readonly string[] }
  readonly handlesExact?: Readonly<Record<string, string | null>>
}

type Answer = Readonly<Record<string, unknown>>

interface Op {
  readonly op: string
  readonly host?: string
  readonly handle?: string
  readonly attrs?: Readonly<Record<string, string>>
  readonly num4?: number
  readonly num6?: number
  readonly pools4?: readonly string[]
  readonly pools6?: readonly string[]
  readonly use?: string
  readonly maxBlocksPerHost?: number
  readonly ip?: string
  readonly cidr?: string
  readonly mustBeEmpty?: boolean
  readonly addresses?: readonly (string | { readonly address: string; readonly handle?: string; readonly sequence?: 'current' | 'stale' })[]
  readonly pools?: readonly string[]
  readonly strictAffinity?: boolean
  readonly autoAllocateBlocks?: boolean
  readonly ipCooldownSeconds?: number
  readonly kubeVirtVMAddressPersistence?: string
  readonly resource?: object
  readonly kind?: string
  readonly name?: string
  readonly args?: readonly string[]
  readonly put?: Readonly<Record<string, string>>
  readonly delete?: readonly string[]
  readonly seconds?: number
  readonly choice?: 'any'
  readonly order?: 'any'
  readonly lanes?: readonly (readonly Op[])[]
  readonly repeat?: number
}

/** Plays a scenario against a store; gives what differs, step by step, or nothing. `pardon` says which answers are given otherwise on purpose. */
export async function replayScenario(scenario: IpamScenario, store: Datastore, pardon: (step: number) => boolean): Promise<string[]> {
  await reset(store, true)
  const setup = await run(['apply', '-f', '-'], { store, stdin: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: scenario.setup }) })
  if (setup.code !== 0) return [`setup: ${setup.stderr}`]
  const ipam = createIpam(store, advancingClock())
  const names = new Names()
  const differences: string[] = []
  let before = await snapshot(store)
  names.readable(before)
  for (const [index, step] of scenario.steps.entries()) {
    const answer = await operate(ipam, step.op)
    const after = await snapshot(store)
    const told = [...(pardon(index) ? [] : compareAnswer(step, answer)), ...compareStore(step, before, after, names)]
    if (told.length > 0) {
      differences.push(`step ${index}: ${JSON.stringify(step.op)}\n${told.map((line) => `    ${line}`).join('\n')}`)
    }
    before = after
  }
  return differences
}

// --- internal ---

/** Each look at it is a millisecond later, so that two blocks never begin with the same number. */
function advancingClock(): Ipam['clock'] {
  let now = Date.now()
  return {
    now: () => new Date(now++),
    timestamp: () => `${new Date(now).toISOString().slice(0, 19)}Z`,
    uuid: () => globalThis.crypto.randomUUID(),
    pause: async () => {},
  }
}

async function snapshot(store: Datastore): Promise<Map<string, string>> {
  const { keyValues } = await store.range(prefixRange('/calico/'))
  return new Map(keyValues.flatMap(({ key, value }) => (key.startsWith('/calico/calicoctl/') ? [] : [[key, value]])))
}

const KINDS: Readonly<Record<IpamErrorCode, string>> = {
  assigned: 'ResourceAlreadyExists',
  missing: 'ResourceDoesNotExist',
  conflict: 'ResourceUpdateConflict',
  cooling: 'IPInCooldown',
  'block-limit': 'BlockLimit',
  'no-pool': 'NoQualifiedPool',
  'no-such-pool': 'Other',
  'not-allowed': 'Other',
  'no-use': 'UseRequired',
  'no-block': 'Other',
  'not-empty': 'errBlockNotEmpty',
  'not-owner': 'Other',
  invalid: 'Other',
}

/** Does what a step says; gives the answer in the form of the recorded ones. */
async function operate(ipam: Ipam, op: Op): Promise<Answer> {
  try {
    return (await OPERATIONS[op.op]?.(ipam, op)) ?? { unknown: op.op }
  } catch (error) {
    if (!(error instanceof IpamError)) throw error
    const empty = op.op === 'ipsByHandle' ? { ips: [] } : op.op === 'releaseIPs' ? { done: [], unallocated: [] } : {}
    return { ...empty, error: { kind: KINDS[error.code], text: error.message } }
  }
}

const OPERATIONS: Readonly<Record<string, (ipam: Ipam, op: Op) => Promise<Answer>>> = {
  autoAssign: async (ipam, op) => {
    const { v4, v6, error } = await autoAssign(ipam, {
      host: op.host ?? '',
      use: (op.use ?? 'Workload') as Use | '',
      holder: holderOf(op),
      num4: op.num4 ?? 0,
      num6: op.num6 ?? 0,
      pools4: op.pools4 ?? [],
      pools6: op.pools6 ?? [],
      maxBlocksPerHost: op.maxBlocksPerHost ?? 0,
    })
    return {
      ...(v4 ? { v4: familyAnswer(v4, op) } : {}),
      ...(v6 ? { v6: familyAnswer(v6, op) } : {}),
      ...(error ? { error: { kind: KINDS[error.code], text: error.message } } : {}),
    }
  },
  assignIP: async (ipam, op) => {
    await assignAddress(ipam, {
      ip: mustParse(op.ip),
      host: op.host ?? '',
      holder: holderOf(op),
      ...(op.use === undefined ? {} : { use: op.use as Use }),
    })
    return {}
  },
  releaseIPs: async (ipam, op) => {
    const options = await Promise.all(
      (op.addresses ?? []).map(async (given) => {
        if (typeof given === 'string') return { address: given }
        const current = given.sequence && (await sequenceNumber(ipam, given.address))
        return {
          address: given.address,
          ...(given.handle === undefined ? {} : { handle: given.handle }),
          ...(current === undefined ? {} : { sequenceNumber: given.sequence === 'stale' ? current - 1n : current }),
        }
      }),
    )
    const { unassigned } = await releaseAddresses(ipam, options)
    // The peer calls done also what was not assigned, if there could be a block for it.
    const pools = await listPools(ipam.datastore)
    const done: string[] = []
    for (const { address } of options) {
      if (!unassigned.includes(address) || (await blockWith(ipam, pools, mustParse(address)))) done.push(address)
    }
    return { unallocated: [...unassigned].sort(), done: done.sort() }
  },
  releaseByHandle: async (ipam, op) => {
    await releaseByHandle(ipam, op.handle ?? '')
    return {}
  },
  ipsByHandle: async (ipam, op) => ({ ips: (await addressesOfHandle(ipam, op.handle ?? '')).map(formatIp).sort() }),
  claimAffinity: async (ipam, op) => {
    const net = parseCidr(op.cidr ?? '')
    const pool = (await listPools(ipam.datastore)).find((pool) => net && containsNet(pool.net, net))
    const claimed: string[] = []
    const failed: string[] = []
    for (const block of pool && net ? splitNet(net, pool.blockSize) : []) {
      const list = (await claimBlock(ipam, op.host ?? '', block)) ? claimed : failed
      list.push(formatNet(block))
    }
    return { claimed, failed }
  },
  releaseHostAffinities: async (ipam, op) => {
    await releaseHost(ipam, op.host ?? '', { mustBeEmpty: op.mustBeEmpty ?? false })
    return {}
  },
  getAssignmentAttributes: async (ipam, op) => {
    const { handle_id: handle, secondary } = await assignmentOf(ipam, mustParse(op.ip))
    return { handle: handle ?? null, attrs: secondary ?? null }
  },
  getUtilization: async (ipam, op) => {
    const usage = (await ipamUsage(ipam)).map((pool) => ({
      name: pool.name ?? 'orphaned allocation blocks',
      cidr: pool.cidr ?? '0.0.0.0/0',
      capacity: String(pool.capacity),
      inUse: Number(pool.inUse),
      reserved: String(pool.reserved),
      available: String(pool.available),
      blocks: pool.blocks.map((block) => ({
        cidr: block.cidr,
        capacity: Number(block.capacity),
        inUse: Number(block.inUse),
        reserved: Number(block.reserved),
        available: Number(block.available),
      })),
    }))
    const orphans = { name: 'orphaned allocation blocks', cidr: '0.0.0.0/0', capacity: '0', inUse: 0, reserved: '0', available: '0', blocks: [] }
    const all = usage.some((pool) => pool.name === orphans.name) ? usage : [...usage, orphans]
    const { pools } = op
    return { pools: pools ? all.filter(({ name, cidr }) => name !== orphans.name && (pools.includes(name) || pools.includes(cidr))) : all }
  },
  getIPAMConfig: async (ipam) => {
    const { kubeVirtVMAddressPersistence = null, ...config } = await getIpamConfig(ipam)
    return { config: { ...config, kubeVirtVMAddressPersistence } }
  },
  setIPAMConfig: async (ipam, op) => {
    const { strictAffinity, autoAllocateBlocks, maxBlocksPerHost, ipCooldownSeconds, kubeVirtVMAddressPersistence } = op
    await setIpamConfig(ipam, {
      ...(strictAffinity === undefined ? {} : { strictAffinity }),
      ...(autoAllocateBlocks === undefined ? {} : { autoAllocateBlocks }),
      ...(maxBlocksPerHost === undefined ? {} : { maxBlocksPerHost }),
      ...(ipCooldownSeconds === undefined ? {} : { ipCooldownSeconds }),
      ...(kubeVirtVMAddressPersistence === undefined ? {} : { kubeVirtVMAddressPersistence }),
    })
    return {}
  },
  collectCold: async (ipam) => {
    await collectAllCold(ipam)
    return {}
  },
  apply: async (ipam, op) => commandAnswer(await run(['apply', '-f', '-'], { store: ipam.datastore, stdin: JSON.stringify(op.resource) })),
  delete: async (ipam, op) => commandAnswer(await run(['delete', op.kind ?? '', op.name ?? ''], { store: ipam.datastore })),
  calicoctl: async (ipam, op) => {
    const { code, stdout, stderr } = await run(op.args ?? [], { store: ipam.datastore })
    return { exit: code, stdout, stderr }
  },
  etcdWrite: async (ipam, op) => {
    await etcdWrite(ipam.datastore, { put: op.put ?? {}, delete: op.delete ?? [] })
    return {}
  },
  age: async (ipam, op) => {
    for (const [key, value] of await snapshot(ipam.datastore)) {
      if (!key.startsWith('/calico/ipam/v2/assignment/')) continue
      const older = value.replaceAll(/("(?:affinity_claim_time|releasedAt)":")([^"]+)"/g, (_, name: string, time: string) => {
        return `${name}${new Date(Date.parse(time) - (op.seconds ?? 0) * 1000).toISOString().slice(0, 19)}Z"`
      })
      if (older !== value) await etcdWrite(ipam.datastore, { put: { [key]: older } })
    }
    return {}
  },
  parallel: async (ipam, op) => {
    const addresses: string[] = []
    let errors = 0
    const lane = async (operations: readonly Op[]): Promise<void> => {
      for (const step of operations) {
        for (let turn = 0; turn < (step.repeat ?? 1); turn++) {
          const filled = JSON.parse(JSON.stringify(step).replaceAll('{i}', String(turn))) as Op
          const answer = await operate(ipam, filled)
          if (answer['error']) errors++
          for (const family of ['v4', 'v6']) addresses.push(...((answer[family] as { ips?: string[] } | undefined)?.ips ?? []))
        }
      }
    }
    await Promise.all((op.lanes ?? []).map(lane))
    return { assigned: addresses.length, errors, distinct: new Set(addresses).size === addresses.length }
  },
  invariants: async (ipam) => ({ ...judge(await snapshot(ipam.datastore)) }),
}

function holderOf({ handle, attrs }: Op): { handle?: string; attributes?: Readonly<Record<string, string>> } {
  return { ...(handle === undefined ? {} : { handle }), ...(attrs === undefined ? {} : { attributes: attrs }) }
}

function familyAnswer({ addresses, requested, shortages }: Assigned, op: Op): Answer {
  const ips = addresses.map(formatNet)
  return {
    ...(op.choice === 'any' ? { count: ips.length, ips } : { ips: op.order === 'any' ? ips.sort() : ips }),
    requested,
    ...(shortages.length > 0 ? { messages: shortages.map(({ reason }) => reason) } : {}),
    ...(ips.length < requested ? { partial: `${ips.length}/${requested}` } : {}),
  }
}

function commandAnswer({ code, stderr }: { readonly code: number; readonly stderr: string }): Answer {
  if (code === 0) return {}
  return { error: { kind: /does not exist/.test(stderr) ? 'ResourceDoesNotExist' : 'Validation', text: stderr } }
}

function mustParse(text: string | undefined) {
  const ip = parseIp(text ?? '')
  if (!ip) throw new IpamError('invalid', `${text} is no address`)
  return ip
}

function splitNet(net: Net, prefix: number): Net[] {
  const step = 2 ** ((net.family === 4 ? 32 : 128) - prefix)
  return Array.from({ length: 2 ** (prefix - net.prefix) }, (_, index) => ({ ...ipAt(net, index * step), prefix }))
}

async function sequenceNumber(ipam: Ipam, address: string): Promise<bigint | undefined> {
  const ip = mustParse(address)
  for (const [key, value] of await snapshot(ipam.datastore)) {
    const block = key.startsWith('/calico/ipam/v2/assignment/') ? parseBlock(value) : undefined
    const ordinal = block && indexIn(block.net, ip)
    if (block && ordinal !== undefined) return block.sequenceNumberForAllocation.get(ordinal)
  }
  return undefined
}

interface Judgement {
  readonly allocated: number
  readonly cooling: number
  readonly bad: readonly string[]
  readonly handlesTooLow: number
  readonly handlesTooHigh: number
}

/** Whether what is stored hangs together, looked at without the code under test. */
export function judge(store: ReadonlyMap<string, string>): Judgement {
  const bad: string[] = []
  let allocated = 0
  let cooling = 0
  const held = new Map<string, number>()
  const owners = new Map<string, string | null>()
  for (const [key, value] of store) {
    if (!key.startsWith('/calico/ipam/v2/assignment/')) continue
    const block = JSON.parse(value) as {
      cidr: string
      affinity: string | null
      allocations: (number | null)[]
      unallocated: number[]
      attributes: { handle_id?: string; releasedAt?: string }[] | null
    }
    owners.set(key.slice(key.lastIndexOf('/') + 1), block.affinity)
    const free = new Set(block.unallocated)
    if (free.size !== block.unallocated.length) bad.push(`ordinal twice in the queue: ${key}`)
    for (const [ordinal, index] of block.allocations.entries()) {
      if ((index === null) !== free.has(ordinal)) bad.push(`ordinal ${ordinal} neither free nor in use: ${key}`)
      if (index === null) continue
      const attribute = block.attributes?.[index]
      if (!attribute) bad.push(`ordinal ${ordinal} without attribute: ${key}`)
      else if (attribute.releasedAt !== undefined) cooling++
      else {
        allocated++
        const counted = `${attribute.handle_id ?? ''} ${block.cidr}`
        if (attribute.handle_id) held.set(counted, (held.get(counted) ?? 0) + 1)
      }
    }
  }
  for (const [key, value] of store) {
    const [, host, block = ''] = /^\/calico\/ipam\/v2\/host\/([^/]+)\/ipv[46]\/block\/(.+)$/.exec(key) ?? []
    if (host === undefined) continue
    if (owners.get(block) !== `host:${host}`) bad.push(`affinity without its block: ${key}`)
    else if (!value.includes('"confirmed"')) bad.push(`affinity not confirmed: ${key}`)
  }
  let handlesTooLow = 0
  let handlesTooHigh = 0
  const counted = new Map<string, number>()
  for (const [key, value] of store) {
    if (!key.startsWith('/calico/ipam/v2/handle/')) continue
    const { block } = JSON.parse(value) as { block: Record<string, number> }
    const handle = key.slice('/calico/ipam/v2/handle/'.length)
    for (const [cidr, count] of Object.entries(block)) counted.set(`${handle} ${cidr}`, count)
  }
  for (const key of new Set([...held.keys(), ...counted.keys()])) {
    const [is = 0, says = 0] = [held.get(key), counted.get(key)]
    if (says < is) handlesTooLow++
    if (says > is) handlesTooHigh++
  }
  return { allocated, cooling, bad: bad.sort(), handlesTooLow, handlesTooHigh }
}

function compareAnswer(step: IpamStep, answer: Answer): string[] {
  const wanted = step.answerExact ?? step.answer ?? {}
  const told: string[] = []
  const differ = (what: string, is: unknown, should: unknown) => {
    if (JSON.stringify(order(is)) !== JSON.stringify(order(should))) told.push(`${what} ${JSON.stringify(is)}`, `wanted ${JSON.stringify(should)}`)
  }
  if (step.op.op === 'calicoctl') {
    if ((answer['exit'] === 0) !== (wanted['exit'] === 0)) told.push(`exit ${JSON.stringify(answer)}`)
    if (wanted['exit'] === 0 && !wanted['stdout_free'] && answer['stdout'] !== wanted['stdout']) {
      told.push(`stdout ${JSON.stringify(answer['stdout'])}`, `wanted ${JSON.stringify(wanted['stdout'])}`, String(answer['stderr']))
    }
    return told
  }
  if (step.op.op === 'invariants') {
    for (const name of ['allocated', 'cooling', 'bad', 'handlesTooLow']) differ(name, answer[name], wanted[name])
    if (Number(answer['handlesTooHigh']) > Number(wanted['handlesTooHigh'])) told.push(`handlesTooHigh ${String(answer['handlesTooHigh'])}`)
    return told
  }
  const kindOf = (error: unknown) => (error as { kind?: string } | undefined)?.kind
  differ('error', kindOf(answer['error']), kindOf(wanted['error']))
  if (told.length > 0) told.push(JSON.stringify(answer['error']), JSON.stringify(wanted['error']))
  const { error: _, ...rest } = wanted
  for (const [name, value] of Object.entries(rest)) differ(name, plain(answer[name], value), plain(value, value))
  for (const name of Object.keys(answer)) {
    if (name !== 'error' && !(name in rest) && step.op.op !== 'parallel') told.push(`${name} ${JSON.stringify(answer[name])} is not wanted`)
  }
  return told
}

/** Messages count as to whether there are any; `partial` as to whether it is there. */
function plain(value: unknown, wanted: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('requested' in value)) return value
  const family = value as Record<string, unknown>
  const counted = typeof wanted === 'object' && wanted !== null && 'count' in wanted
  return { ...family, ips: counted ? undefined : family['ips'], messages: family['messages'] !== undefined, partial: family['partial'] !== undefined }
}

function order(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(order)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, order(item)]),
  )
}

function compareStore(step: IpamStep, before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, names: Names): string[] {
  const readable = names.readable(after)
  const told: string[] = []
  for (const [key, exact] of Object.entries(step.handlesExact ?? {})) {
    if ((after.get(key) ?? null) !== exact) told.push(`${key} ${after.get(key)}`, `wanted exactly ${exact}`)
  }
  if (!step.etcd) return told
  const counts = (key: string) => !(key in (step.handlesExact ?? {}))
  const changed = [...after.keys()].filter((key) => counts(key) && before.get(key) !== after.get(key))
  for (const key of new Set([...changed, ...Object.keys(step.etcd.put).filter(counts)])) {
    const is = changed.includes(key) ? readable.get(key) : 'not changed'
    if (is !== step.etcd.put[key]) told.push(key, `  is     ${is}`, `  wanted ${step.etcd.put[key] ?? 'unchanged'}`)
  }
  const deleted = [...before.keys()].filter((key) => counts(key) && !after.has(key)).sort()
  const wanted = step.etcd.delete.filter(counts).toSorted()
  if (deleted.join(' ') !== wanted.join(' ')) told.push(`deleted ${deleted.join(' ')}`, `wanted  ${wanted.join(' ')}`)
  return told
}

/** Puts placeholders where two runs differ: numbers of blocks, times and uids. */
class Names {
  readonly #normalizer = new Normalizer('http://no.endpoint')
  #blocks = new Map<string, { readonly name: number; readonly base: bigint }>()
  #count = 0

  /** All that is stored, in the order of the keys. */
  readable(store: ReadonlyMap<string, string>): Map<string, string> {
    const result = new Map<string, string>()
    const still = new Map<string, { readonly name: number; readonly base: bigint }>()
    for (const [key, value] of [...store].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!key.startsWith('/calico/ipam/v2/assignment/')) {
        result.set(key, this.#normalizer.text(value))
        continue
      }
      const numbers = [...value.matchAll(/\b1\d{18}\b/g)].map(([digits]) => BigInt(digits))
      const lowest = numbers.reduce((low, number) => (number < low ? number : low), numbers[0] ?? 0n)
      const known = this.#blocks.get(key)
      // A block that was made anew begins with another number.
      const block = known && lowest - known.base < 10_000n ? known : { name: ++this.#count, base: lowest }
      still.set(key, block)
      const named = value.replaceAll(/\b1\d{18}\b/g, (digits) => `<S${block.name}+${BigInt(digits) - block.base}>`)
      result.set(key, this.#normalizer.text(named))
    }
    this.#blocks = still
    return result
  }
}
