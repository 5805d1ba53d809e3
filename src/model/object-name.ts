import type { Check } from './schema.ts'

/** The name of another object. Unlike an object's own name it has no limit to its length (`reference/model.md 0.9`). */
export const objectName: Check<string> = (value) =>
  SUBDOMAIN.test(value)
    ? undefined
    : 'is not a name\nnames consist of lower case letters, digits, "-" and ".", and start and end with a letter or digit'

// --- internal ---

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
