import type { Path } from '../model/problem.ts'

/** What is wrong in a text; offsets count UTF-16 units from its start, the end is exclusive. */
export interface TextFault {
  readonly code: string
  readonly start: number
  readonly end: number
  readonly message: string
  readonly help?: string
  readonly path?: Path
}

export type ReportText = (fault: TextFault) => void
