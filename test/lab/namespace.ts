import { existsSync } from 'node:fs'

/** Whether tests may make network namespaces here: root, with `ip` and `nft`. In CI they must be there. Gives the reason to skip, or false. */
export function namespacesHere(...programs: readonly string[]): string | false {
  const missing = ['ip', 'nft', 'unshare', 'nsenter', ...programs].filter((program) => !isOnPath(program))
  const reason = process.getuid?.() !== 0 ? 'needs root' : missing.length > 0 ? `needs ${missing.join(', ')}` : false
  if (reason !== false && process.env['CI'] === 'true') throw new Error(`CI must run tests with namespaces: ${reason}`)
  return reason
}

// --- internal ---

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(`${folder}/${program}`))
}
