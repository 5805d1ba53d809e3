import { escapeForTerminal } from '../escape.ts'

/** Who reaches whom, to be drawn: groups, and flows between them. Texts are safe to show anywhere, but not yet written in the language of a format. */
export interface Chart {
  readonly title: string
  readonly groups: readonly ChartGroup[]
  readonly flows: readonly Flow[]
}

export interface ChartGroup {
  readonly name: string
  /** A few words about it: `3 endpoints`, a network's name. */
  readonly detail: string
}

export interface Flow {
  /** Indexes of groups; every one of them flows to every one of `to`. */
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly text: string
  readonly kind: 'allowed' | 'denied' | 'unknown'
}

/** A text for XML and HTML, inside and outside of attributes. */
export function escapeXml(text: string): string {
  return escapeForTerminal(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
