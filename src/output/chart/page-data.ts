/** What the page of a map shows; its script reads it. Texts are plain: nothing in them is HTML. */
export interface PageData {
  readonly title: string
  /** What the map is about, in a line. */
  readonly summary: string
  readonly notes: readonly string[]
  readonly groups: readonly PageGroup[]
  /** What can stand between two groups, by number; 0 is nothing. */
  readonly cells: readonly { readonly text: string; readonly kind: 'none' | 'all' | 'some' | 'unknown' }[]
  /** For each group, cell numbers and the groups towards which they stand. */
  readonly rows: readonly (readonly (readonly [cell: number, to: readonly number[]])[])[]
  readonly denied: boolean
  /** Lines of explanations; a part of a line between a mark and its end has a role. */
  readonly lines: readonly string[]
  /** Each explanation is a list of lines. */
  readonly explanations: readonly (readonly number[])[]
  /** The explanations of a pair of groups, by `<from>/<to>`. */
  readonly why: Readonly<Record<string, readonly number[]>>
  /** The pair that is explained for those that are not, by the same. */
  readonly instead: readonly { readonly from: readonly number[]; readonly to: readonly number[]; readonly pair: string }[]
}

export interface PageGroup {
  readonly name: string
  readonly detail: string
  /** Names of its members, or of some, or networks. */
  readonly members: readonly string[]
  readonly more: number
  readonly outside: boolean
  /** Whether the map is about what begins, and what ends, there. */
  readonly source: boolean
  readonly target: boolean
  /** A pair of groups is in the map when one of them is what it is about. */
  readonly about: boolean
  /** How `calicoctl why` can be asked about one of it. */
  readonly example: string
}

/** Around a part of a line that has a role: `MARK_START`, the letter of the role, the text, `MARK_END`. Safe texts have no such characters. */
export const MARK_START = '\u0001'
export const MARK_END = '\u0002'
