import { createHash } from 'node:crypto'
import { parseIp } from '../net.ts'

/** The v3 name of a v1 one: normalised, and told apart by a part of its SHA-1 when that changed it (`reference/model.md 6.1`). */
export function convertName(name: string): string {
  return suffixed(normalizeName(name), name)
}

/** As `convertName`, without dots: policies, where a dot parts the tier from the name. */
export function convertPolicyName(name: string): string {
  return suffixed(normalizeName(name).replaceAll('.', '-'), name)
}

/** Node names are normalised and never get a suffix: host names do not care about letter case. */
export function convertNodeName(name: string): string {
  return normalizeName(name)
}

/** The v3 name of a profile, also where an endpoint refers to it: namespaces of Kubernetes have `kns.` in place of `k8s_ns.`. */
export function convertProfileName(name: string): string {
  return convertName(name.startsWith(V1_NAMESPACE) ? `${V3_NAMESPACE}${name.slice(V1_NAMESPACE.length)}` : name)
}

/** The v1 name of a v3 profile, such that `convertProfileName` gives the v3 name again whenever v1 has such a name at all. */
export function revertProfileName(name: string): string {
  return name.startsWith(V3_NAMESPACE) ? `${V1_NAMESPACE}${name.slice(V3_NAMESPACE.length)}` : name
}

/** A name made of an address: `10-0-0-1`, or all groups of an IPv6 address with four digits each. */
export function addressName(address: string): string {
  const ip = parseIp(address)
  if (ip?.family !== 6) return address.replaceAll('.', '-')
  return (ip.value.toString(16).padStart(32, '0').match(/.{4}/g) ?? []).join('-')
}

/** A name made of a network: `192-168-0-0-16`. Runs of dashes stay, as in `fd00-5---64`. */
export function networkName(cidr: string): string {
  return cidr.replaceAll(/[.:/]/g, '-')
}

/**
 * Lower case; `/` becomes a dot, other odd characters a dash; dots and dashes beside each other become one dot, dashes alone stay;
 * none at either end.
 */
export function normalizeName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('/', '.')
    .replaceAll(/[^-.a-z0-9]+/g, '-')
    .replaceAll(/[-.]+/g, (run) => (run.includes('.') ? '.' : run))
    .replaceAll(/^[-.]+|[-.]+$/g, '')
}

// --- internal ---

const V1_NAMESPACE = 'k8s_ns.'
const V3_NAMESPACE = 'kns.'

function suffixed(normalized: string, original: string): string {
  if (normalized === original) return normalized
  const hash = createHash('sha1').update(original, 'utf8').digest('hex').slice(0, 8)
  return `${normalized}-${hash}`
}
