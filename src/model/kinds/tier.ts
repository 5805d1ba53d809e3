import { BUILTIN_TIERS } from '../builtin-tiers.ts'
import { nameColumn } from '../column.ts'
import { defineKind, type Resource } from '../kind.ts'
import { formatOrder } from '../policy.ts'
import { float, struct, text } from '../schema.ts'

interface TierSpec {
  order?: number
  defaultAction?: string
}

export const tier = defineKind({ kind: 'Tier', plural: 'tiers', aliases: [], scope: 'cluster' }, () => ({
  description: 'A group of policies that is evaluated as a whole, in the order of the tiers.',
  spec: struct('Where the tier stands and what it ends with.', {
    order: float('Position among the tiers: those with a lower order come first.', { omit: 'absent' }),
    defaultAction: text('What happens to traffic that a policy of the tier selects and no rule decides.', {
      oneOf: ['Pass', 'Deny'],
      omit: 'absent',
      default: 'Deny',
    }),
  }),
  status: struct('Kept by Calico.', {}),
  columns: [nameColumn(), { heading: 'ORDER', value: (resource: Resource<TierSpec>) => formatOrder(resource.spec?.order) }],
  name: (name) => (/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= 63 ? undefined : nameFault(name)),
  complete: (resource) => {
    const spec: TierSpec = (resource.spec ??= {})
    spec.order ??= 1_000_000
  },
  listOrder: (a, b) => orderOf(a) - orderOf(b),
  rules: (resource, report) => {
    const builtin = BUILTIN_TIERS.find((known) => known.name === resource.metadata.name)
    const spec: TierSpec = resource.spec ?? {}
    if (!builtin) return
    if (spec.order !== builtin.order) {
      report({
        code: 'built-in',
        path: ['spec', 'order'],
        message: `${builtin.name} tier order must be ${builtin.order}`,
        help: 'the order of a built-in tier is fixed',
      })
    }
    if (spec.defaultAction !== builtin.defaultAction) {
      const message = `The '${builtin.name}' tier must have default action '${builtin.defaultAction}'`
      report({ code: 'built-in', path: ['spec', 'defaultAction'], message, help: 'the default action of a built-in tier is fixed' })
    }
  },
  example: `apiVersion: projectcalico.org/v3
kind: Tier
metadata:
  name: security
spec:
  order: 100
  defaultAction: Pass
`,
}))

// --- internal ---

function orderOf(resource: { readonly spec?: TierSpec }): number {
  return resource.spec?.order ?? Number.MAX_VALUE
}

function nameFault(name: string): string {
  return `"${name}" is not a tier name\nlower case letters, digits and "-", at most 63, with a letter or digit at both ends`
}
