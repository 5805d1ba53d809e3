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
 * A float as the peer turns it into text where text is wanted, Go's `strconv.FormatFloat(x, 'g', -1, 32)`: the shortest digits that tell it from other
 * 32-bit floats, with an exponent below 1e-4 and from 1e6.
 */
export function goFloat(value: number): string {
  const single = Math.fround(value)
  // Exponential form has no negative zero, and no form at all of what is infinite.
  if (single === 0 || !Number.isFinite(single)) return goDouble(single)
  for (let count = 0; count < 9; count++) {
    const short = Number(single.toExponential(count))
    if (Math.fround(short) === single) return goDouble(short)
  }
  return goDouble(single)
}

/** A float as go-yaml writes it, `strconv.FormatFloat(x, 'g', -1, 64)`: shortest digits, an exponent below 1e-4 and from 1e6. */
export function goDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(value)
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
