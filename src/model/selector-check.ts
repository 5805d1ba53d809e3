import type { Check } from './schema.ts'
import { parseSelector } from './selector/parse.ts'

/** Says where and why a text is no selector. */
export const selectorCheck: Check<string> = (value) => {
  const { fault } = parseSelector(value)
  return fault && `is not a selector: ${fault.message}${fault.help === undefined ? '' : `\n${fault.help}`}`
}
