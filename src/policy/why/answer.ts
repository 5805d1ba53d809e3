import type { ConnectionSet, ConnectionSpace } from '../connections/space.ts'
import type { Verdict } from '../interpreter/walk.ts'
import type { End, Examined } from './examine.ts'

/** Pairs and connections with the same verdict by the same rules. */
export interface Answer {
  readonly verdict: Verdict
  readonly connections: ConnectionSet
  /** How many pairs of ends: addresses of endpoints, and places outside. */
  readonly pairs: number
  readonly sources: ReadonlySet<End>
  readonly targets: ReadonlySet<End>
  /** One packet of them, followed through. */
  readonly example: Examined
}

/** What became of a question. */
export interface Judgement {
  /** `some`: allowed for some pairs or connections and denied for others. */
  readonly verdict: Verdict | 'some'
  readonly space: ConnectionSpace
  /** What was asked, as a set; for packets of the IP version that comes first. */
  readonly asked: ConnectionSet
  /** Allowed first, then denied, then unknown; of each the ones for most pairs first. */
  readonly answers: readonly Answer[]
  /** Whether there were so many pairs that an answer stands for a verdict, whatever the rules that decided. */
  readonly coarse: boolean
}

/** Puts answers in order, and says what they come to together. */
export function conclude(space: ConnectionSpace, asked: ConnectionSet, answers: readonly Answer[], coarse = false): Judgement {
  const ordered = [...answers].sort((a, b) => RANK[a.verdict] - RANK[b.verdict] || b.pairs - a.pairs)
  const has = (verdict: Verdict) => answers.some((answer) => answer.verdict === verdict)
  const verdict = has('deny')
    ? has('allow')
      ? 'some'
      : has('unknown')
        ? 'unknown'
        : 'deny'
    : has('unknown') || answers.length === 0
      ? 'unknown'
      : 'allow'
  return { verdict, space, asked, answers: ordered, coarse }
}

// --- internal ---

const RANK: Readonly<Record<Verdict, number>> = { allow: 0, deny: 1, unknown: 2 }
