/**
 * A plain YAML scalar that YAML 1.1 (which the peer reads) and YAML 1.2 understand differently: `yes`, `010`, `1_000`, `22:22`.
 * The manifest reader hands it on unresolved, since only the field's type tells whether it is harmless (`yes` in a boolean field, `22:22` in a
 * list of ports) or must be refused with "quote it" (`yes` in a text field).
 */
export class AmbiguousScalar {
  /** As written. */
  readonly text: string
  /** What the peer makes of it. */
  readonly yaml11: boolean | number | bigint | string | null

  constructor(text: string, yaml11: boolean | number | bigint | string | null) {
    this.text = text
    this.yaml11 = yaml11
  }
}

/**
 * A YAML float that the peer stores in another way than JavaScript prints it (`1e6` becomes `1e+06`) where text is wanted. All other floats are plain
 * numbers.
 */
export class FloatScalar {
  readonly value: number
  /** What a text field gets; undefined: the peer's form would have other digits than were written. */
  readonly text: string | undefined

  constructor(value: number, text: string | undefined) {
    this.value = value
    this.text = text
  }
}

/**
 * A float as the peer turns it into text, Go's `strconv.FormatFloat(x, 'g', -1, 32)`: the shortest digits that tell it from other 32-bit floats, with an
 * exponent below 1e-4 and from 1e6.
 */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  const single = Math.fround(value)
  if (!Number.isFinite(single)) return value > 0 ? '+Inf' : '-Inf'
  if (single === 0) return Object.is(single, -0) ? '-0' : '0'
  let [digits = '', exponent = '0'] = single.toExponential().split('e')
  for (let count = 0; count < 9; count++) {
    const short = single.toExponential(count)
    if (Math.fround(Number(short)) !== single) continue
    ;[digits = '', exponent = '0'] = short.split('e')
    break
  }
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(Number(`${digits}e${exponent}`))
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
