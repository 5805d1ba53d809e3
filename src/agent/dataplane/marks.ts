/** Bits of a packet's mark that rules of ours set while they look at it (`reference/felix.md 3.3`); other bits are left alone. */
export const ACCEPTED = 0x1_0000
const PASSED = 0x2_0000

/** Statements and conditions of nft's language. */
export const MARK = {
  clear: `meta mark set meta mark & ${hex(~(ACCEPTED | PASSED))}`,
  clearPassed: `meta mark set meta mark & ${hex(~PASSED)}`,
  accept: `meta mark set meta mark | ${hex(ACCEPTED)}`,
  pass: `meta mark set meta mark | ${hex(PASSED)}`,
  isAccepted: `meta mark & ${hex(ACCEPTED)} == ${hex(ACCEPTED)}`,
  isNotAccepted: `meta mark & ${hex(ACCEPTED)} == 0`,
  isNotPassed: `meta mark & ${hex(PASSED)} == 0`,
} as const

// --- internal ---

function hex(mask: number): string {
  return `0x${(mask >>> 0).toString(16)}`
}
