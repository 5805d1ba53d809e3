import { type Intervals, ranges } from './intervals.ts'
import { type Header, PORTED, TYPED } from './packet.ts'
import type { ConnectionSet, ConnectionSpace, PortBlocks } from './space.ts'

/** One header of the set, the plainest there is: a protocol with ports before others, a client's source port if possible. Undefined when it is empty. */
export function witness(space: ConnectionSpace, set: ConnectionSet): Header | undefined {
  const { others, ports, types } = space.parts(set)
  for (const [index, protocol] of PORTED.entries()) {
    const header = withPorts(protocol, ports[index] ?? [])
    if (header) return header
  }
  for (const [index, protocol] of TYPED.entries()) {
    const list = types[index] ?? []
    const point = pick(list, ECHO[index] ?? 0)
    if (point !== undefined) return { protocol, icmpType: Math.floor(point / 256), icmpCode: point % 256 }
  }
  const protocol = pick(others, 255)
  return protocol === undefined ? undefined : { protocol }
}

// --- internal ---

/** A source port that clients use. */
const EPHEMERAL = 49_152
/** Echo request of each of `TYPED`, as type times 256 plus code. */
const ECHO: readonly number[] = [8 * 256, 128 * 256]

function withPorts(protocol: number, blocks: PortBlocks): Header | undefined {
  const block = blocks.find(({ sources: [first, last] }) => EPHEMERAL >= first && EPHEMERAL <= last) ?? blocks.at(-1)
  if (!block) return undefined
  const [first, last] = block.sources
  const dstPort = pick(block.destinations, block.destinations[1] === 0 ? (block.destinations[2] ?? 0) : 1)
  const srcPort = Math.min(Math.max(EPHEMERAL, first), last)
  return dstPort === undefined ? undefined : { protocol, srcPort, dstPort }
}

/** A wanted number if the set has it, otherwise its first. */
function pick(set: Intervals, wanted: number): number | undefined {
  return ranges(set).some(([first, last]) => wanted >= first && wanted <= last) ? wanted : set[0]
}
