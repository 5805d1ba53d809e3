/** The tiers that are always there; their order and default action are fixed (`reference/model.md 2.14`). */
export const BUILTIN_TIERS = [
  { name: 'default', order: 1_000_000, defaultAction: 'Deny' },
  { name: 'kube-admin', order: 1_000, defaultAction: 'Pass' },
  { name: 'kube-baseline', order: 10_000_000, defaultAction: 'Pass' },
] as const
