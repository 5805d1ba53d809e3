/** One table of nftables, as it should be. Parts that did not change between two rulesets are best the same objects: comparing them is then free. */
export interface Ruleset {
  readonly sets: ReadonlyMap<string, NftSet>
  readonly maps: ReadonlyMap<string, NftMap>
  readonly chains: ReadonlyMap<string, NftChain>
}

export interface NftSet {
  /** As in nft's language: `ipv4_addr`, `ipv4_addr . inet_proto . inet_service`. */
  readonly type: string
  /** Elements are networks, none within another. Without it they are single values, in a hash. */
  readonly interval: boolean
  readonly elements: ReadonlySet<string>
}

/** A verdict map: which chain a key goes to. */
export interface NftMap {
  readonly type: string
  readonly elements: ReadonlyMap<string, string>
}

export interface NftChain {
  /** `type filter hook forward priority filter - 5; policy accept;` for a base chain. */
  readonly hook?: string
  readonly rules: readonly string[]
  /** What a chain that the kernel does not take is reported as; such a chain then drops everything. */
  readonly owner?: string
}

/** The table of ours, for IPv4 and IPv6. */
export const TABLE = 'inet calico'
