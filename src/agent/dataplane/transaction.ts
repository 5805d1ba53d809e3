import { type NftChain, type NftMap, type NftSet, type Ruleset, TABLE } from './ruleset.ts'

/** Nft's language for a whole table that replaces whatever is there under its name, in one transaction. */
export function replaceTable(wanted: Ruleset): string {
  // Adding first makes the deletion succeed when there was no table.
  return `add table ${TABLE}\ndelete table ${TABLE}\nadd table ${TABLE}\n${changeTable(EMPTY, wanted)}`
}

/**
 * Nft's language for the least that makes one ruleset out of another, in one transaction; empty when there is nothing to do. A changed chain is written
 * anew, of sets and maps only the elements that differ.
 */
export function changeTable(before: Ruleset, wanted: Ruleset): string {
  const lines: string[] = []
  const removedSets: string[] = []
  for (const [name, set] of wanted.sets) {
    const old = before.sets.get(name)
    if (old === set) continue
    if (!old) lines.push(`add set ${TABLE} ${name} { type ${set.type};${set.interval ? ' flags interval;' : ''} }`)
    changeElements(lines, name, old, set)
  }
  for (const name of before.sets.keys()) if (!wanted.sets.has(name)) removedSets.push(`delete set ${TABLE} ${name}`)
  for (const [name, chain] of wanted.chains) {
    if (!before.chains.has(name)) lines.push(`add chain ${TABLE} ${name}${chain.hook === undefined ? '' : ` { ${chain.hook} }`}`)
  }
  for (const [name, map] of wanted.maps) {
    if (!before.maps.has(name)) lines.push(`add map ${TABLE} ${name} { type ${map.type}; }`)
  }
  for (const [name, chain] of wanted.chains) {
    const old = before.chains.get(name)
    if (old && sameRules(old, chain)) continue
    if (old) lines.push(`flush chain ${TABLE} ${name}`)
    for (const rule of chain.rules) lines.push(`add rule ${TABLE} ${name} ${rule}`)
  }
  for (const [name, map] of wanted.maps) changeVerdicts(lines, name, before.maps.get(name), map)
  const goneChains = [...before.chains.keys()].filter((name) => !wanted.chains.has(name))
  // Emptied first: chains that go may refer to each other.
  for (const name of goneChains) lines.push(`flush chain ${TABLE} ${name}`)
  for (const name of goneChains) lines.push(`delete chain ${TABLE} ${name}`)
  for (const name of before.maps.keys()) if (!wanted.maps.has(name)) lines.push(`delete map ${TABLE} ${name}`)
  lines.push(...removedSets)
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

export const EMPTY: Ruleset = { sets: new Map(), maps: new Map(), chains: new Map() }

// --- internal ---

/** So many elements a command: nft's parser is slow with very long lines. */
const AT_ONCE = 1000

function changeElements(lines: string[], name: string, before: NftSet | undefined, wanted: NftSet): void {
  const old = before?.elements ?? new Set()
  const gone = [...old].filter((element) => !wanted.elements.has(element))
  const fresh = [...wanted.elements].filter((element) => !old.has(element))
  inChunks(lines, `delete element ${TABLE} ${name}`, gone)
  inChunks(lines, `add element ${TABLE} ${name}`, fresh)
}

function changeVerdicts(lines: string[], name: string, before: NftMap | undefined, wanted: NftMap): void {
  if (before === wanted) return
  const old = before?.elements ?? new Map<string, string>()
  const gone = [...old].filter(([key, verdict]) => wanted.elements.get(key) !== verdict).map(([key, verdict]) => `${key} : ${verdict}`)
  const fresh = [...wanted.elements].filter(([key, verdict]) => old.get(key) !== verdict).map(([key, verdict]) => `${key} : ${verdict}`)
  inChunks(lines, `delete element ${TABLE} ${name}`, gone)
  inChunks(lines, `add element ${TABLE} ${name}`, fresh)
}

function inChunks(lines: string[], command: string, elements: readonly string[]): void {
  for (let i = 0; i < elements.length; i += AT_ONCE) lines.push(`${command} { ${elements.slice(i, i + AT_ONCE).join(', ')} }`)
}

function sameRules(a: NftChain, b: NftChain): boolean {
  return a === b || (a.rules.length === b.rules.length && a.rules.every((rule, index) => rule === b.rules[index]))
}
