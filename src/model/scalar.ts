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
 * A YAML float that Go prints in another way than JavaScript (`1e6` becomes `1e+06`): where text is wanted, the peer stores Go's form.
 * All other floats are plain numbers.
 */
export class FloatScalar {
  readonly value: number
  /** What a text field gets. */
  readonly text: string

  constructor(value: number, text: string) {
    this.value = value
    this.text = text
  }
}

/** A float as Go's `strconv.FormatFloat(x, 'g', -1, 64)` prints it: shortest digits, an exponent below 1e-4 and from 1e6. */
export function goFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits = '', exponent = '0'] = value.toExponential().split('e')
  const power = Number(exponent)
  if (power >= -4 && power < 6) return String(value)
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
