/** How a stream's text is dressed: each role takes plain text (made safe already) and gives it with or without colour. */
export interface Theme {
  readonly error: Paint
  readonly warning: Paint
  readonly note: Paint
  readonly good: Paint
  /** File and line. */
  readonly place: Paint
  readonly strong: Paint
  /** Line numbers, gutters and other things that may be overlooked. */
  readonly faint: Paint
}

export type Paint = (text: string) => string

/**
 * The theme for a stream: coloured on a terminal, plain elsewhere, unless flag or environment say otherwise. `--color` wins, then `NO_COLOR`
 * (no-color.org), then `FORCE_COLOR` and `CLICOLOR_FORCE`, then `TERM=dumb` and `CLICOLOR=0`. Chalk is loaded only when there is colour.
 */
export async function themeFor(
  stream: { readonly isTerminal: boolean },
  env: Readonly<Record<string, string | undefined>>,
  color: 'auto' | 'always' | 'never' = 'auto',
): Promise<Theme> {
  if (!isColored(stream, env, color)) return plainTheme
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  return {
    error: chalk.red.bold,
    warning: chalk.yellow.bold,
    note: chalk.cyan.bold,
    good: chalk.green,
    place: chalk.cyan,
    strong: chalk.bold,
    faint: chalk.dim,
  }
}

const plain: Paint = (text) => text

/** No colour at all. */
export const plainTheme: Theme = { error: plain, warning: plain, note: plain, good: plain, place: plain, strong: plain, faint: plain }

// --- internal ---

function isColored(
  stream: { readonly isTerminal: boolean },
  env: Readonly<Record<string, string | undefined>>,
  color: 'auto' | 'always' | 'never',
): boolean {
  if (color !== 'auto') return color === 'always'
  if (env['NO_COLOR']) return false
  const force = env['FORCE_COLOR']
  if (force !== undefined) return force !== '0' && force !== 'false'
  const cliForce = env['CLICOLOR_FORCE']
  if (cliForce !== undefined && cliForce !== '' && cliForce !== '0') return true
  return stream.isTerminal && env['TERM'] !== 'dumb' && env['CLICOLOR'] !== '0'
}
