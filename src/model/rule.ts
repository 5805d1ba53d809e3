import { isMasked, parseCidr } from './net.ts'
import { objectName } from './object-name.ts'
import { port } from './port.ts'
import { protocol } from './protocol.ts'
import { type Field, integer, list, map, struct, text, type ValueOf } from './schema.ts'
import { selectorCheck } from './selector-check.ts'

/** A rule of a policy or profile; what it means is `reference/model.md 2.1`. */
export type Rule = ValueOf<ReturnType<typeof ruleSchema>>
export type EntityRule = NonNullable<Rule['source']>

/**
 * The `ingress` or `egress` list of a policy or profile. `limits`: the sizes that the peer's schema of policies sets; profiles have none.
 */
export function ruleList(description: string, options: { readonly limits: boolean }): Field<Rule[]> {
  return list(description, ruleSchema(options.limits), options.limits ? { max: 1024 } : {})
}

// --- internal ---

function ruleSchema(limits: boolean) {
  const upTo = (max: number) => (limits ? { max } : {})
  return struct('One rule: what must match, and what then happens.', {
    action: text('What happens to a packet that matches: Allow, Deny, Log and go on, or Pass to the next tier.', {
      oneOf: ['Allow', 'Deny', 'Log', 'Pass'],
      omit: 'never',
    }),
    ipVersion: integer('Matches packets of this IP version.', {
      omit: 'absent',
      check: (value) => (value === 4 || value === 6 ? undefined : 'is not an IP version\nwrite 4 or 6'),
    }),
    protocol: protocol('Matches packets of this protocol.'),
    icmp: icmp('Matches ICMP packets of this type and code.'),
    notProtocol: protocol('Matches packets of other protocols.'),
    notICMP: icmp('Matches packets that are not of this ICMP type and code.'),
    source: entityRule('Where the packet comes from.', limits),
    destination: entityRule('Where the packet goes.', limits),
    http: struct('Matches HTTP requests.', {
      methods: list('Request methods.', text('A method, such as GET.'), upTo(20)),
      paths: list(
        'Request paths.',
        struct('A path, whole or by its beginning.', {
          exact: text('The whole path.', limits ? { maxLength: 1024 } : {}),
          prefix: text('What the path begins with.', limits ? { maxLength: 1024 } : {}),
        }),
        upTo(20),
      ),
    }),
    metadata: struct('Notes on the rule.', { annotations: map('Free text, kept with the rule.', text('A note.')) }),
  })
}

function icmp(description: string) {
  return struct(description, {
    type: integer('ICMP type.', { omit: 'absent', min: 0, max: 254 }),
    code: integer('ICMP code; needs a type.', { omit: 'absent', min: 0, max: 255 }),
  })
}

function entityRule(description: string, limits: boolean) {
  const selector = (what: string) => text(what, { check: selectorCheck, ...(limits ? { maxLength: 1024 } : {}) })
  const nets = (what: string) => list(what, text('A network.', { check: netFault }), limits ? { max: 256 } : {})
  const ports = (what: string) => list(what, port('A port, a range or the name of a port.'), limits ? { max: 50 } : {})
  return struct(
    description,
    {
      nets: nets('Matches addresses in one of these networks.'),
      selector: selector('Matches endpoints and network sets that this picks.'),
      namespaceSelector: selector('Matches endpoints in namespaces that this picks; global() stands for those without.'),
      services: struct('Matches the endpoints behind a Kubernetes service.', {
        name: text('Name of the service.', { check: objectName, ...(limits ? { maxLength: 253 } : {}) }),
        namespace: text("Namespace of the service; the policy's own when absent.", { check: objectName }),
      }),
      ports: ports('Matches these ports.'),
      notNets: nets('Matches addresses in none of these networks.'),
      notSelector: selector('Matches what this does not pick.'),
      notPorts: ports('Matches other ports.'),
      serviceAccounts: struct('Matches endpoints that run as one of these service accounts.', {
        names: list('Names of service accounts.', text('A name.')),
        selector: text('Picks service accounts by their labels.', { check: selectorCheck }),
      }),
    },
    { omit: 'zero' },
  )
}

function netFault(value: string): string | undefined {
  const net = parseCidr(value)
  if (!net) return 'is not a network\nwrite an address and a prefix length, as in 10.0.0.0/8 or 10.0.0.1/32'
  return isMasked(net) ? undefined : 'has bits set behind its prefix length\nthe network itself is meant, as in 10.0.0.0/8'
}
