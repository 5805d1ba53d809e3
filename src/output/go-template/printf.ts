import { type Directive, formatValue } from './print.ts'
import { goTypeName, type Value } from './value.ts'

/**
 * Go's `fmt.Sprintf`: verbs v T t d b o O x X c q U e E f F g G s and %, the flags `+ - # 0` and space, width, precision, `*` and `[n]`.
 * What is wrong with a format shows in the result, as in Go: `%!d(string=hi)`, `%!d(MISSING)`, `%!(EXTRA int=1)`.
 */
export function sprintf(format: string, values: readonly Value[]): string {
  return new Formatter(format, values).result()
}

// --- internal ---

/** Widths and precisions beyond this Go refuses. */
const LIMIT = 1_000_000

class Formatter {
  readonly #format: string
  readonly #values: readonly Value[]
  #at = 0
  #next = 0
  #reordered = false
  #goodIndex = true

  constructor(format: string, values: readonly Value[]) {
    this.#format = format
    this.#values = values
  }

  result(): string {
    let text = ''
    for (;;) {
      const percent = this.#format.indexOf('%', this.#at)
      text += this.#format.slice(this.#at, percent === -1 ? undefined : percent)
      if (percent === -1) break
      this.#at = percent + 1
      text += this.#directive()
    }
    if (this.#reordered || this.#next >= this.#values.length) return text
    const extra = this.#values.slice(this.#next).map((value) => {
      return value === undefined || value === null ? '<nil>' : `${goTypeName(value)}=${formatValue(value, { verb: 'v' })}`
    })
    return `${text}%!(EXTRA ${extra.join(', ')})`
  }

  #directive(): string {
    this.#goodIndex = true
    let bad = ''
    const flags = this.#flags()
    let indexed = this.#index()
    let width: number | undefined
    let minus = flags.minus
    if (this.#take('*')) {
      width = this.#star()
      if (width === undefined) bad += '%!(BADWIDTH)'
      else if (width < 0) {
        width = -width
        minus = true
      }
      indexed = false
    } else {
      width = this.#number()
      if (indexed && width !== undefined) this.#goodIndex = false
    }
    let precision: number | undefined
    if (this.#take('.')) {
      if (indexed) this.#goodIndex = false
      indexed = this.#index()
      if (this.#take('*')) {
        precision = this.#star()
        if (precision === undefined) bad += '%!(BADPREC)'
        else if (precision < 0) {
          precision = undefined
          bad += '%!(BADPREC)'
        }
        indexed = false
      } else precision = this.#number() ?? 0
    }
    if (!indexed) this.#index()
    const code = this.#format.codePointAt(this.#at)
    if (code === undefined) return `${bad}%!(NOVERB)`
    const verb = String.fromCodePoint(code)
    this.#at += verb.length
    if (verb === '%') return `${bad}%`
    if (!this.#goodIndex) return `${bad}%!${verb}(BADINDEX)`
    if (this.#next >= this.#values.length) return `${bad}%!${verb}(MISSING)`
    return bad + formatValue(this.#values[this.#next++], { ...flags, ...(minus ? { minus } : {}), width, precision, verb })
  }

  #flags(): Pick<Directive, 'plus' | 'minus' | 'sharp' | 'space' | 'zero'> {
    const flags = { plus: false, minus: false, sharp: false, space: false, zero: false }
    for (;;) {
      if (this.#take('+')) flags.plus = true
      else if (this.#take('-')) flags.minus = true
      else if (this.#take('#')) flags.sharp = true
      else if (this.#take(' ')) flags.space = true
      else if (this.#take('0')) flags.zero = true
      else return flags
    }
  }

  /** `[n]`: the next value is the n-th. */
  #index(): boolean {
    if (this.#format[this.#at] !== '[') return false
    this.#reordered = true
    const close = this.#format.indexOf(']', this.#at)
    const number = close === -1 ? Number.NaN : Number(/^\d+$/.exec(this.#format.slice(this.#at + 1, close))?.[0] ?? Number.NaN)
    this.#at = close === -1 ? this.#at + 1 : close + 1
    if (number >= 1 && number <= this.#values.length) {
      this.#next = number - 1
      return true
    }
    this.#goodIndex = false
    return close !== -1
  }

  #star(): number | undefined {
    const value = this.#values[this.#next]
    if (this.#next < this.#values.length) this.#next++
    return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= LIMIT ? value : undefined
  }

  #number(): number | undefined {
    const digits = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 20))?.[0]
    if (digits === undefined || Number(digits) > LIMIT) return undefined
    this.#at += digits.length
    return Number(digits)
  }

  #take(char: string): boolean {
    if (this.#format[this.#at] !== char) return false
    this.#at++
    return true
  }
}
