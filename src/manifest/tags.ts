import { AmbiguousScalar, FloatScalar } from '../model/scalar.ts'
import { resolvePlain } from './plain.ts'

/** A tag as written (`!!str`, `!<tag:yaml.org,2002:str>`, `!foo`) in short: `str`, `!foo`; `''` for `!`, which only says "no special type". */
export function expandTag(written: string): string {
  if (written === '!') return ''
  const full = written.startsWith('!<') ? written.slice(2, -1) : written
  if (full.startsWith('!!') && full.length > 2) return full.slice(2)
  return full.startsWith(CORE) ? full.slice(CORE.length) : full
}

/** The value of a scalar with a tag (as `expandTag` gives it), or what is wrong with it. */
export function resolveTagged(
  tag: string,
  text: string,
): string | number | bigint | boolean | null | AmbiguousScalar | FloatScalar | { readonly fault: string } {
  switch (tag) {
    case '':
    case 'str':
    case 'timestamp':
      return text
    case 'binary':
      return binary(text)
    case 'null':
    case 'bool':
    case 'int':
    case 'float': {
      const value = resolvePlain(text)
      return fits(value instanceof AmbiguousScalar ? value.yaml11 : value, tag) ? value : { fault: `"${text}" is no !!${tag}` }
    }
    default:
      return { fault: `unknown YAML tag ${tag.startsWith('!') ? tag : `!!${tag}`}` }
  }
}

/** How to write a value that begins with a character that means something in YAML, such as `!has(x)`: the rest of its line, quoted. */
export function quoteHelp(source: string, start: number): string | undefined {
  const line = /^[^\r\n]*/.exec(source.slice(start, start + 200))?.[0] ?? ''
  const value = line.replace(/\s+#.*$/, '').trimEnd()
  if (value === '' || line.length === 200) return 'quote the value'
  const key = /^[^\s:]+(?=:$|:\s)/.exec(value)?.[0]
  return `quote it: ${quote(key ?? withoutClosers(value))}`
}

// --- internal ---

const CORE = 'tag:yaml.org,2002:'

/** Brackets at the end that nothing in the value opens belong to the collection around it. */
function withoutClosers(value: string): string {
  let text = value
  for (;;) {
    const opener = text.endsWith('}') ? '{' : text.endsWith(']') ? '[' : undefined
    if (opener === undefined || text.split(opener).length >= text.split(text.at(-1) ?? '').length) return text
    text = text.slice(0, -1).trimEnd()
  }
}

function fits(value: unknown, tag: 'null' | 'bool' | 'int' | 'float'): boolean {
  if (tag === 'null') return value === null
  if (tag === 'bool') return typeof value === 'boolean'
  const isInteger = typeof value === 'bigint' || Number.isInteger(value)
  return isInteger || (tag === 'float' && (typeof value === 'number' || value instanceof FloatScalar))
}

function quote(text: string): string {
  if (!text.includes("'")) return `'${text}'`
  return /["\\]/.test(text) ? `'${text.replaceAll("'", "''")}'` : `"${text}"`
}

function binary(text: string): string | { readonly fault: string } {
  const digits = text.replace(/\s/g, '')
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(digits)) return { fault: 'this is no base64 text' }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(atob(digits), (char) => char.charCodeAt(0)))
  } catch {
    return { fault: 'this base64 text holds no UTF-8' }
  }
}
