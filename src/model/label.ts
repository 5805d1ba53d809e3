/** What is wrong with the key of a label or annotation: a name, with the domain of its owner before it or not (`reference/model.md 2.0`). */
export function labelKeyFault(key: string): string | undefined {
  const slash = key.indexOf('/')
  const [prefix, name] = slash < 0 ? [undefined, key] : [key.slice(0, slash), key.slice(slash + 1)]
  if (prefix !== undefined && (prefix.length > 253 || !PREFIX.test(prefix))) return `has the prefix "${prefix}", which is no domain name\n${KEY_FORM}`
  if (name.length > 63) return `has ${name.length} characters${prefix === undefined ? '' : ' after the "/"'}, 63 at most are allowed`
  return NAME.test(name) ? undefined : `is not a key\n${KEY_FORM}`
}

/** What is wrong with the value of a label; the empty text is fine. */
export function labelValueFault(value: string): string | undefined {
  if (value.length > 63) return `has ${value.length} characters, 63 at most are allowed`
  if (value === '' || NAME.test(value)) return undefined
  return 'is not a label value\na value consists of letters, digits, "-", "_" and ".", and starts and ends with a letter or digit'
}

// --- internal ---

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const KEY_FORM = 'a key consists of letters, digits, "-", "_" and ".", starts and ends with a letter or digit, and may follow a domain name and "/"'
