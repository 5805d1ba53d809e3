import * as v from 'valibot'
import { describe } from './decode.ts'
import { custom, type Field } from './schema.ts'

/**
 * A field that holds a DSCP mark, by number or name; absent only when not given. Neither names nor the upper limit of 63 are checked, as in Calico
 * (`reference/model.md 0.9`).
 */
export function dscp(description: string): Field<string | number> {
  return custom<string | number>(description, 'DSCP mark', decodeDscp, {
    schema: v.union([v.number(), v.string()]),
    omit: 'absent',
    zero: 0,
    json: { type: ['integer', 'string'], minimum: 0, maximum: 255 },
  })
}

// --- internal ---

const FORM = 'a mark is a number from 0 to 63, or a name such as EF or AF21'

function decodeDscp(raw: unknown, fail: (message: string, help?: string) => void): unknown {
  if (typeof raw === 'string') return /^\d+$/.test(raw) && Number(raw) <= 255 ? Number(raw) : raw
  if (typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 && raw <= 255) return raw
  fail(typeof raw === 'number' || typeof raw === 'bigint' ? `${raw} is not a DSCP mark` : `expected a DSCP mark, found ${describe(raw)}`, FORM)
  return undefined
}
