import type { Kind } from '../model/kind.ts'
import { kindForWord, kindWords } from '../model/registry.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Target } from '../store/resources/keys.ts'
import { UsageError } from './usage-error.ts'

/** The kind that a word of the command line names. @throws UsageError with the peer's key phrase and a suggestion */
export function kindArgument(word: string): Kind {
  const kind = kindForWord(word)
  if (kind) return kind
  const suggestion = didYouMean(word, kindWords())
  throw new UsageError(
    `resource type '${word}' is not supported`,
    suggestion === undefined ? 'calicoctl get --help lists the kinds' : `did you mean "${suggestion}"?`,
  )
}

/** A resource named by kind, name and perhaps `-n`. */
export function targetOf(kind: Kind, name: string, namespace: string | undefined): Target {
  if (name === '') throw new UsageError('resource name may not be empty')
  if (kind.scope === 'namespaced') return { kind, name, namespace: namespace ?? 'default' }
  if (namespace !== undefined) throw new UsageError(`${kind.kind} is not namespaced`, 'leave out --namespace')
  return { kind, name }
}
