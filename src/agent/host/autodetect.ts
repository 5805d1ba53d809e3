import { type Family, formatNet, type Ip, type Net, parseIp } from '../../model/net.ts'
import { UserError } from '../../model/user-error.ts'
import { WORKLOAD_PREFIX } from '../dataplane/host.ts'
import { runProgram } from './program.ts'

/**
 * Finds the address that other hosts know this one by (`reference/calicoctl.md 6.1`): `first-found`, `interface=REGEX,...`, `skip-interface=REGEX,...` or
 * `can-reach=ADDRESS`. With the prefix length of its network; undefined when there is none. @throws UserError for a method that is none
 */
export async function detectAddress(method: string, family: Family): Promise<string | undefined> {
  const [, word = method, text = ''] = /^([a-z-]+)=(.+)$/.exec(method) ?? []
  const candidates = await readAddresses(family)
  if (word === 'first-found' && text === '') return first(candidates, ({ name }) => !OTHERS.test(name))
  if (word === 'interface') return first(candidates, matching(text))
  if (word === 'skip-interface') {
    const skipped = matching(text)
    return first(candidates, (one) => !OTHERS.test(one.name) && !skipped(one))
  }
  if (word === 'can-reach') {
    const source = await sourceTowards(text, family)
    return first(candidates, ({ net }) => net.family === source.family && net.value === source.value)
  }
  throw new UserError(`invalid IP autodetection method: ${method}`, 'one of: first-found, interface=REGEX, skip-interface=REGEX, can-reach=ADDRESS')
}

// --- internal ---

interface Candidate {
  readonly name: string
  readonly net: Net
}

/** Interfaces that lead to containers and the like, or to nowhere. */
const OTHERS = new RegExp(`^(?:lo|docker.*|br-.*|virbr.*|lxcbr.*|veth.*|tunl.*|vxlan.*|${WORKLOAD_PREFIX}.*)$`)

function first(candidates: readonly Candidate[], fits: (candidate: Candidate) => boolean): string | undefined {
  const found = candidates.find(fits)
  return found && formatNet(found.net)
}

function matching(text: string): (candidate: Candidate) => boolean {
  const patterns = text.split(',').map((source) => {
    try {
      return new RegExp(source)
    } catch {
      throw new UserError(`invalid interface regex specified for IP autodetection: ${source}`)
    }
  })
  return ({ name }) => patterns.some((pattern) => pattern.test(name))
}

async function readAddresses(family: Family): Promise<Candidate[]> {
  const links = JSON.parse(await runProgram(['ip', '-j', `-${family}`, 'address', 'show', 'up'])) as readonly Link[]
  return links.flatMap(({ ifname, addr_info: addresses = [] }) =>
    addresses.flatMap(({ local = '', prefixlen, scope }) => {
      const ip = parseIp(local)
      return ip?.family === family && scope === 'global' ? [{ name: ifname, net: { ...ip, prefix: prefixlen ?? (family === 4 ? 32 : 128) } }] : []
    }),
  )
}

async function sourceTowards(text: string, family: Family): Promise<Ip> {
  const target = parseIp(text)
  if (target?.family !== family) throw new UserError(`cannot resolve address specified for IP autodetection: ${text}`, `give an IPv${family} address`)
  const [route] = JSON.parse(await runProgram(['ip', '-j', 'route', 'get', text])) as readonly { readonly prefsrc?: string }[]
  const source = parseIp(route?.prefsrc ?? '')
  if (!source) throw new UserError(`there is no route to ${text}`, `give the address of this host: --${family === 4 ? 'ip' : 'ip6'}`)
  return source
}

interface Link {
  readonly ifname: string
  readonly addr_info?: readonly { readonly local?: string; readonly prefixlen?: number; readonly scope?: string }[]
}
