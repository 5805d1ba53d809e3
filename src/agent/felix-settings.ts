import type { Resource } from '../model/kind.ts'
import { parseIp } from '../model/net.ts'
import type { Labels } from '../model/selector/evaluate.ts'
import { kindNamed } from '../model/registry.ts'
import { completeResource } from '../model/resource.ts'
import { configurationsOf, type FelixSpec, hostSettings, type SettingFault, specOf } from '../policy/host-settings.ts'
import { type DataplaneSettings, DEFAULT_SETTINGS } from './dataplane/settings.ts'
import type { Log } from './log.ts'

/** What a host is to be set up as: its rules, and what the agent does beside them. */
export interface AgentSettings extends DataplaneSettings {
  /** The agent turns on forwarding. */
  readonly forwards: boolean
}

/** Settings that stand outside of the datastore, and where: those of a file before those of the environment, which win. */
export interface FelixOverride {
  readonly source: string
  readonly spec: FelixSpec
  /** Names of settings that this agent does not use, as they are written. */
  readonly unused: readonly string[]
}

/**
 * The settings of a host (`reference/felix.md 6.3`): the environment wins over the file, both over the FelixConfigurations of its node, of a selector and for all. What
 * is set and not used, or cannot be understood, is told, once each.
 */
export class FelixSettings {
  readonly #node: string
  readonly #overrides: readonly FelixOverride[]
  readonly #ownPrefix: string | undefined
  readonly #log: Log
  readonly #told = new Set<string>()

  /** `ownPrefix`: what interfaces begin with that the agent makes itself: they are those of workloads, whatever is set. */
  constructor({ node, overrides, ownPrefix, log }: FelixOptions) {
    this.#node = node
    this.#overrides = overrides
    this.#ownPrefix = ownPrefix
    this.#log = log
    for (const { source, unused } of overrides) this.#tellUnused(source, unused)
  }

