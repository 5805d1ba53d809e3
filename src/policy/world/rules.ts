import { maskNet, type Net, parseNet } from '../../model/net.ts'
import type { Path } from '../../model/problem.ts'
import { type Protocol, protocolNumber } from '../../model/protocol.ts'
import type { EntityRule, Rule as WrittenRule } from '../../model/rule.ts'
import type { Direction, EntityFacts, RuleFacts } from '../facts.ts'
import { SelectorError, type Selectors } from './selectors.ts'
import type { Rule } from './world.ts'

/** A part of a resource that cannot be understood; `path` says which. */
export class NotUnderstood extends Error {
  readonly path: Path

  constructor(path: Path, message: string) {
    super(message)
    this.path = path
  }
}

/** Resolves the rules of one direction. `namespace`: that of the policy, which limits what its selectors pick. @throws NotUnderstood */
export function resolveRules(
  written: readonly WrittenRule[] | undefined,
  direction: Direction,
  namespace: string | undefined,
  selectors: Selectors,
): readonly Rule[] {
  return (written ?? []).map((rule, index) => {
    const at: Path = ['spec', direction, index]
    const protocol = number(rule.protocol, [...at, 'protocol'])
    const notProtocol = number(rule.notProtocol, [...at, 'notProtocol'])
    return {
      direction,
      index,
      action: actionOf(rule.action, [...at, 'action']),
      ...(rule.ipVersion === 4 || rule.ipVersion === 6 ? { ipVersion: rule.ipVersion } : {}),
      ...(protocol === undefined ? {} : { protocol }),
      ...(notProtocol === undefined ? {} : { notProtocol }),
      ...(rule.icmp ? { icmp: rule.icmp } : {}),
      ...(rule.notICMP ? { notIcmp: rule.notICMP } : {}),
      source: resolveEntity(rule.source, namespace, selectors, [...at, 'source']),
      destination: resolveEntity(rule.destination, namespace, selectors, [...at, 'destination']),
      ...(rule.http || rule.source?.services || rule.destination?.services ? { maybe: true } : {}),
    }
  })
}

/** Networks as rules see them: bits behind the prefix do not count. What is none is left out. */
export function netsOf(texts: readonly string[] | undefined): Net[] | undefined {
  return texts?.flatMap((text) => {
    const net = parseNet(text)
    return net ? [maskNet(net)] : []
  })
}

/** Runs `resolve` for a field; what it cannot parse is told with the field's place. @throws NotUnderstood */
export function inField<T>(path: Path, resolve: () => T): T {
  try {
    return resolve()
  } catch (error) {
    if (error instanceof SelectorError) throw new NotUnderstood(path, `"${error.text}" is not a selector: ${error.message}`)
    throw error
  }
}

// --- internal ---

const ACTIONS: ReadonlySet<string> = new Set<RuleFacts['action']>(['Allow', 'Deny', 'Pass', 'Log'])

function actionOf(action: string | undefined, path: Path): RuleFacts['action'] {
  if (action === undefined || !ACTIONS.has(action)) throw new NotUnderstood(path, `"${action ?? ''}" is not an action`)
  return action as RuleFacts['action']
}

function number(protocol: Protocol | undefined, path: Path): number | undefined {
  if (protocol === undefined) return undefined
  const found = protocolNumber(protocol)
  if (found === undefined) throw new NotUnderstood(path, `"${protocol}" is not a protocol`)
  return found
}

function resolveEntity(written: EntityRule | undefined, namespace: string | undefined, selectors: Selectors, at: Path): EntityFacts {
  if (!written) return NOTHING_ASKED
  const { selector, notSelector, namespaceSelector, serviceAccounts } = written
  const asked = inField(at, () =>
    selectors.ofRule(
      { selector, notSelector, namespaceSelector, serviceAccountSelector: serviceAccounts?.selector, serviceAccountNames: serviceAccounts?.names },
      namespace,
    ),
  )
  const [nets, notNets] = [netsOf(written.nets), netsOf(written.notNets)]
  for (const [field, list, found] of [
    ['nets', written.nets, nets],
    ['notNets', written.notNets, notNets],
  ] as const) {
    if (list && found && found.length < list.length) throw new NotUnderstood([...at, field], 'holds what is not a network')
  }
  // All fields are there, so that engines, which look at very many, find each at the same place.
  return {
    selector: asked?.positive ? asked.selector : undefined,
    notSelector: asked?.positive === false ? asked.selector : undefined,
    nets,
    notNets,
    ports: written.ports,
    notPorts: written.notPorts,
  }
}

const NOTHING_ASKED: EntityFacts = {
  selector: undefined,
  notSelector: undefined,
  nets: undefined,
  notNets: undefined,
  ports: undefined,
  notPorts: undefined,
}
