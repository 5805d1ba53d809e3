import { didYouMean } from '../model/suggest.ts'
import { UserError } from '../model/user-error.ts'
import { agentSettings, type FelixOverride, USED_FIELDS } from './felix-settings.ts'
import type { FelixSpec } from '../policy/host-settings.ts'

/**
 * The settings of a Felix configuration file: `Name = value` below `[global]`, comments after `#` or `;`; letter case of names does not count. `file`: its name, for
 * messages. @throws UserError for what cannot be understood, with the line
 */
export function readFelixFile(file: string, text: string): FelixOverride {
  const entries: Entry[] = []
  let section = ''
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const line = raw.trim()
    const place = `${file}:${index + 1}`
    if (line === '' || /^[#;]/.test(line)) continue
    const [, title] = /^\[(.*)\]$/.exec(line) ?? []
    const [, name, value] = /^([A-Za-z][A-Za-z0-9_-]*)\s*[=:]\s*(.*)$/.exec(line) ?? []
    if (title !== undefined) section = title.trim().toLowerCase()
    else if (name === undefined || value === undefined)
      throw new UserError(`${place}: "${line}" is not a setting`, 'write Name = value, below [global]')
    else if (section !== 'global')
      throw new UserError(`${place}: the setting "${name}" does not stand below [global]`, 'write [global] on a line before it')
    else entries.push({ shown: `${place}: ${name} = ${unquoted(value)}`, name, value: unquoted(value) })
    if (title !== undefined && section !== 'global') throw new UserError(`${place}: unknown section [${title}]`, 'settings stand below [global]')
  }
  return overrideOf(file, entries)
}

/** The settings of the environment: `FELIX_NAME=value`. @throws UserError for a value that cannot be understood */
export function readFelixEnvironment(env: Readonly<Record<string, string | undefined>>): FelixOverride {
  const entries = Object.entries(env).flatMap(([key, value = '']): Entry[] => {
    const [, name] = /^FELIX_(.+)$/i.exec(key) ?? []
    return name === undefined || value === '' ? [] : [{ shown: `${key}=${value}`, name, value }]
  })
  return overrideOf('environment', entries)
}

// --- internal ---

interface Entry {
  /** With where it stands, in front of a message. */
  readonly shown: string
  readonly name: string
  readonly value: string
}

/** As Felix calls them, in lower case. */
const FIELDS: ReadonlyMap<string, (typeof USED_FIELDS)[number]> = new Map(USED_FIELDS.map((field) => [field.toLowerCase(), field]))

function overrideOf(source: string, entries: readonly Entry[]): FelixOverride {
  const spec: Record<string, unknown> = {}
  const unused: string[] = []
  for (const { shown, name, value } of entries) {
    const field = FIELDS.get(name.toLowerCase())
    if (!field) {
      const meant = didYouMean(name.toLowerCase(), [...FIELDS.keys()])
      unused.push(meant === undefined ? name : `${name} (did you mean ${FIELDS.get(meant)}?)`)
      continue
    }
    const one: FelixSpec = { [field]: valueOf(field, value, shown) }
    const [fault] = agentSettings(one).faults
    if (fault) throw new UserError(`${shown}: the value ${fault.fault}`)
    Object.assign(spec, one)
  }
  return { source, spec, unused }
}

/** A setting's text as FelixConfiguration has its value. */
function valueOf(field: string, text: string, shown: string): unknown {
  if (field.startsWith('failsafe')) return failsafePorts(text, shown)
  if (field !== 'disableConntrackInvalidCheck') return text
  if (/^(?:true|1|yes|y|t)$/i.test(text)) return true
  return /^(?:false|0|no|n|f)$/i.test(text) ? false : text
}

/** `tcp:22,udp:10.0.0.0/8:68,8080`, or `none` (`reference/felix.md 1.7`). */
function failsafePorts(text: string, shown: string): unknown[] {
  if (/^\s*none\s*$/i.test(text)) return []
  return text.split(',').map((item) => {
    const entry = item.trim()
    const [, protocol = 'tcp', net, port] = /^(?:([a-zA-Z]+):(?:(.+):)?)?(\d{1,5})$/.exec(entry) ?? []
    if (port === undefined)
      throw new UserError(`${shown}: "${entry}" is not a port`, 'write tcp:22 or tcp:10.0.0.0/8:22, with commas between several, or none')
    return { protocol, port: Number(port), ...(net === undefined ? {} : { net: net.replace(/[[\]]/g, '') }) }
  })
}

function unquoted(value: string): string {
  const [, inner] = /^"(.*)"$|^'(.*)'$/.exec(value) ?? []
  return inner ?? value.replace(/\s[#;].*$/, '').trim()
}
