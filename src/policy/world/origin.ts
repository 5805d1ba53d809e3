import type { Path, Range } from '../../model/problem.ts'

/** Where a resource was read: a file, or a datastore. What is always there, such as the built-in tiers, has neither. */
export interface Origin {
  /** The file as the user named it. */
  readonly file?: string
  /** Where in the file a field stands; there only with `file`. May parse the document again: for messages. */
  readonly locate?: (path: Path) => Range
  /** The key in the datastore, and the revision at which its value was written. */
  readonly key?: string
  readonly revision?: string
}

export const BUILT_IN: Origin = {}
