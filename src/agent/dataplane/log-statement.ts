import type { Policy, Profile } from '../../policy/world/world.ts'
import type { DataplaneSettings } from './settings.ts'

export type LogSettings = Pick<DataplaneSettings, 'logPrefix' | 'logLimit'>

/** What Log rules of a policy or profile do, in nft's language. Whatever names hold, only characters that a log prefix may have come to stand in it. */
export function logStatement(owner: Policy | Profile, { logPrefix, logLimit }: LogSettings): string {
  const { kind, name } = owner
  const namespace = 'namespace' in owner ? owner.namespace : undefined
  const words: Readonly<Record<string, string>> = {
    t: 'tier' in owner ? owner.tier : '',
    k: kind,
    n: name,
    p: namespace === undefined ? name : `${namespace}/${name}`,
  }
  const text = logPrefix.replace(/%([tknp])/g, (_, letter: string) => words[letter] ?? '').replace(/[^a-zA-Z0-9: /_.-]/g, '_')
  const limit = logLimit ? `limit rate ${logLimit.rate} burst ${logLimit.burst} packets ` : ''
  return `${limit}log prefix "${text.slice(0, LONGEST)}: " level info`
}

// --- internal ---

/** The kernel takes 127 characters, and two follow. */
const LONGEST = 125
