import { formatResourceName, type Problem } from '../../model/problem.ts'
import type { World } from '../world/world.ts'
import { LINT_RULES } from './registry.ts'
import { Study } from './study.ts'

/** Annotation of a resource with codes that are not to be told of it: `calicoctl/lint-ignore: open-to-world, never-selected`. */
export const IGNORE_ANNOTATION = 'calicoctl/lint-ignore'

export interface LintOptions {
  /** Codes to look for; all when there are none. */
  readonly select?: readonly string[]
  /** Codes not to look for. */
  readonly ignore?: readonly string[]
  /** What was noted when the resources were read; what lint has no code for is told as it is. */
  readonly noted?: readonly Problem[]
}

/**
 * What is suspicious about the policies of a world (`reference/beyond.md 4.2`), in the order of files and lines. What is told as never reached or redundant
 * is proven for all packets; each finding says for which endpoints.
 */
export function lint(world: World, options: LintOptions = {}): Problem[] {
  const { select = [], ignore = [], noted = [] } = options
  const study = new Study(world, noted)
  const rules = LINT_RULES.filter(({ code }) => (select.length === 0 || select.includes(code)) && !ignore.includes(code))
  const ignored = ignoredCodes(world)
  return [...noted.filter(({ code }) => !LINT_RULES.some((rule) => rule.code === code)), ...rules.flatMap((rule) => [...rule.find(study)])]
    .filter(({ code, resource }) => !(resource && ignored.get(formatResourceName(resource))?.includes(code)))
    .sort(comparePlaces)
}

// --- internal ---

function ignoredCodes({ endpoints, tiers, profiles }: World): ReadonlyMap<string, readonly string[]> {
  const ignored = new Map<string, readonly string[]>()
  for (const { resource } of [...endpoints, ...tiers.flatMap(({ policies }) => policies), ...profiles.values()]) {
    const { kind, metadata } = resource
    const codes = metadata.annotations?.[IGNORE_ANNOTATION]
    if (codes === undefined) continue
    const name = formatResourceName({
      kind,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      name: metadata.name ?? '',
    })
    ignored.set(name, codes.split(/[\s,]+/))
  }
  return ignored
}

function comparePlaces(a: Problem, b: Problem): number {
  const [one, two] = [a.range?.start, b.range?.start]
  return (
    compare(a.file ?? '', b.file ?? '') ||
    (one?.line ?? 0) - (two?.line ?? 0) ||
    (one?.column ?? 0) - (two?.column ?? 0) ||
    compare(subject(a), subject(b)) ||
    compare(a.code, b.code)
  )
}

function subject({ resource, path }: Problem): string {
  return resource ? `${formatResourceName(resource)} ${path ?? ''}` : ''
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
