import type { Fault } from './decode.ts'
import type { Kind } from './kind.ts'
import type { Metadata } from './metadata.ts'

/** Name, labels and annotations (`reference/model.md 2.0, 3.2`). */
export function checkMetadata(kind: Kind, metadata: Metadata, report: (fault: Fault) => void): void {
  const name = metadata.name ?? ''
  if (name === '' && kind.body.computesName) return
  if (name === '') return report({ code: 'missing-name', path: ['metadata', 'name'], message: `a ${kind.kind} needs a name` })
  const fault = kind.body.name?.(name) ?? subdomainFault(name)
  if (fault !== undefined) {
    const [message = '', ...help] = fault.split('\n')
    report({ code: 'bad-name', path: ['metadata', 'name'], message, ...(help.length > 0 ? { help: help.join('\n') } : {}) })
  }
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

/** Why a text is no DNS subdomain of at most 253 characters, or undefined. */
export function subdomainFault(name: string): string | undefined {
  if (name.length > 253) return `"${name.slice(0, 20)}..." is too long by ${name.length - 253} characters`
  if (SUBDOMAIN.test(name)) return undefined
  return `"${name}" must consist of lower case letters, digits, "-" and ".", and start and end with a letter or digit`
}
