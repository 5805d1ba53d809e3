import type { Check } from './schema.ts'

/** A network interface's name of the kernel, or `*` for all (`reference/model.md 2.6`). */
export const interfaceName: Check<string> = (value) =>
  value === '*' ? undefined : matches(value, /^[a-zA-Z0-9_.-]{1,15}$/, 'letters, digits, "_", "." and "-"')

/** A name in which `*` stands for any text; `*` alone is allowed too. */
export const interfaceGlob: Check<string> = (value) => matches(value, /^[a-zA-Z0-9_.*-]{1,15}$/, 'letters, digits, "_", ".", "-" and "*"')

/** As `interfaceGlob`, but not all interfaces at once. */
export const ignoredInterface: Check<string> = (value) => (value === '*' ? 'would ignore every interface\nname the interfaces' : interfaceGlob(value))

/** A name as iptables matches it: a final `+` stands for any text. */
export const interfaceFilter: Check<string> = (value) => matches(value, /^[a-zA-Z0-9:._+-]{1,15}$/, 'letters, digits, ":", ".", "_", "+" and "-"')

// --- internal ---

function matches(value: string, form: RegExp, allowed: string): string | undefined {
  if (form.test(value)) return undefined
  if (value.length > 15) return `has ${value.length} characters, an interface name has 15 at most`
  return `is not an interface name\nit is made of 1 to 15 ${allowed}`
}
