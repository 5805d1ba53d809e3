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
    for (const ip of [maskNet(net), lastIp(net)]) {
      for (const one of around(ip)) found.set(formatIp(one), one)
    }
  }
  return [...found.values()]
}

/** An address, and those just before and behind it. */
function around(ip: Ip): Ip[] {
  if (ip.family === 4)
    return [ip.value - 1, ip.value, ip.value + 1].filter((value) => value >= 0 && value < 2 ** 32).map((value) => ({ family: 4, value }))
  return [ip.value - 1n, ip.value, ip.value + 1n].filter((value) => value >= 0n && value < 1n << 128n).map((value) => ({ family: 6, value }))
}
