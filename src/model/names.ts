import type { Fault } from './decode.ts'
import type { Kind } from './kind.ts'
import { labelKeyFault, labelValueFault } from './label.ts'
import type { Metadata } from './metadata.ts'

/** Name, namespace, labels and annotations (`reference/model.md 2.0, 3.2`). */
export function checkMetadata(kind: Kind, metadata: Metadata, report: (fault: Fault) => void): void {
  checkName(kind, metadata.name ?? '', report)
  if (kind.scope === 'cluster' && metadata.namespace) {
    const message = `namespace should not be specified for a non-namespaced resource. ${kind.kind} is not a namespaced resource`
    report({ code: 'namespace', path: ['metadata', 'namespace'], message, help: 'remove the line' })
  }
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    const keyFault = labelKeyFault(key)
    if (keyFault !== undefined) tell('bad-label', `"${key}" ${keyFault}`, ['metadata', 'labels', key], true, report)
    const fault = labelValueFault(value)
    if (fault !== undefined) tell('bad-label', `"${value}" ${fault}`, ['metadata', 'labels', key], false, report)
  }
  let size = 0
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    size += Buffer.byteLength(key) + Buffer.byteLength(value)
    const fault = labelKeyFault(key.toLowerCase())
    if (fault !== undefined) tell('bad-annotation', `"${key}" ${fault}`, ['metadata', 'annotations', key], true, report)
  }
  if (size > MAX_ANNOTATIONS) {
    const message = `annotations have ${size} bytes together, ${MAX_ANNOTATIONS} at most are allowed`
    report({ code: 'bad-annotation', path: ['metadata', 'annotations'], message })
  }
}

/** Why a text is no DNS subdomain of at most 253 characters, or undefined. */
function subdomainFault(name: string): string | undefined {
  if (name.length > 253) return `"${name.slice(0, 20)}..." is too long by ${name.length - 253} characters`
  if (SUBDOMAIN.test(name)) return undefined
  const fault = `"${name}" must consist of lower case letters, digits, "-" and ".", and start and end with a letter or digit`
  const near = name.toLowerCase().replace(/[_ ]/g, '-')
  return SUBDOMAIN.test(near) ? `${fault}\ndid you mean "${near}"?` : fault
}

// --- internal ---

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const MAX_ANNOTATIONS = 256 * 1024

function checkName(kind: Kind, name: string, report: (fault: Fault) => void): void {
  if (name === '' && kind.body.computesName) return
  if (name === '')
    return report({ code: 'missing-name', path: ['metadata', 'name'], message: `a ${kind.kind} needs a name`, help: 'add "name" below "metadata"' })
  const fault = kind.body.name?.(name) ?? subdomainFault(name)
  if (fault !== undefined) tell('bad-name', fault, ['metadata', 'name'], false, report)
}

/** A fault whose message has its help on further lines. */
function tell(code: string, fault: string, path: Fault['path'], atKey: boolean, report: (fault: Fault) => void): void {
  const [message = '', ...help] = fault.split('\n')
  report({ code, path, message, ...(help.length > 0 ? { help: help.join('\n') } : {}), ...(atKey ? { atKey } : {}) })
}
