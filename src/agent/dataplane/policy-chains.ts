import type { Selector } from '../../model/selector/ast.ts'
import type { Direction } from '../../policy/facts.ts'
import { ownerTitle } from '../../policy/words.ts'
import type { Policy, Profile, Rule } from '../../policy/world/world.ts'
import { nftName } from './names.ts'
import { renderRule } from './rule.ts'
import { DEFAULT_SETTINGS } from './settings.ts'
import { type LogSettings, logStatement } from './log-statement.ts'
import type { NftChain } from './ruleset.ts'
import type { SetNames } from './sets.ts'

/**
 * A chain for each direction of each policy and profile that acts somewhere on this host; all that it acts on share it. It returns with a mark when a
 * rule allowed or passed, and drops at once when one denied.
 */
export class PolicyChains {
  readonly #sets: SetNames
  readonly #rendered = new WeakMap<readonly Rule[], Rendered>()
  readonly #chains = new Map<string, NftChain>()
  #log: LogSettings = DEFAULT_SETTINGS

  constructor(sets: SetNames) {
    this.#sets = sets
  }

  /** Forgets which chains are in use. */
  begin(settings: LogSettings): void {
    this.#chains.clear()
    this.#log = settings
  }

  /** The chains that were asked for since `begin`. */
  used(): ReadonlyMap<string, NftChain> {
    return this.#chains
  }

  /** The name of the chain with a policy's or profile's rules for a direction. */
  nameOf(owner: Policy | Profile, direction: Direction): string {
    const id = `${owner.kind}/${'namespace' in owner ? (owner.namespace ?? '') : ''}/${owner.name}`
    const name = nftName(`${owner.kind === 'Profile' ? 'profile' : 'policy'}-${direction}`, id)
    if (!this.#chains.has(name)) this.#chains.set(name, this.#render(owner, direction))
    return name
  }

  // --- internal ---

  #render(owner: Policy | Profile, direction: Direction): NftChain {
    const rules = owner[direction] ?? []
    const known = this.#rendered.get(rules)
    // A set may have another name since: it is called otherwise when it comes to hold networks.
    const log = logStatement(owner, this.#log)
    if (known?.log === log && known.asked.every((ask) => ask(this.#sets) === ask.setName)) return known.chain
    const asked: Asked[] = []
    const recorder: SetNames = {
      ofSelector: (selector, family) => record(asked, this.#sets, (sets) => sets.ofSelector(selector, family)),
      ofPort: (port, selector: Selector | undefined, family) => record(asked, this.#sets, (sets) => sets.ofPort(port, selector, family)),
    }
    const chain: NftChain = { rules: rules.flatMap((rule) => renderRule(rule, recorder, log)), owner: `${ownerTitle(owner)} (${direction})` }
    this.#rendered.set(rules, { chain, asked, log })
    return chain
  }
}

// --- internal ---

interface Rendered {
  /** How its Log rules were written. */
  readonly log: string
  readonly chain: NftChain
  /** The sets that it looks into. */
  readonly asked: readonly Asked[]
}

/** Asks for a set again; its `setName` is what it was called. */
interface Asked {
  (sets: SetNames): string
  setName: string
}

function record(asked: Asked[], sets: SetNames, ask: (sets: SetNames) => string): string {
  const setName = ask(sets)
  asked.push(Object.assign((again: SetNames) => ask(again), { setName }))
  return setName
}
