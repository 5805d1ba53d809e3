import assert from 'node:assert/strict'
import { test } from 'node:test'
import { writeMap } from '../../../src/commands/reach/formats.ts'
import { formatIp, parseIp } from '../../../src/model/net.ts'
import { protocolNumber } from '../../../src/model/protocol.ts'
import { type Header, UDP } from '../../../src/policy/connections/packet.ts'
import { IP_IN_IP, VXLAN_PORT } from '../../../src/policy/failsafe.ts'
import { walk } from '../../../src/policy/interpreter/walk.ts'
import { reach } from '../../../src/policy/reach/reach.ts'
import type { Endpoint } from '../../../src/policy/world/world.ts'
import { containsNet, parseNet } from '../../../src/model/net.ts'
import { type End, type RecordedWorld, recordedWorlds, worldOf } from '../recorded.ts'

interface Printed {
  readonly groups: readonly {
    readonly name: string
    readonly members?: readonly { readonly endpoint: string; readonly addresses: readonly string[] }[]
    readonly networks?: readonly string[]
    readonly except?: readonly string[]
  }[]
  readonly rows: readonly {
    readonly from: readonly string[]
    readonly to: readonly string[]
    readonly ipVersion?: number
    readonly connections: readonly Entry[]
    readonly unknown?: readonly Entry[]
  }[]
}

interface Entry {
  readonly protocol?: string | number
  readonly srcPorts?: readonly (readonly [number, number])[]
  readonly dstPorts?: readonly (readonly [number, number])[]
  readonly icmpType?: number
  readonly icmpCodes?: readonly (readonly [number, number])[]
}

/** What the map says of a packet, read from its JSON as another program would. */
function told({ groups, rows }: Printed, from: End, to: End, header: Header): string {
  const [source, target] = [groupOf(groups, from), groupOf(groups, to)]
  const version = from.ip.includes(':') ? 6 : 4
  const between = rows.filter((row) => row.from.includes(source) && row.to.includes(target) && (row.ipVersion ?? version) === version)
  const isIn = (entries: readonly Entry[] = []) => entries.some((entry) => holds(entry, header))
  if (between.some(({ connections }) => isIn(connections))) return 'allow'
  return between.some(({ unknown }) => isIn(unknown)) ? 'unknown' : 'deny'
}

function groupOf(groups: Printed['groups'], { ip, endpoint, hostEndpoint }: End): string {
  const id = endpoint ?? (hostEndpoint === undefined ? undefined : `host:${hostEndpoint}`)
  const address = parseIp(ip) ?? assert.fail(ip)
  if (id !== undefined) {
    return (
      groups.find(({ members = [] }) => members.some((one) => one.endpoint === id && one.addresses.includes(formatIp(address))))?.name ??
      assert.fail(`${id} ${ip}`)
    )
  }
  const longest = (nets: readonly string[] = []) =>
    Math.max(
      -1,
      ...nets.flatMap((text) => {
        const net = parseNet(text)
        return net && containsNet(net, address) ? [net.prefix] : []
      }),
    )
  const outside = groups.filter(({ networks, except }) => longest(networks) > longest(except))
  assert.equal(outside.length, 1, ip)
  return outside[0]?.name ?? ''
}

const NUMBERS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132, udplite: 136 }

function holds({ protocol, srcPorts, dstPorts, icmpType, icmpCodes }: Entry, header: Header): boolean {
  const isWithin = (ranges: Entry['srcPorts'], value = 0) => !ranges || ranges.some(([first, last]) => value >= first && value <= last)
  if (protocol !== undefined && (typeof protocol === 'number' ? protocol : NUMBERS[protocol]) !== header.protocol) return false
  if (icmpType !== undefined && icmpType !== (header.icmpType ?? 0)) return false
  return isWithin(srcPorts, header.srcPort) && isWithin(dstPorts, header.dstPort) && isWithin(icmpCodes, header.icmpCode)
}

async function check(recorded: RecordedWorld): Promise<number> {
  const world = worldOf(recorded)
  const map = reach(world, { about: undefined, from: undefined, to: undefined, traffic: { words: 'anything' }, denied: false })
  let text = ''
  await writeMap('json', { world, map, notes: [], source: () => undefined }, (piece) => void (text += piece))
  const printed = JSON.parse(text) as Printed
  const byId = new Map<string | undefined, Endpoint>(world.endpoints.map((endpoint) => [endpoint.id, endpoint]))
  const owner = ({ endpoint, hostEndpoint }: End) => byId.get(endpoint ?? `host:${hostEndpoint}`)
  let checked = 0
  for (const { from, to, protocol, srcPort, dstPort, icmpType, icmpCode } of recorded.probes) {
    const header = JSON.parse(JSON.stringify({ protocol: protocolNumber(protocol) ?? 0, srcPort, dstPort, icmpType, icmpCode })) as Header
    const isTunnel = header.protocol === IP_IN_IP || (header.protocol === UDP && dstPort === VXLAN_PORT)
    const [source, destination] = [parseIp(from.ip), parseIp(to.ip)]
    const [a, b] = [owner(from), owner(to)]
    // An endpoint's address without the endpoint is no end that a map has.
    const isNobody = [a ? undefined : source, b ? undefined : destination].some((ip) => ip && map.engine.places.isOwned(ip))
    // Between addresses outside nothing is told, nor of an endpoint to itself, nor of tunnels.
    if (isTunnel || isNobody || !source || !destination || source.family !== destination.family || (!a && !b) || a === b) continue
    assert.equal(
      told(printed, from, to, header),
      walk(world, a, b, { ...header, source, destination }).verdict,
      `${recorded.name} ${JSON.stringify([from, to, header])}`,
    )
    checked++
  }
  return checked
}

test('the map that is printed as JSON says of packets what the interpreter says', async () => {
  let checked = 0
  for (const recorded of [...recordedWorlds('named'), ...recordedWorlds('worlds')]) checked += await check(recorded)
  assert.ok(checked > 5_000, String(checked))
})
