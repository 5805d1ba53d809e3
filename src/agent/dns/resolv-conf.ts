import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Upstream } from './upstream.ts'

/** The name servers of the host, as its `resolv.conf` has them at this moment, without those addresses. None when there is no such file. */
export async function readNameServers(path: string, except: ReadonlySet<string>): Promise<Upstream[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return nameServers(text).flatMap((address) => (except.has(address) ? [] : [{ address, port: DNS_PORT }]))
}

export const DNS_PORT = 53

// --- internal ---

function nameServers(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const address = /^nameserver\s+([0-9A-Fa-f.:]+(?:%[\w.-]+)?)\s*(?:[#;].*)?$/.exec(line.trim())?.[1] ?? ''
    return isIP(address) === 0 ? [] : [address]
  })
}
