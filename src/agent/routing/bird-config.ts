import { type Family, formatIp, formatNet, maskNet, type Net, netOf, parseCidr } from '../../model/net.ts'
import { type BgpPlan, type BgpSession, communityNumbers } from './bgp.ts'
import type { BgpFilterRule } from './facts.ts'
import { ROUTE_PROTOCOLS } from './numbers.ts'

export interface BirdConfig {
  readonly text: string
  /** What of the plan cannot be written down, and why; it is left out. */
  readonly notes: readonly string[]
}

/**
 * BIRD 2's configuration for a plan; without one it only keeps what the kernel has (`reference/felix.md 5.1, 5.2`). Everything in it is a number, an address, a
 * word of ours or quoted, so that no resource can say more than it should.
 */
export function birdConfig(plan: BgpPlan | undefined, logFile: string): BirdConfig {
  const notes: string[] = []
  const lines = [
    '# Written by calicoctl node run: changes are lost.',
    `log ${quoted(logFile) ?? 'syslog'}${quoted(logFile) === undefined ? '' : ` ${LOG_BYTES} ${quoted(`${logFile}.1`)}`} { ${logClasses(plan?.logLevel)} };`,
    `router id ${plan?.routerId ?? '0.0.0.1'};`,
    // A peer that does not come back may not hold up the others for long.
    'graceful restart wait 20;',
    'protocol device { scan time 2; }',
  ]
  if (!plan) return { text: `${lines.join('\n')}\n`, notes }
  const families = ([4, 6] as const).filter((family) => plan.addresses[family])
  lines.push(`protocol direct {${families.map((family) => ` ipv${family};`).join('')} interface ${ignored(plan, notes)}"*"; }`)
  for (const family of families) lines.push(...common(plan, family))
  for (const session of plan.peers) lines.push(...sessionText(plan, session, notes))
  return { text: `${lines.join('\n')}\n`, notes }
}

// --- internal ---

/** After so many bytes a new log file is begun, and the one before it kept. */
const LOG_BYTES = 1_048_576
/** What the kernel takes as key of a TCP MD5 signature. */
const MAX_PASSWORD = 80

const LOG_CLASSES = ['bug', 'fatal', 'error', 'auth', 'warning', 'info', 'remote', 'trace', 'debug']
const LOG_LEVELS: Readonly<Record<string, number>> = { fatal: 2, error: 3, warning: 5, info: 7, debug: 8, trace: 9 }

function logClasses(level = 'info'): string {
  return LOG_CLASSES.slice(0, LOG_LEVELS[level] ?? 7).join(', ')
}

