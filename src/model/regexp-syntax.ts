import { isUnicodeGroup } from './unicode-groups.ts'

/**
 * What is wrong with a regular expression in the RE2 syntax of Go (Perl flavour), or undefined: no lookaround, no backreferences, no `\Z`, no
 * stacked repetition, counts up to 1000 (`reference/model.md 0.9`). JavaScript's own engine differs in all of these.
 */
export function regexpFault(pattern: string): string | undefined {
  try {
    new Reader(pattern).read()
    return undefined
  } catch (error) {
    if (error instanceof SyntaxFault) return error.message
    throw error
  }
}

// --- internal ---

class SyntaxFault extends Error {}

/** A repetition with a count, and those inside it: `(x{100}){100}` repeats 10,000 times. */
interface Counted {
  readonly min: number
  /** -1: no limit. */
  readonly max: number
  readonly inside: readonly Counted[]
}

const MAX_COUNT = 1000
const MAX_DEPTH = 1000
const NO_LOOKAROUND = 'looks around with "(?=", "(?!", "(?<=" or "(?<!", which this kind of regular expression cannot'
const POSIX_CLASSES = new Set('alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '))

class Reader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): void {
    this.#alternatives()
    if (this.#at < this.#text.length) throw new SyntaxFault('has a ")" without a "("')
  }