  /** The settings with these resources in the datastore. */
  of(configurations: readonly Resource[], labels: Labels): AgentSettings {
    const layers = configurationsOf(configurations, this.#node, labels)
    for (const { metadata, spec } of layers) this.#tellUnused(`FelixConfiguration ${metadata.name}`, unusedFields((spec ?? {}) as FelixSpec))
    const spec = specOf([...layers.map((layer) => (layer.spec ?? {}) as FelixSpec), ...this.#overrides.map((override) => override.spec)])
    const { settings, faults } = agentSettings(spec)
    for (const { field, fault } of faults) {
      this.#once(`fault ${field} ${fault}`, () =>
        this.#log('error', 'a setting cannot be understood: its default holds', { setting: field, why: fault }),
      )
    }
    const { workloadPrefixes: known } = settings
    if (this.#ownPrefix === undefined || known.includes(this.#ownPrefix)) return settings
    return { ...settings, workloadPrefixes: [...known, this.#ownPrefix] }
  }

  // --- internal ---

  #tellUnused(source: string, fields: readonly string[]): void {
    const fresh = fields.filter((field) => !this.#told.has(`unused ${source} ${field}`))
    for (const field of fresh) this.#told.add(`unused ${source} ${field}`)
    if (fresh.length > 0) this.#log('warning', 'settings that are not used by this agent', { source, settings: fresh })
  }

  #once(key: string, tell: () => void): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    tell()
  }
}

export interface FelixOptions {
  readonly node: string
  readonly overrides: readonly FelixOverride[]
  readonly ownPrefix: string | undefined
  readonly log: Log
}

/** The fields of FelixConfiguration that the agent goes by. */
export const USED_FIELDS = [
  'failsafeInboundHostPorts',
  'failsafeOutboundHostPorts',
  'defaultEndpointToHostAction',
  'interfacePrefix',
  'interfaceExclude',
  'logPrefix',
  'logActionRateLimit',
  'logActionRateLimitBurst',
  'disableConntrackInvalidCheck',
  'workloadSourceSpoofing',
  'ipForwarding',
  'natPortRange',
  'natOutgoingAddress',
  'natOutgoingExclusions',
  'iptablesNATOutgoingInterfaceFilter',
] as const

/** What fields say, and what is wrong with them: a value that cannot be understood is as if it were not set. */
export function agentSettings(spec: FelixSpec): { readonly settings: AgentSettings; readonly faults: readonly SettingFault[] } {
  const host = hostSettings(spec)
  const faults = [...host.faults]
  const read = <T>(field: (typeof USED_FIELDS)[number], parse: (text: string) => T | undefined, fault: string): T | undefined => {
    const value = spec[field]
    if (value === undefined || value === null || value === '') return undefined
    const parsed = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? parse(String(value)) : undefined
    if (parsed === undefined) faults.push({ field, fault })
    return parsed
  }
  const oneOf =
    (...words: string[]) =>
    (text: string) =>
      words.find((word) => word.toLowerCase() === text.toLowerCase())
  const rate = read('logActionRateLimit', (text) => /^[1-9]\d{0,3}\/(?:second|minute|hour|day)$/.exec(text)?.[0], 'is not a rate such as 10/second')
  const burst = read('logActionRateLimitBurst', (text) => (/^\d{1,4}$/.test(text) ? Number(text) : undefined), 'is not a number from 0 to 9999') ?? 5
  const settings: AgentSettings = {
    ...DEFAULT_SETTINGS,
    ...host.settings,
    workloadPrefixes:
      read('interfacePrefix', prefixes, 'is not a list of what names of interfaces can begin with') ?? DEFAULT_SETTINGS.workloadPrefixes,
    isExcluded: read('interfaceExclude', exclusion, 'is not a list of interfaces and /expressions/') ?? DEFAULT_SETTINGS.isExcluded,
    logPrefix:
      read('logPrefix', (text) => /^[a-zA-Z0-9%: /_-]*$/.exec(text)?.[0], 'has characters that a log prefix cannot have') ??
      DEFAULT_SETTINGS.logPrefix,
    logLimit: rate === undefined ? undefined : { rate, burst },
    dropsInvalid: read('disableConntrackInvalidCheck', oneOf('true', 'false'), 'is neither true nor false') !== 'true',
    allowsSpoofing: read('workloadSourceSpoofing', oneOf('Disabled', 'Any'), 'is not one of Disabled, Any') === 'Any',
    forwards: read('ipForwarding', oneOf('Enabled', 'Disabled'), 'is not one of Enabled, Disabled') !== 'Disabled',
    nat: {
      ports: read('natPortRange', portRange, 'is not a range of ports'),
      address: read('natOutgoingAddress', ipv4, 'is not an IPv4 address'),
      interfaceName: read('iptablesNATOutgoingInterfaceFilter', interfacePattern, 'is not the name of an interface'),
      exceptHosts:
        read('natOutgoingExclusions', oneOf('IPPoolsOnly', 'IPPoolsAndHostIPs'), 'is not one of IPPoolsOnly, IPPoolsAndHostIPs') ===
        'IPPoolsAndHostIPs',
    },
  }
  return { settings, faults }
}

// --- internal ---

/** Fields that are set, not used, and not only there because Calico's client writes them into every FelixConfiguration. */
function unusedFields(spec: FelixSpec): string[] {
  const usual = usualSpec()
  const used: readonly string[] = USED_FIELDS
  return Object.keys(spec).filter(
    (field) => field !== 'nodeSelector' && !used.includes(field) && JSON.stringify(spec[field]) !== JSON.stringify(usual[field]),
  )
}

let usual: FelixSpec | undefined

function usualSpec(): FelixSpec {
  if (usual) return usual
  const kind = kindNamed('FelixConfiguration')
  const resource: Resource = { kind: 'FelixConfiguration', apiVersion: 'projectcalico.org/v3', metadata: { name: 'default' }, spec: {} }
  if (kind) completeResource(kind, resource)
  return (usual = (resource.spec ?? {}) as FelixSpec)
}

function prefixes(text: string): string[] | undefined {
  const list = text.split(',').map((prefix) => prefix.trim())
  return list.every((prefix) => /^[a-zA-Z0-9_.-]{1,14}$/.test(prefix)) ? list : undefined
}

function exclusion(text: string): ((name: string) => boolean) | undefined {
  const tests: ((name: string) => boolean)[] = []
  for (const item of text.split(',').map((part) => part.trim())) {
    const [, source] = /^\/(.+)\/$/.exec(item) ?? []
    if (source === undefined) tests.push((name) => name === item)
    else {
      try {
        const pattern = new RegExp(source)
        tests.push((name) => pattern.test(name))
      } catch {
        return undefined
      }
    }
  }
  return (name) => tests.some((test) => test(name))
}

function portRange(text: string): readonly [number, number] | undefined {
  const [, first, last = first] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text) ?? []
  const range = [Number(first), Number(last)] as const
  return first !== undefined && range[0] > 0 && range[0] <= range[1] && range[1] < 65_536 ? range : undefined
}

function ipv4(text: string) {
  const ip = parseIp(text)
  return ip?.family === 4 ? ip : undefined
}

/** As iptables has it, with a final `+`, in nft's words. */
function interfacePattern(text: string): string | undefined {
  return /^[a-zA-Z0-9:._-]{1,15}$|^[a-zA-Z0-9:._-]{1,14}\+$/.test(text) ? text.replace(/\+$/, '*') : undefined
}
