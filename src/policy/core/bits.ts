/** A set of whole numbers below a fixed size, a bit each. */
export type Bits = Uint32Array

export function noBits(size: number): Bits {
  return new Uint32Array((size + 31) >>> 5)
}

export function allBits(size: number): Bits {
  const bits = noBits(size).fill(0xffff_ffff)
  if (size & 31) bits[bits.length - 1] = 2 ** (size & 31) - 1
  return bits
}

export function setBit(bits: Bits, index: number): void {
  bits[index >>> 5] = (bits[index >>> 5] ?? 0) | (1 << (index & 31))
}

export function setBits(bits: Bits, indexes: readonly number[] = []): void {
  for (let i = 0; i < indexes.length; i++) setBit(bits, indexes[i] as number)
}

export function hasBit(bits: Bits, index: number): boolean {
  return (((bits[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1
}

/** Adds, in place, what is in the other set. */
export function addBits(bits: Bits, other: Bits): void {
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] ?? 0) | (other[i] ?? 0)
}

/** Keeps, in place, what is in the other set too. */
export function keepBits(bits: Bits, other: Bits): void {
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] ?? 0) & (other[i] ?? 0)
}

/** Removes, in place, what is in the other set. */
export function removeBits(bits: Bits, other: Bits): void {
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] ?? 0) & ~(other[i] ?? 0)
}

export function hasAny(bits: Bits): boolean {
  for (let i = 0; i < bits.length; i++) if (bits[i] !== 0) return true
  return false
}

/** The first number of the set from another one on, -1 when there is none. */
export function nextBit(bits: Bits, from: number): number {
  let at = from >>> 5
  let word = (bits[at] ?? 0) & (-1 << (from & 31))
  while (word === 0) {
    if (++at >= bits.length) return -1
    word = bits[at] as number
  }
  return (at << 5) + 31 - Math.clz32(word & -word)
}

/** Calls back with each number of the set, in order. */
export function eachBit(bits: Bits, visit: (index: number) => void): void {
  for (let index = nextBit(bits, 0); index !== -1; index = nextBit(bits, index + 1)) visit(index)
}
