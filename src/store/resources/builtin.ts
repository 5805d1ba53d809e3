import { API_VERSION, type Resource } from '../../model/kind.ts'
import type { Target } from './keys.ts'

/** The profile that is always there and never stored (`reference/model.md 2.4`); lists show it last. */
export const DEFAULT_ALLOW = 'projectcalico-default-allow'

export function defaultAllowProfile(): Resource {
  return {
    kind: 'Profile',
    apiVersion: API_VERSION,
    metadata: { name: DEFAULT_ALLOW, resourceVersion: '1' },
    spec: { ingress: [{ action: 'Allow' }], egress: [{ action: 'Allow' }] },
  }
}

export function isBuiltin(target: Target): boolean {
  return target.kind.kind === 'Profile' && target.name === DEFAULT_ALLOW
}
