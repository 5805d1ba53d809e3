/**
 * The one value for whatever is wrong with input. Reading, decoding, conversion, validation, selectors, lint and policy
 * tests all give `Problem[]`; `output/` alone knows how to print them. Bad input is never thrown as a string.
 */
export interface Problem {
  /** Stable, kebab-case, usable in scripts: `unknown-field`, `bad-selector`, `wrong-type`, ... */
  readonly code: string
  readonly severity: Severity
  /** One sentence without a full stop, naming the offending text. May hold text of the input: `output/` makes it safe to print. */
  readonly message: string
  /** The file as the user named it, `-` for standard input. */
  readonly file?: string
  /** Where in the file; lines and columns count from 1, the end is exclusive. */
  readonly range?: Range
  readonly resource?: ResourceName
  /** Where in the resource, as in `spec.ingress[0].source.ports[1]`. */
  readonly path?: string
  /** Further facts, a line each. */
  readonly notes?: readonly string[]
  /** What to do about it. */
  readonly help?: string
  /** A replacement of the text at `range` (or at the given range) that mends it. */
  readonly fix?: { readonly range?: Range; readonly text: string }
}

export type Severity = 'error' | 'warning' | 'info'

export interface Position {
  readonly line: number
  readonly column: number
}

export interface Range {
  readonly start: Position
  readonly end: Position
}

export interface ResourceName {
  readonly kind: string
  readonly namespace?: string
  readonly name?: string
}

/** `Kind(name)` or `Kind(namespace/name)`: how the peer and we name a resource in messages. */
export function formatResourceName(resource: ResourceName): string {
  const name = resource.name ?? ''
  return `${resource.kind}(${resource.namespace ? `${resource.namespace}/${name}` : name})`
}

/** Steps from the top of a document to a value: field names and list indices. */
export type Path = readonly (string | number)[]

/** `['spec','ingress',0,'action']` as `spec.ingress[0].action`. */
export function formatPath(path: Path): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}

/** A failure whose cause is the user's input: carries all problems found. Thrown at the edge of a command only. */
export class InputError extends Error {
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('\n'))
    this.problems = problems
  }
}
