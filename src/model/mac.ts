import type { Check } from './schema.ts'

/** A hardware address in any form that Go reads: 6, 8 or 20 bytes, as `aa:bb:...`, `aa-bb-...`, `aabb.ccdd...` or without separators. */
export const macAddress: Check<string> = (value) =>
  FORMS.some((form) => form.test(value)) ? undefined : 'is not a MAC address\nwrite it as in ee:ee:ee:ee:ee:ee'

// --- internal ---

const FORMS = [':', '-', ''].map((separator) => bytes('[0-9a-f]{2}', separator, [6, 8, 20])).concat(bytes('[0-9a-f]{4}', '\\.', [3, 4, 10]))

function bytes(group: string, separator: string, counts: readonly number[]): RegExp {
  return new RegExp(`^(?:${counts.map((count) => `${group}(?:${separator}${group}){${count - 1}}`).join('|')})$`, 'i')
}
