import { networkInterfaces } from 'node:os'
import { containsNet, parseCidr, parseIp } from '../../model/net.ts'

/**
 * Whether an address is of this host or of a container in one of Docker's own bridge networks here. All of Docker's containers are told of one name server,
 * those of the host's network and of `docker build` too; without an answer they would have no names at all.
 */
export function isNeighbour(address: string): boolean {
  const ip = parseIp(address)
  if (!ip) return false
  return Object.entries(networkInterfaces()).some(([name, entries = []]) =>
    entries.some((entry) => entry.address === address || (DOCKER_BRIDGE.test(name) && holds(entry.cidr, ip))),
  )
}

// --- internal ---

/** As Docker names its bridges. */
const DOCKER_BRIDGE = /^(?:docker0|docker_gwbridge|br-[0-9a-f]{12})$/

function holds(cidr: string | null, ip: NonNullable<ReturnType<typeof parseIp>>): boolean {
  const net = parseCidr(cidr ?? '')
  return net !== undefined && containsNet(net, ip)
}
