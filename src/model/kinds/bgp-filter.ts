import { strictlyMasked } from '../address.ts'
import { asNumber, MAX_SIGNED_AS_NUMBER } from '../as-number.ts'
import { nameColumn } from '../column.ts'
import { communityFault } from '../community.ts'
import { interfaceGlob } from '../interface-name.ts'
import { defineKind, type Report, type Resource } from '../kind.ts'
import { parseCidr } from '../net.ts'
import type { Path } from '../problem.ts'
import { integer, list, struct, text, type ValueOf } from '../schema.ts'

/** Which routes a BGP session takes and gives, and how it changes them (`reference/model.md 2.13`). */
export const bgpFilter = defineKind({ kind: 'BGPFilter', plural: 'bgpfilters', aliases: ['bgpf', 'bgpfs', 'bf', 'bfs'], scope: 'cluster' }, () => ({
  description: 'Which routes BGP peers are given and may give, and how they are changed. BGPPeers name the filters that they use.',
  spec: specSchema(),
  columns: [
    nameColumn(),
    ...DIRECTIONS.map((direction) => ({
      heading: `NUM${direction.toUpperCase()}`,
      value: ({ spec }: Filter) => String(spec?.[direction]?.length ?? 0),
    })),
  ],
  rules: ({ spec = {} }: Filter, report: Report) => {
    for (const direction of DIRECTIONS) {
      spec[direction]?.forEach((rule, index) => {
        checkRule(rule, ['spec', direction, index], report)
      })
    }
  },
  example: `apiVersion: projectcalico.org/v3
kind: BGPFilter
metadata:
  name: only-own-networks
spec:
  exportV4:
  - action: Accept
    cidr: 10.0.0.0/8
    matchOperator: In
  - action: Reject
`,
}))

// --- internal ---

const DIRECTIONS = ['exportV4', 'importV4', 'exportV6', 'importV6'] as const

const specSchema = () =>
  struct('Rules, tried in order; a route that none matches is treated as without the filter.', {
    exportV4: list('Rules for IPv4 routes to peers.', ruleSchema(4)),
    importV4: list('Rules for IPv4 routes from peers.', ruleSchema(4)),
    exportV6: list('Rules for IPv6 routes to peers.', ruleSchema(6)),
    importV6: list('Rules for IPv6 routes from peers.', ruleSchema(6)),
  })

type Spec = ValueOf<ReturnType<typeof specSchema>>
type Filter = Resource<Spec>
type Rule = ValueOf<ReturnType<typeof ruleSchema>>

const INT32 = [-(2 ** 31), 2 ** 31 - 1] as const
const MAX_PRIORITY = 2_147_483_646

function ruleSchema(family: 4 | 6) {
  const longest = family === 4 ? 32 : 128
  const prefix = (description: string) => integer(description, { omit: 'absent', range: INT32, min: 0, max: longest })
  return struct('One rule; everything that is given must match.', {
    cidr: text('Network that the route is compared with, as matchOperator says.', {
      check: (value) => networkFault(value, family),
      maxLength: family === 4 ? 18 : 43,
    }),
    prefixLength: struct('Length of the routes that match, for use with cidr.', {
      min: prefix('Shortest prefix (default 0).'),
      max: prefix(`Longest prefix (default ${longest}).`),
    }),
    source: text('Where the route was learnt: RemotePeers are peers that are not nodes.', { oneOf: ['RemotePeers'] }),
    interface: text('Interface of the route; "*" stands for any text.', { check: interfaceGlob }),
    matchOperator: text('How the route and cidr must compare.', { oneOf: ['Equal', 'NotEqual', 'In', 'NotIn'] }),
    peerType: text('Whether the peer is in another AS (eBGP) or the same (iBGP).', { oneOf: ['eBGP', 'iBGP'] }),
    communities: struct('Communities that the route must carry.', {
      values: list('The community.', text('Written as aa:nn or aa:nn:mm.', { check: community }), { omit: 'never', min: 1, max: 1 }),
    }),
    asPathPrefix: list('AS numbers that the path of the route must begin with.', asNumber('An AS number.', { max: MAX_SIGNED_AS_NUMBER })),
    priority: integer('Priority that the route must have in the kernel.', { omit: 'absent', min: 1, max: MAX_PRIORITY }),
    action: text('What happens to a route that matches.', { omit: 'never', oneOf: ['Accept', 'Reject'] }),
    operations: list('Changes to an accepted route, made in order.', operationSchema(), { max: 10 }),
  })
}

