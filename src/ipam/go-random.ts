/**
 * The numbers that Go's `math/rand` gives after a seed: an additive lagged Fibonacci generator over the last 607 words (`conformance/ipam` rule 4).
 * Calico derives from it where a host begins to look for blocks, so it must be the very same.
 */
export class GoRandom {
  readonly #words: bigint[]
  #tap = 0
  #feed = LENGTH - LAG

  constructor(seed: number) {
    const cooked = cookedWords()
    this.#words = seededWords(seed, 40n, 20n).map((word, index) => word ^ (cooked[index] ?? 0n))
  }

  /** 32 random bits. */
  uint32(): bigint {
    this.#tap = this.#tap === 0 ? LENGTH - 1 : this.#tap - 1
    this.#feed = this.#feed === 0 ? LENGTH - 1 : this.#feed - 1
    const word = BigInt.asUintN(64, (this.#words[this.#feed] ?? 0n) + (this.#words[this.#tap] ?? 0n))
    this.#words[this.#feed] = word
    return (word >> 31n) & 0xffff_ffffn
  }

  /** A random number below a bound of at least 1, as Go's big numbers draw it: words of 64 bits, the last one cut to the bound's length, until one fits. */
  below(bound: bigint): bigint {
    const bits = bound.toString(2).length
    const words = Math.ceil(bits / 64)
    const mask = (1n << BigInt(bits - 64 * (words - 1))) - 1n
    for (;;) {
      let drawn = 0n
      for (let index = 0; index < words; index++) {
        const low = this.uint32()
        const word = low | (this.uint32() << 32n)
        drawn |= (index === words - 1 ? word & mask : word) << BigInt(64 * index)
      }
      if (drawn < bound) return drawn
    }
  }
}

// --- internal ---

const LENGTH = 607
const LAG = 273
/** So many outputs of the generator lie between its first seed and the words that every later seed is mixed with. */
const WARM_UP = 7_800_000_000_000n

let cooked: readonly bigint[] | undefined

/**
 * The words that each seed is mixed with: the generator itself, seeded with 1, after `WARM_UP` outputs. A word is a sum of the first words with the
 * coefficients of x^WARM_UP modulo x^607 - x^334 - 1, so it takes a few dozen multiplications of polynomials instead of trillions of additions.
 */
function cookedWords(): readonly bigint[] {
  if (cooked) return cooked
  const history = seededWords(1, 20n, 10n)
  // In the order in which the generator uses them up, oldest first; then those that follow.
  const sequence = Array.from({ length: LENGTH }, (_, age) => history[slot(age)] ?? 0n)
  for (let next = LENGTH; next < 2 * LENGTH; next++) {
    sequence.push(BigInt.asUintN(64, (sequence[next - LENGTH] ?? 0n) + (sequence[next - LAG] ?? 0n)))
  }
  const power = powerOfX(WARM_UP)
  const product = multiply(power.toReversed(), sequence)
  const words = Array.from<bigint>({ length: LENGTH })
  const turned = Number(WARM_UP % BigInt(LENGTH))
  for (let age = 0; age < LENGTH; age++) words[slot((age + turned) % LENGTH)] = product[LENGTH - 1 + age] ?? 0n
  return (cooked = words)
}

/** Where in the table the word lies that is used up after `age` others. */
function slot(age: number): number {
  return (2 * LENGTH - LAG - 1 - age) % LENGTH
}

/** Three steps of a small generator make each word. */
function seededWords(seed: number, first: bigint, second: bigint): bigint[] {
  let x = seed % MODULUS
  if (x < 0) x += MODULUS
  if (x === 0) x = 89_482_311
  const step = (): bigint => {
    x = (48_271 * x) % MODULUS
    return BigInt(x)
  }
  for (let skipped = 0; skipped < 20; skipped++) step()
  return Array.from({ length: LENGTH }, () => BigInt.asUintN(64, (step() << first) ^ (step() << second) ^ step()))
}

const MODULUS = 2 ** 31 - 1

function powerOfX(exponent: bigint): bigint[] {
  let power = [1n]
  for (const bit of exponent.toString(2)) {
    power = reduce(multiply(power, power))
    if (bit === '1') power = reduce([0n, ...power])
  }
  return power
}

/** x^607 is x^334 + 1. */
function reduce(polynomial: bigint[]): bigint[] {
  for (let degree = polynomial.length - 1; degree >= LENGTH; degree--) {
    const coefficient = polynomial[degree] ?? 0n
    for (const target of [degree - LAG, degree - LENGTH]) polynomial[target] = BigInt.asUintN(64, (polynomial[target] ?? 0n) + coefficient)
  }
  return polynomial.slice(0, LENGTH)
}

/** Multiplies polynomials over the integers modulo 2^64, as one product of two long numbers: each coefficient has room for the largest sum. */
function multiply(a: readonly bigint[], b: readonly bigint[]): bigint[] {
  const pack = (polynomial: readonly bigint[]) =>
    BigInt(
      `0x${polynomial
        .map((coefficient) => coefficient.toString(16).padStart(ROOM, '0'))
        .toReversed()
        .join('')}`,
    )
  const digits = (pack(a) * pack(b)).toString(16)
  const product: bigint[] = []
  for (let end = digits.length; end > 0; end -= ROOM) product.push(BigInt(`0x${digits.slice(Math.max(0, end - 16), end)}`))
  return product
}

/** Hex digits for a sum of 1,214 products of two words of 64 bits. */
const ROOM = 36
