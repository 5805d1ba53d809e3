/**
 * What is wrong with a BGP community value: `aa:nn` with 16-bit numbers (RFC 1997) or `aa:nn:mm` with 32-bit numbers (RFC 8092).
 * `leadingZeros`: BGPConfiguration takes `01:1`, BGPFilter does not.
 */
export function communityFault(value: string, options: { readonly leadingZeros: boolean }): string | undefined {
  if (!SHAPE.test(value)) return `is not a BGP community\n${FORM}`
  const parts = value.split(':')
  const max = parts.length === 2 ? 0xffff : 0xffff_ffff
  for (const part of parts) {
    if (Number(part) > max) return `has ${part}, which is larger than ${max}\n${FORM}`
    if (!options.leadingZeros && part.length > 1 && part.startsWith('0'))
      return `has a leading zero in ${part}\nwrite ${value.replace(/\b0+(?=\d)/g, '')}`
  }
  return undefined
}

/** Has the shape of a community value, whatever its numbers: then it is no community's name. */
export function isCommunityValue(text: string): boolean {
  return SHAPE.test(text)
}

// --- internal ---

const SHAPE = /^\d+:\d+(:\d+)?$/
const FORM = 'a community is aa:nn with numbers up to 65535, or aa:nn:mm with numbers up to 4294967295'
