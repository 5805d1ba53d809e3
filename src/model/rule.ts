import { list, struct, text, type ValueOf } from './schema.ts'

const entityRule = (description: string) => struct(description, { selector: text('Endpoints and network sets that match.') }, { omit: 'zero' })

export const ruleSchema = struct('One rule.', {
  action: text('What happens to a packet that matches.', { oneOf: ['Allow', 'Deny', 'Log', 'Pass'], omit: 'never' }),
  source: entityRule('Where the packet comes from.'),
  destination: entityRule('Where the packet goes.'),
})

export type Rule = ValueOf<typeof ruleSchema>

/** The `ingress` or `egress` list of a policy or profile. */
export function ruleList(description: string) {
  return list(description, ruleSchema, { max: 1024 })
}