/** BIRD's quotes know no escapes: what a text between them cannot hold is refused. */
function quoted(text: string): string | undefined {
  // oxlint-disable-next-line no-control-regex
  return /["\u0000-\u001f\u007f]/.test(text) ? undefined : `"${text}"`
}

/** Networks of interfaces that lead to workloads and through tunnels are nobody else's business. */
function ignored({ ignoredInterfaces }: BgpPlan, notes: string[]): string {
  const patterns = ['cali*', 'kube-ipvs*', 'tunl0', 'vxlan*', ...ignoredInterfaces]
  return patterns
    .flatMap((pattern) => {
      const text = isPattern(pattern) ? quoted(pattern) : undefined
      if (text === undefined) notes.push(`BGPConfiguration: ${JSON.stringify(pattern)} cannot be the name of an interface`)
      return text === undefined ? [] : [`-${text}, `]
    })
    .join('')
}

function isPattern(text: string): boolean {
  return /^[a-zA-Z0-9_.*-]{1,15}$/.test(text)
}

/** What all sessions of a family share. */
function common(plan: BgpPlan, family: Family): string[] {
  const own = plan.addresses[family]
  const blocks = plan.blocks.filter((net) => net.family === family).map(formatNet)
  const borrowed = plan.borrowed.filter((ip) => ip.family === family).map((ip) => formatNet(netOf(ip)))
  const gateways = plan.peers.flatMap(({ address, gateway }) =>
    address.family === family && gateway?.family === family ? [`route ${formatNet(netOf(address))} via ${formatIp(gateway)};`] : [],
  )
  const pools = plan.pools.filter(({ net }) => net.family === family)
  const channel = `ipv${family};`
  return [
    `protocol static blocks${family} { ${channel} ${[...blocks, ...borrowed].map((net) => `route ${net} blackhole; `).join('')}}`,
    `protocol static gateways${family} { ${channel} ${[...new Set(gateways)].map((route) => `${route} `).join('')}}`,
    `filter from_kernel${family} {`,
    ...Object.values(ROUTE_PROTOCOLS).map((number) => `  if krt_source = ${number} then reject;`),
    '  accept;',
    '}',
    `filter to_kernel${family} {`,
    `  if proto = "gateways${family}" then accept;`,
    '  if source != RTS_BGP then reject;',
    // Through tunnels the agent leads, and everywhere in networks that only a tunnel knows.
    ...pools.flatMap(({ net, ipip, vxlan }) => {
      if (vxlan !== 'Never' || ipip === 'Always') return [`  if net ~ ${formatNet(net)} then reject;`]
      if (ipip === 'CrossSubnet' && own) return [`  if net ~ ${formatNet(net)} && bgp_next_hop !~ ${formatNet(maskNet(own))} then reject;`]
      return []
    }),
    ...(own ? [`  krt_prefsrc = ${formatIp(own)};`] : []),
    `  if !defined(krt_metric) then krt_metric = ${plan.metrics[family]};`,
    '  accept;',
    '}',
    `protocol kernel kernel${family} {`,
    '  learn; persist; scan time 10; metric 0; graceful restart; merge paths on;',
    `  ipv${family} { import filter from_kernel${family}; export filter to_kernel${family}; };`,
    '}',
    `function announce${family}() {`,
    ...pools.flatMap(({ net, exported }) => (exported ? [] : [`  if net ~ ${formatNet(net)} then reject;`])),
    ...plan.communities
      .filter(({ net }) => net.family === family)
      .flatMap(({ net, values }) => values.map((numbers) => `  if net ~ ${formatNet(net)} then ${addCommunity(numbers)}`)),
    '  if source = RTS_DEVICE then reject;',
    // Of what lies in a block only the block is told.
    ...plan.blocks.flatMap((net) => (net.family === family ? insideOf(net).map((inside) => `  if net ~ ${inside} then reject;`) : [])),
    ...pools.map(({ net }) => `  if net ~ ${formatNet(net)} then accept;`),
    '  reject;',
    '}',
  ]
}

function insideOf(net: Net): string[] {
  const longest = net.family === 4 ? 32 : 128
  return net.prefix === longest ? [] : [`[ ${formatNet(net)}{${net.prefix + 1},${longest}} ]`]
}

function addCommunity(numbers: readonly number[]): string {
  return `${numbers.length === 2 ? 'bgp_community' : 'bgp_large_community'}.add((${numbers.join(',')}));`
}

function sessionText(plan: BgpPlan, session: BgpSession, notes: string[]): string[] {
  const { name, address, port, asNumber, localAsNumber, password, restartTime, keepalive, ttlSecurity } = session
  const { family } = address
  const own = plan.addresses[family]
  const secret = password === undefined ? undefined : quoted(password)
  if (password !== undefined && (secret === undefined || password === '' || Buffer.byteLength(password) > MAX_PASSWORD)) {
    notes.push(
      `there is no session with ${formatIp(address)}: its password is empty, longer than ${MAX_PASSWORD} bytes, or has characters that BIRD cannot take`,
    )
    return []
  }
  const listening = plan.listenPort === 179 ? '' : ` port ${plan.listenPort}`
  const local = own && session.fromOwnAddress ? ` ${formatIp(own)}` : ''
  const isOtherAs = asNumber !== localAsNumber
  const rules = (list: readonly BgpFilterRule[], end: string) => [...list.flatMap((rule) => ruleText(rule, { family, isOtherAs }, notes)), end]
  const filter = (list: readonly string[]) => `filter {${list.map((line) => `\n      ${line}`).join('')}\n    }`
  return [
    `protocol bgp ${name} {`,
    `  local${local}${listening} as ${localAsNumber};`,
    `  neighbor ${formatIp(address)} port ${port} as ${asNumber};`,
    ttlSecurity > 0 ? `  ttl security on; multihop ${Math.min(ttlSecurity, 255)};` : '  multihop;',
    `  connect delay time 1; connect retry time 2; error wait time 1,4; graceful restart on;`,
    ...(restartTime === undefined ? [] : [`  graceful restart time ${Math.min(Math.max(restartTime, 1), 1800)};`]),
    ...keepaliveText(keepalive),
    ...(session.passive ? ['  passive on;'] : []),
    ...(session.clusterId === undefined ? [] : [`  rr client; rr cluster id ${session.clusterId};`]),
    ...(session.allowedLocalAs > 0 ? [`  allow local as ${Math.min(session.allowedLocalAs, 255)};`] : []),
    ...(plan.bindsToAddress && local !== '' ? ['  strict bind on;'] : []),
    ...(secret === undefined ? [] : [`  password ${secret};`]),
    `  ipv${family} {`,
    `    import ${session.imports.length === 0 ? 'all' : filter(rules(session.imports, 'accept;'))};`,
    `    export ${filter(rules(session.exports, `announce${family}();`))};`,
    `    add paths on; gateway recursive;${session.nextHop === undefined ? '' : ` next hop ${session.nextHop};`}`,
    '  };',
    '}',
  ]
}

/** A peer is given up after three keepalive messages, and not before BIRD's usual time. */
function keepaliveText(seconds: number | undefined): string[] {
  if (seconds === undefined) return []
  const keepalive = Math.min(Math.max(seconds, 1), 21_845)
  return [`  keepalive time ${keepalive}; hold time ${Math.max(240, 3 * keepalive)};`]
}

/** One rule of a BGPFilter; what cannot be said in full is not said at all. */
function ruleText(rule: BgpFilterRule, session: { readonly family: Family; readonly isOtherAs: boolean }, notes: string[]): string[] {
  const conditions: string[] = []
  const refuse = (why: string): [] => {
    notes.push(why)
    return []
  }
  if (rule.peerType && (rule.peerType === 'eBGP') !== session.isOtherAs) return []
  if (rule.cidr) {
    const text = networkCondition(rule, session.family)
    if (text === undefined) return refuse(`BGPFilter: "${rule.cidr}" is no network of IPv${session.family}`)
    conditions.push(text)
  }
  if (rule.source) conditions.push('source = RTS_BGP')
  if (rule.interface) {
    const text = isPattern(rule.interface) ? quoted(rule.interface) : undefined
    if (text === undefined) return refuse(`BGPFilter: ${JSON.stringify(rule.interface)} cannot be the name of an interface`)
    conditions.push('defined(ifname)', `ifname ~ ${text}`)
  }
  for (const value of rule.communities?.values ?? []) {
    const numbers = communityNumbers(value)
    if (!numbers) return refuse(`BGPFilter: "${value}" is no community`)
    conditions.push(`(${numbers.join(',')}) ~ ${numbers.length === 2 ? 'bgp_community' : 'bgp_large_community'}`)
  }
  if (rule.asPathPrefix?.length) conditions.push(`bgp_path ~ [= ${rule.asPathPrefix.map(Number).join(' ')} * =]`)
  if (rule.priority !== undefined) conditions.push('defined(krt_metric)', `krt_metric = ${Number(rule.priority)}`)
  const actions = (rule.operations ?? []).flatMap(({ addCommunity: added, prependASPath, setPriority }) => {
    const numbers = communityNumbers(added?.value ?? '')
    return [
      ...(numbers ? [addCommunity(numbers)] : []),
      // The last that is put before the path stands first in it.
      ...[...(prependASPath?.prefix ?? [])].reverse().map((number) => `bgp_path.prepend(${number});`),
      ...(setPriority?.value === undefined ? [] : [`krt_metric = ${Number(setPriority.value)};`]),
    ]
  })
  const body = `{ ${[...actions, rule.action === 'Accept' ? 'accept;' : 'reject;'].join(' ')} }`
  return [conditions.length === 0 ? body : `if ${conditions.map((text) => `(${text})`).join(' && ')} then ${body}`]
}

function networkCondition({ cidr = '', prefixLength, matchOperator }: BgpFilterRule, family: Family): string | undefined {
  const parsed = parseCidr(cidr)
  if (parsed?.family !== family) return undefined
  const net = maskNet(parsed)
  const longest = family === 4 ? 32 : 128
  const text = formatNet(net)
  if (matchOperator === 'Equal' || matchOperator === 'NotEqual') {
    const operator = matchOperator === 'Equal' ? '=' : '!='
    return prefixLength
      ? `net ${operator} ${text} && net.len >= ${bound(prefixLength.min, 0, longest)} && net.len <= ${bound(prefixLength.max, longest, longest)}`
      : `net ${operator} ${text}`
  }
  const operator = matchOperator === 'NotIn' ? '!~' : '~'
  if (!prefixLength) return `net ${operator} ${text}`
  const min = bound(prefixLength.min, net.prefix, longest)
  return `net ${operator} [ ${text}{${min},${Math.max(min, bound(prefixLength.max, longest, longest))}} ]`
}

function bound(value: number | bigint | undefined, usual: number, longest: number): number {
  return Math.min(Math.max(Number(value ?? usual), 0), longest)
}
