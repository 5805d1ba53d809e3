import { execute } from './go-template/execute.ts'
import { TemplateFault } from './go-template/fault.ts'
import { functions, type TemplateFunction } from './go-template/functions.ts'
import { parseTemplate } from './go-template/parse.ts'
import type { Value } from './go-template/value.ts'
import { type Rendered, renderedFault } from './rendered.ts'

/** What `config` answers, by name. */
export type Settings = Readonly<Record<string, string>>

/**
 * Carries out a template of Go's text/template on plain JSON data (`reference/calicoctl.md 2.2`, kubectl's `-o go-template`).
 *
 * Everything of the language is there but complex numbers, methods and `call`. Resources read like the Go structs that the peer's templates see
 * (`go-template/fields.ts`), everything else like maps. Gentler than Go in three things: numbers compare by value whether they are whole or not, a field of
 * something that is not there is not there either, and objects print as maps. Ends in bounded time and memory whatever the template.
 *
 * `config "asnumber"`, a function of calicoctl, gives what `settings` has under that name.
 */
export function renderGoTemplate(template: string, data: unknown, settings: Settings = {}): Rendered {
  try {
    const further = new Map([['config', configFunction(settings)]])
    return { text: execute(parseTemplate(template, FUNCTION_NAMES), data as Value, further) }
  } catch (error) {
    return renderedFault('template', template, error)
  }
}

// --- internal ---

const FUNCTION_NAMES: ReadonlySet<string> = new Set([...functions.keys(), 'config'])

function configFunction(settings: Settings): TemplateFunction {
  return {
    from: 1,
    to: 1,
    call(name) {
      const value = typeof name === 'string' && Object.hasOwn(settings, name) ? settings[name] : undefined
      if (value === undefined) throw new TemplateFault(`config knows no ${JSON.stringify(name)}`)
      return value
    },
  }
}
