import type { Path } from '../../model/problem.ts'
import type { EntityRule, Rule as WrittenRule } from '../../model/rule.ts'
import type { Selector } from '../../model/selector/ast.ts'
import { parseSelector } from '../../model/selector/parse.ts'
import type { Policy, Profile, World } from '../world/world.ts'

/** A selector as it is written in a policy or profile. */
export interface SelectorText {
  readonly owner: Policy | Profile
  readonly path: Path
  readonly text: string
  readonly ast: Selector
  /** What stands before the names of its labels on endpoints: those of namespaces and service accounts are handed on with a prefix. */
  readonly prefix: '' | 'pcns.' | 'pcsa.'
}

/** Every selector of policies and profiles, in order. */
export function selectorTexts(world: World): SelectorText[] {
  const parsed = new Map<string, Selector | undefined>()
  const found: SelectorText[] = []
  const add = (owner: Policy | Profile, path: Path, text: string | undefined, prefix: SelectorText['prefix']) => {
    if (!text) return
    if (!parsed.has(text)) parsed.set(text, parseSelector(text).ast)
    const ast = parsed.get(text)
    if (ast) found.push({ owner, path, text, ast, prefix })
  }
  for (const owner of ownersOf(world)) {
    const spec = (owner.resource.spec ?? {}) as WrittenSpec
    add(owner, ['spec', 'selector'], spec.selector, '')
    add(owner, ['spec', 'namespaceSelector'], spec.namespaceSelector, 'pcns.')
    add(owner, ['spec', 'serviceAccountSelector'], spec.serviceAccountSelector, 'pcsa.')
    for (const direction of ['ingress', 'egress'] as const) {
      if (!owner[direction]) continue
      for (const [index, rule] of (spec[direction] ?? []).entries()) {
        for (const end of ['source', 'destination'] as const) {
          const at: Path = ['spec', direction, index, end]
          const entity: EntityRule = rule[end] ?? {}
          add(owner, [...at, 'selector'], entity.selector, '')
          add(owner, [...at, 'notSelector'], entity.notSelector, '')
          add(owner, [...at, 'namespaceSelector'], entity.namespaceSelector, 'pcns.')
          add(owner, [...at, 'serviceAccounts', 'selector'], entity.serviceAccounts?.selector, 'pcsa.')
        }
      }
    }
  }
  return found
}

/** All that has rules. */
export function ownersOf(world: World): readonly (Policy | Profile)[] {
  return [...world.tiers.flatMap(({ policies }) => policies), ...world.profiles.values()]
}

// --- internal ---

interface WrittenSpec {
  readonly selector?: string
  readonly namespaceSelector?: string
  readonly serviceAccountSelector?: string
  readonly ingress?: readonly WrittenRule[]
  readonly egress?: readonly WrittenRule[]
}
