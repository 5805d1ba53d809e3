import type { Value } from './value.ts'

/** Where something stands in the template's text, as an index. */
interface Placed {
  readonly at: number
}

export type Node =
  | { readonly type: 'text'; readonly text: string }
  | ({ readonly type: 'action'; readonly pipe: Pipe } & Placed)
  | BranchNode
  | ({ readonly type: 'template'; readonly name: string; readonly pipe: Pipe | undefined } & Placed)
  | { readonly type: 'break' | 'continue' }

export interface BranchNode extends Placed {
  readonly type: 'if' | 'with' | 'range'
  readonly pipe: Pipe
  readonly body: readonly Node[]
  readonly otherwise: readonly Node[] | undefined
}

export interface Pipe extends Placed {
  /** Variables on the left, and whether they are new (`:=`) or known (`=`). */
  readonly variables: readonly string[]
  readonly assigns: boolean
  readonly commands: readonly Command[]
}

export interface Command extends Placed {
  readonly words: readonly Operand[]
}

export type Operand = Placed & { readonly source: string } & (
    | { readonly type: 'dot' | 'nil' }
    | { readonly type: 'constant'; readonly value: Value }
    | { readonly type: 'function'; readonly name: string }
    | { readonly type: 'field'; readonly fields: readonly string[] }
    | { readonly type: 'variable'; readonly name: string; readonly fields: readonly string[] }
    | { readonly type: 'pipe'; readonly pipe: Pipe; readonly fields: readonly string[] }
  )

/** A template and those defined in it. */
export interface Template {
  readonly main: readonly Node[]
  readonly defined: ReadonlyMap<string, readonly Node[]>
}
