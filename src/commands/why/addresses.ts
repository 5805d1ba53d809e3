import { addressesOf, netsOf } from '../../policy/why/places.ts'
import type { Traffic } from '../../policy/why/traffic.ts'
import type { Subject, SubjectFault } from '../../policy/subject.ts'
import { endpointTitle } from '../../policy/words.ts'
import { ICMP, ICMPV6 } from '../../policy/connections/packet.ts'

/** Why there is no packet at all to ask about: no endpoint, no address, or none of the same IP version at both ends. */
export function addressFault(from: Subject, to: Subject, traffic: Traffic): SubjectFault | undefined {
  for (const subject of [from, to]) {
    if (familiesOf(subject).size > 0) continue
    const [first] = subject.endpoints
    if (subject.type === 'set') return fault(`network set "${subject.text}" has no networks`)
    if (!first) return fault(`no endpoint is meant by "${subject.text}"`)
    const field = first.kind === 'workload' ? 'ipNetworks' : 'expectedIPs'
    return fault(
      subject.type === 'endpoint' ? `${endpointTitle(first)} has no address` : `no endpoint of "${subject.text}" has an address`,
      `without one nothing can be told: give it an address in ${field}`,
    )
  }
  const shared = [...familiesOf(from)].filter((family) => familiesOf(to).has(family))
  if (shared.length === 0) return fault('the two have no addresses of the same IP version', 'no packet can go between them')
  const needed = traffic.protocol === ICMPV6 ? 6 : traffic.protocol === ICMP && traffic.icmpType !== undefined ? 4 : undefined
  if (needed === undefined || shared.includes(needed)) return undefined
  return fault(`${traffic.words} is of IPv${needed}, and the two have only IPv${shared.join()} addresses in common`)
}

// --- internal ---

function familiesOf(subject: Subject): ReadonlySet<4 | 6> {
  const own = subject.endpoints.flatMap((endpoint) => addressesOf(endpoint).map(({ family }) => family))
  return new Set([...own, ...(netsOf(subject) ?? []).map(({ family }) => family)])
}

function fault(message: string, help?: string): SubjectFault {
  return { code: 'unknown-name', message, ...(help === undefined ? {} : { help }) }
}
