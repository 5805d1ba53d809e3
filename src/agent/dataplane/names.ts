import { createHash } from 'node:crypto'

/**
 * A name for a chain or set of nftables: something readable of what it stands for, and a hash that tells it apart. Whatever the id holds, the name is
 * letters, digits, `_`, `.` and `-` only, and no keyword of nft's language.
 */
export function nftName(prefix: string, id: string): string {
  const readable = id.replace(/[^a-zA-Z0-9.]+/g, '_').slice(0, READABLE)
  return `${prefix}-${readable}-${shortHash(id)}`
}

/** Sixteen letters that differ when the texts do. */
export function shortHash(text: string): string {
  return createHash('sha224').update(text).digest('hex').slice(0, 16)
}

/** Whether the kernel could have an interface of this name that is safe to write between quotes in nft's language. */
export function isInterfaceName(name: string): boolean {
  return /^[a-zA-Z0-9_.:-]{1,15}$/.test(name) && name !== '.' && name !== '..'
}

// --- internal ---

const READABLE = 48
