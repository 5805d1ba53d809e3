import type { Resource } from '../../model/kind.ts'
import { formatPath, formatResourceName, type Path, type Problem, type Range, type ResourceName, type Severity } from '../../model/problem.ts'
import type { Origin } from '../world/origin.ts'
import type { Study } from './study.ts'

/** One thing that lint looks for. A new one is a file in `rules/` and a line in `registry.ts`. */
export interface LintRule {
  /** Stable, kebab-case: what `--select`, `--ignore`, annotations and scripts name. */
  readonly code: string
  /** How bad it is; a finding may say less of itself. Only errors and warnings fail. */
  readonly severity: Severity
  /** One line that says what is found. */
  readonly summary: string
  readonly explanation: Explanation
  find(study: Study): Iterable<Problem>
}

export interface Explanation {
  /** Why it matters, and what is proven or assumed. */
  readonly why: string
  /** YAML that is found, and the same put right. */
  readonly bad: string
  readonly good: string
  readonly fix: string
}

/** What a finding is about: a resource, and where it was read. */
export interface Owner {
  readonly resource: Resource
  readonly origin: Origin
}

/** A finding at a field of a resource. */
export function finding(
  rule: Pick<LintRule, 'code' | 'severity'>,
  { resource, origin }: Owner,
  path: Path,
  told: Pick<Problem, 'message' | 'fix'> & { readonly help: string; readonly severity?: Severity; readonly range?: Range | undefined },
): Problem {
  const range = told.range ?? rangeOf(origin, path)
  const stored = origin.key === undefined ? '' : `\nin the datastore: ${origin.key} (revision ${origin.revision ?? '?'})`
  return {
    code: rule.code,
    severity: told.severity ?? rule.severity,
    message: told.message,
    ...(origin.file === undefined ? {} : { file: origin.file }),
    ...(range ? { range } : {}),
    resource: resourceName({ resource }),
    path: formatPath(path),
    help: `${told.help}${stored}`,
    ...(told.fix && origin.file !== undefined ? { fix: told.fix } : {}),
  }
}

/** `GlobalNetworkPolicy(web)`. */
export function nameOf(owner: Pick<Owner, 'resource'>): string {
  return formatResourceName(resourceName(owner))
}

/** Where a field stands, for help lines: `web.yaml:7:5`, or the datastore's key; empty for what is always there. */
export function placeOf({ origin }: Pick<Owner, 'origin'>, path: Path): string {
  if (origin.file === undefined) return origin.key ?? ''
  const start = rangeOf(origin, path)?.start
  return start ? `${origin.file}:${start.line}:${start.column}` : origin.file
}

/** Where a field stands in its file. Findings name the same rules again and again, and to locate one reads its document anew. */
export function rangeOf(origin: Origin, path: Path): Range | undefined {
  let known = located.get(origin)
  if (!known) located.set(origin, (known = new Map()))
  const key = formatPath(path)
  if (!known.has(key)) known.set(key, origin.locate?.(path))
  return known.get(key)
}

// --- internal ---

const located = new WeakMap<Origin, Map<string, Range | undefined>>()

function resourceName({ resource: { kind, metadata } }: Pick<Owner, 'resource'>): ResourceName {
  return { kind, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }), name: metadata.name ?? '' }
}
