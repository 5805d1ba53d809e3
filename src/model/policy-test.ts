import { decode, describe, isObject } from './decode.ts'
import { isDecidingFault, parseDeciding } from './deciding.ts'
import { custom, type Field, list, struct, text, type ValueOf } from './schema.ts'

/** `apiVersion` of policy tests. They are no resources: no datastore holds them, and Calico does not know them. */
export const TEST_API_VERSION = 'calicoctl.projectcalico.org/v1'
export const TEST_KIND = 'PolicyTest'

/** Whether a document is meant to be a policy test. */
export function isPolicyTest(value: unknown): value is Record<string, unknown> {
  return isObject(value) && value['kind'] === TEST_KIND
}

const entry = (description: string) =>
  struct(description, {
    name: text('What this is about, for reports.'),
    from: words(
      'Where the packets come from: the name of an endpoint, network, profile or network set, an address, a network of addresses, a selector; or a list of these.',
      'a name, an address or a selector',
      { omit: 'never' },
    ),
    to: words('Where they go, written like `from`.', 'a name, an address or a selector', { omit: 'never' }),
    ports: words('Which packets: any, tcp, tcp/80, udp/5000-5010, icmp, icmp/8, protocol/47; or a list of these. Default: any.', 'packets'),
    except: words('Packets that this says nothing about, written like `ports`.', 'packets'),
    by: text(
      'What decides: "Profile net1 ingress 0" (the rule with that number, from 0), "GlobalNetworkPolicy web", "tier default" (its end), "no rule". Number and direction may be left out.',
      { check: decidingCheck },
    ),
  })

/** A document of policy tests. */
export const policyTestSchema = struct('Says who may reach whom, to be held against policy.', {
  apiVersion: text('Version of this form.', { oneOf: [TEST_API_VERSION], omit: 'never' }),
  kind: text('What this is.', { oneOf: [TEST_KIND], omit: 'never' }),
  metadata: struct('What the test is called.', { name: text('Name of the test, for reports.') }),
  files: list(
    'Manifests that the test is about, relative to its own file: files, and directories with all below them.',
    text('A file or directory.'),
  ),
  resources: list(
    'Resources that the test is about, beside or instead of `files`. A test with neither is about the resources that the command is told.',
    custom<unknown>('A resource.', 'resource', (raw) => raw, { json: { $ref: 'manifest.json#/definitions/document' } }),
  ),
  allow: list('What must be possible: all packets of each entry, between all that it names.', entry('Packets that must be allowed.')),
  deny: list('What must not be possible: no packet of any entry, between any that it names.', entry('Packets that must not be allowed.')),
})

export type PolicyTestDocument = ValueOf<typeof policyTestSchema>

// --- internal ---

/** A text or a list of texts, as a list. */
function words(description: string, what: string, options: { readonly omit?: 'never' } = {}): Field<string[]> {
  return custom<string[]>(
    description,
    what,
    (raw, fail) => {
      const items: unknown[] = Array.isArray(raw) ? raw : [raw]
      if (items.length === 0) return fail(`expected ${what}, found an empty list`)
      const found: string[] = []
      for (const item of items) {
        if (item === null || isObject(item) || Array.isArray(item)) return fail(`expected ${what} or a list of them, found ${describe(item)}`)
        let failed = false
        const read = decode(word, item, [], {
          report: ({ message, help }) => {
            failed = true
            fail(message, help)
          },
        })
        if (failed) return undefined
        if (read === '') return fail(`expected ${what}, found nothing`)
        found.push(String(read))
      }
      return found
    },
    { json: { type: ['string', 'array'], items: { type: 'string' }, minItems: 1 }, ...options },
  )
}

const word = text('A word.')

function decidingCheck(written: string): string | undefined {
  const parsed = parseDeciding(written)
  return isDecidingFault(parsed) ? `does not say which rule decides\n${parsed.help}` : undefined
}
