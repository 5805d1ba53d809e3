/**
 * A plain YAML scalar that YAML 1.1 (which the peer reads) and YAML 1.2 understand differently: `yes`, `010`, `1_000`, `22:22`.
 * The manifest reader hands it on unresolved, since only the field's type tells whether it is harmless (`yes` in a boolean field) or must
 * be refused with "quote it" (`yes` in a text field).
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