function operationSchema() {
  return struct(
    'One change.',
    {
      addCommunity: struct('Adds a community.', { value: text('Written as aa:nn or aa:nn:mm.', { omit: 'absent', check: community }) }),
      prependASPath: struct('Puts AS numbers before the path.', {
        prefix: list('The AS numbers, in the order in which they will stand.', asNumber('An AS number.', { max: MAX_SIGNED_AS_NUMBER }), {
          omit: 'never',
          min: 1,
          max: 10,
        }),
      }),
      setPriority: struct('Sets the priority of the route in the kernel.', {
        value: integer('The priority; lower goes first.', { omit: 'absent', min: 1, max: MAX_PRIORITY }),
      }),
    },
    { check: oneOperation },
  )
}

function networkFault(value: string, family: 4 | 6): string | undefined {
  const fault = strictlyMasked(value)
  if (fault !== undefined || parseCidr(value)?.family === family) return fault
  return `is not an IPv${family} network\nthe rules for IPv${family === 4 ? 6 : 4} stand in a list of their own`
}

function community(value: string): string | undefined {
  return communityFault(value, { leadingZeros: false })
}

function oneOperation(operation: Readonly<Record<string, unknown>>): string | undefined {
  const given = Object.keys(operation)
  if (given.length === 1) return undefined
  const known = 'write one of addCommunity, prependASPath, setPriority, and a list item for each'
  return given.length === 0 ? `the operation is empty\n${known}` : `the operation holds ${given.join(' and ')}, and one alone is allowed\n${known}`
}

function checkRule(rule: Rule, path: Path, report: Report): void {
  const say = (field: string, message: string, help: string) => report({ code: 'bad-filter-rule', path: [...path, field], message, help })
  if (!rule.action) say('action', 'the rule needs an action', 'write action: Accept or action: Reject')
  if (rule.cidr && !rule.matchOperator) say('cidr', 'cidr needs a matchOperator', 'write matchOperator: Equal, NotEqual, In or NotIn')
  if (!rule.cidr && rule.matchOperator) say('matchOperator', 'matchOperator needs a cidr', 'write the network that routes are compared with')
  if (rule.prefixLength && !rule.cidr) say('prefixLength', 'prefixLength needs a cidr', 'write cidr: 0.0.0.0/0 or ::/0 for all networks')
  if (rule.action === 'Reject' && rule.operations?.length) {
    say('operations', 'operations are possible with action Accept only', 'a rejected route is not changed: remove them')
  }
  if (rule.communities && rule.communities.values === undefined) {
    report({
      code: 'missing-field',
      path: [...path, 'communities', 'values'],
      message: 'values must be given',
      help: 'write one community, as in ["65001:100"]',
    })
  }
  rule.operations?.forEach((operation, index) => {
    const missing = missingValue(operation)
    if (!missing) return
    report({ code: 'missing-field', path: [...path, 'operations', index, ...missing], message: `${missing[0]} needs a ${missing[1]}` })
  })
}

function missingValue({ addCommunity, prependASPath, setPriority }: NonNullable<Rule['operations']>[number]): readonly [string, string] | undefined {
  if (addCommunity && addCommunity.value === undefined) return ['addCommunity', 'value']
  if (prependASPath && prependASPath.prefix === undefined) return ['prependASPath', 'prefix']
  if (setPriority && setPriority.value === undefined) return ['setPriority', 'value']
  return undefined
}
