import { type Ip, formatIp, lastIp, maskNet, parseNet } from '../../../src/model/net.ts'
import type { Engine } from '../../../src/policy/core/engine.ts'
import type { Endpoint, World } from '../../../src/policy/world/world.ts'
import { NETS } from './worlds.ts'

/** Where a packet can come from or go to: an endpoint at one of its addresses, or an address outside. */
export interface Point {
  /** Place in the world's list of endpoints; undefined outside. */
  readonly index: number | undefined
  readonly endpoint: Endpoint | undefined
  readonly ip: Ip
}

/** Every address of every endpoint, and every address at an edge of a network, on both sides of it, that nobody owns. */
export function pointsOf(world: World): Point[] {
  const points: Point[] = world.endpoints.flatMap((endpoint, index) =>
    [...endpoint.addresses, ...(endpoint.otherAddresses ?? [])].map((ip) => ({ index, endpoint, ip })),
  )
  const owned = new Set(world.endpoints.flatMap(({ addresses }) => addresses.map(formatIp)))
  return [...points, ...EDGES.filter((ip) => !owned.has(formatIp(ip))).map((ip) => ({ index: undefined, endpoint: undefined, ip }))]
}

/** The place of a point; every point of `pointsOf` has one. */
export function placeOf(engine: Engine, world: World, { index, ip }: Point): number {
  if (index === undefined) return engine.places.at(ip) ?? missing(ip)
  const { addresses = [], otherAddresses = [] } = world.endpoints[index] ?? {}
  const at = [...addresses, ...otherAddresses].findIndex((own) => own.value === ip.value)
  return engine.places.ofEndpoint(index)[at] ?? missing(ip)
}

// --- internal ---

function missing(ip: Ip): never {
  throw new Error(`there is no place for ${formatIp(ip)}`)
}

const EDGES: readonly Ip[] = edges()

function edges(): Ip[] {
  const found = new Map<string, Ip>()
  for (const text of NETS) {
    const net = parseNet(text)
    if (!net) throw new Error(text)
    const { family, value } = maskNet(net)
    const last = lastIp(net).value
    const step = (from: number | bigint, by: 1 | -1) => (typeof from === 'bigint' ? from + BigInt(by) : from + by)
    const end = family === 4 ? 2 ** 32 : 1n << 128n
    const around = [value, step(value, -1), last, step(last, 1)].filter((one) => one >= 0 && one < end)
    for (const one of around) {
      const ip = { family, value: one } as Ip
      found.set(formatIp(ip), ip)
    }
  }
  return [...found.values()]
}
