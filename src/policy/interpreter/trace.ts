import type { Layer, Side } from './walk.ts'

/** The rules that decided, in order, as Calico's own data plane would tell them; the last entry is the decision. */
export interface TraceEntry {
  readonly tier?: string
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  /** Number of the rule in its list, from 0; -1 when no rule decided. */
  readonly index: number
  readonly action: 'Allow' | 'Deny' | 'Pass'
  readonly note?: string
}

/** What decided at one endpoint, without what did not. */
export function traceOf({ layers }: Side): TraceEntry[] {
  return layers.flatMap((layer) => entryOf(layer) ?? [])
}

// --- internal ---

function entryOf(layer: Layer): TraceEntry | undefined {
  switch (layer.type) {
    case 'always':
      return { index: -1, action: layer.outcome, note: layer.note }
    case 'tier': {
      const { tier, stage, by, outcome } = layer
      // Untracked and preDNAT policies have no end of their tier.
      if (!by) return stage === 'normal' ? { tier: tier.name, index: -1, action: outcome, note: 'end of tier' } : undefined
      const { kind, namespace, name } = by.policy
      return { tier: tier.name, kind, ...(namespace === undefined ? {} : { namespace }), name, index: by.rule.index, action: outcome }
    }
    case 'profile': {
      const { name, profile, by, outcome } = layer
      if (!profile) return { kind: 'Profile', name, index: 0, action: 'Deny' }
      return by ? { kind: 'Profile', name, index: by.index, action: outcome } : undefined
    }
    case 'end':
      return { kind: 'Profile', index: -1, action: 'Deny', note: 'no profile matched' }
  }
}
