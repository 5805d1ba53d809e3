import type { Position, Problem } from '../../model/problem.ts'

/** Tests as reports show them: a suite for each document, a case for each entry. Texts come from the user and are made safe by the printers. */
export interface ReportedSuite {
  readonly name: string
  readonly file: string
  readonly cases: readonly ReportedCase[]
}

export interface ReportedCase {
  readonly name: string
  /** `unknown`: it could not be told. */
  readonly status: 'passed' | 'failed' | 'unknown'
  /** Where the entry stands in the suite's file. */
  readonly position: Position
  /** What is wrong; there unless it passed. */
  readonly problem: Problem | undefined
}