  /** Reads up to the end or a `)`; gives the counted repetitions in it. */
  #alternatives(): readonly Counted[] {
    const all: Counted[] = []
    let last: readonly Counted[] | undefined
    let repeated = false
    while (this.#at < this.#text.length && !this.#sees(')')) {
      const operator = this.#operator()
      if (operator) {
        if (repeated) throw new SyntaxFault(`repeats a repetition with "${operator.text}"`)
        if (last === undefined) throw new SyntaxFault(`has nothing before "${operator.text}" to repeat`)
        if (operator.bounds) last = [counted(operator.text, operator.bounds, last)]
        repeated = true
        continue
      }
      repeated = false
      const bar = this.#take(/\|/y) !== undefined
      const atom = bar ? undefined : this.#atom()
      if (!bar && atom === undefined) continue
      all.push(...(last ?? []))
      last = atom
    }
    return [...all, ...(last ?? [])]
  }

  /** `*`, `+`, `?` or a count, with the `?` that makes it reluctant. A `{` that begins no count is plain text. */
  #operator(): { readonly text: string; readonly bounds?: readonly [min: number, max: number] } | undefined {
    const [text, min, comma, max] = this.#take(/(?:[*+?]|\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\})\??/y) ?? []
    if (text === undefined || min === undefined) return text === undefined ? undefined : { text }
    return { text, bounds: [Number(min), comma === undefined ? Number(min) : max === undefined ? -1 : Number(max)] }
  }

  /** The next thing that can be repeated; undefined where there is none: flags, `\Q\E`. */
  #atom(): readonly Counted[] | undefined {
    if (this.#sees('(')) return this.#group()
    if (this.#sees('[')) this.#class()
    else if (this.#sees('\\Q')) return this.#take(/\\Q([^]*?)(?:\\E|$)/y)?.[1] === '' ? undefined : []
    else if (this.#take(/\\[AbBzdDsSwW]/y) === undefined && !this.#unicodeGroup()) this.#character()
    return []
  }

  #group(): readonly Counted[] | undefined {
    const [, name] = this.#take(/\(\?P?<([^>]*)>/y) ?? []
    if (name !== undefined) {
      if (/^[=!]/.test(name)) throw new SyntaxFault(NO_LOOKAROUND)
      if (!/^\w+$/.test(name)) throw new SyntaxFault(`has the group name "${name}"\nit is made of letters, digits and "_"`)
    } else if (this.#sees('(?')) {
      const [text] = this.#take(/\(\?[imsU]*(?:-[imsU]+)?[:)]/y) ?? []
      if (text === undefined) throw new SyntaxFault(/^\(\?<?[=!]/.test(this.#text.slice(this.#at)) ? NO_LOOKAROUND : this.#unknown('(?', 3))
      if (text.endsWith(')')) return undefined
    } else this.#at++
    if (++this.#depth >= MAX_DEPTH) throw new SyntaxFault('nests too deeply')
    const inside = this.#alternatives()
    if (this.#take(/\)/y) === undefined) throw new SyntaxFault('has a "(" without a ")"')
    this.#depth--
    return inside
  }

  #class(): void {
    this.#take(/\[\^?/y)
    for (let first = true; first || !this.#sees(']'); first = false) {
      const [posix, name = ''] = this.#take(/\[:\^?([^]*?):\]/y) ?? []
      if (posix !== undefined) {
        if (!POSIX_CLASSES.has(name)) throw new SyntaxFault(`has the unknown character class "${posix}"`)
      } else if (this.#take(/\\[dDsSwW]/y) === undefined && !this.#unicodeGroup()) this.#range()
    }
    this.#at++
  }

  #range(): void {
    const start = this.#at
    const low = this.#classCharacter()
    if (this.#take(/-(?=[^\]])/y) === undefined) return
    if (this.#classCharacter() < low) throw new SyntaxFault(`has the character range "${this.#text.slice(start, this.#at)}", which runs backwards`)
  }

  #classCharacter(): number {
    if (this.#at >= this.#text.length) throw new SyntaxFault('has a "[" without a "]"')
    return this.#character()
  }

  /** `\pL`, `\p{Greek}`, `\P{^Lu}`. */
  #unicodeGroup(): boolean {
    const [text, braced, short] = this.#take(/\\[pP](?:\{([^}]*)\}|([^]))?/uy) ?? []
    if (text === undefined) return false
    if (!isUnicodeGroup((braced ?? short ?? '').replace(/^\^/, ''))) throw new SyntaxFault(`has the unknown character class "${text}"`)
    return true
  }

  /** One character, as it stands or escaped; its code point. */
  #character(): number {
    const [plain] = this.#take(/[^\\]/uy) ?? []
    if (plain !== undefined) return plain.codePointAt(0) ?? 0
    const [, octal, hex, control, punctuation] =
      this.#take(/\\(?:(0[0-7]{0,2}|[1-7][0-7]{1,2})|x([\dA-Fa-f]{2}|\{[\dA-Fa-f]+\})|([afnrtv])|([\0-\x2f:-@[-`{-\x7f]))/y) ?? []
    if (octal !== undefined) return Number.parseInt(octal, 8)
    if (control !== undefined) return CONTROLS.get(control) ?? 0
    if (punctuation !== undefined) return punctuation.charCodeAt(0)
    if (hex !== undefined) {
      const code = Number.parseInt(hex.replace('{', ''), 16)
      if (code > 0x10ffff) throw new SyntaxFault(`has the character number ${hex.replace(/[{}]/g, '')}, and the last one is 10ffff`)
      return code
    }
    throw new SyntaxFault(this.#at === this.#text.length - 1 ? 'ends with a "\\"' : this.#unknown('\\', 2))
  }

  #unknown(what: string, length: number): string {
    return `has "${Array.from(this.#text.slice(this.#at)).slice(0, length).join('')}", and there is no such "${what}"`
  }

  #sees(text: string): boolean {
    return this.#text.startsWith(text, this.#at)
  }

  /** Reads past what a sticky expression matches here. */
  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at
    const match = expression.exec(this.#text)
    if (match === null) return undefined
    this.#at += match[0].length
    return match
  }
}

const CONTROLS = new Map([
  ['a', 7],
  ['f', 12],
  ['n', 10],
  ['r', 13],
  ['t', 9],
  ['v', 11],
])

function counted(text: string, [min, max]: readonly [number, number], inside: readonly Counted[]): Counted {
  if (min > MAX_COUNT || max > MAX_COUNT || (max >= 0 && min > max)) {
    throw new SyntaxFault(`has the count ${text}\na count is at most ${MAX_COUNT}, and its first number not larger than its second`)
  }
  const result = { min, max, inside }
  if (Math.max(min, max) >= 2 && !fits(result, MAX_COUNT)) throw new SyntaxFault(`repeats more than ${MAX_COUNT} times with counts inside counts`)
  return result
}

function fits({ min, max, inside }: Counted, limit: number): boolean {
  if (max === 0) return true
  const times = max < 0 ? min : max
  if (times > limit) return false
  const rest = times > 0 ? Math.trunc(limit / times) : limit
  return inside.every((item) => fits(item, rest))
}
