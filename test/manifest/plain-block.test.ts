import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { readPlainBlocks } from '../../src/manifest/plain-block.ts'
import { splitDocuments } from '../../src/manifest/split.ts'
import { parseDocuments } from '../../src/manifest/yaml.ts'
import { readRecords } from '../conformance/data.ts'

/** What the quick reader makes of each document; undefined where it leaves it to the parser. */
function quick(text: string): unknown[] {
  return splitDocuments(text, () => {}).map((chunk) => readPlainBlocks(text, chunk))
}

/** Whatever the quick reader takes, the parser reads as the same, and finds no fault. Gives how many documents that were. */
function agree(text: string): number {
  const chunks = splitDocuments(text, () => {})
  let taken = 0
  for (const chunk of chunks) {
    const value = readPlainBlocks(text, chunk)
    if (value === undefined) continue
    taken++
    const [document] = [...parseDocuments(text, [chunk])]
    assert.deepEqual({ value, faults: [], empty: false }, { value: document?.value, faults: document?.faults, empty: document?.empty }, text)
  }
  return taken
}

const manifests = [
  'profile',
  'globalnetworkpolicy',
  'networkpolicy',
  'workloadendpoint',
  'hostendpoint',
  'felixconfiguration',
  'ippool',
  'document',
].flatMap((kind) => readRecords<{ manifest?: string }>(`validation/${kind}`).flatMap(({ manifest }) => manifest ?? []))

describe('documents of plain blocks', () => {
  it('are read, of every shape that manifests have', () => {
    const text = `# A comment.
kind: Profile   
metadata:
  name: net1
`
    assert.deepEqual(quick(text), [undefined], 'a blank at the end of a line is left to the parser')
    assert.deepEqual(
      quick(`---
kind: GlobalNetworkPolicy

metadata:
    name: "web: 1"
    labels: {}
spec:
  order: -10.5
  selector: app == 'web' && has(role)
  nothing:
  types:
  - Ingress
  - 'Egress'
  ingress:
    -   action: Allow   
`),
      [undefined],
    )
    assert.deepEqual(
      quick(`---
kind: GlobalNetworkPolicy

metadata:
    name: "web: 1"
    labels: {}
spec:
  order: -10.5
  selector: app == 'web' && has(role)
  nothing:
  types:
  - Ingress
  - 'Egress'
  # Indented further, and further still.
  ingress:
    -   action: Allow
        source:
          nets: []
          selector: (a == 'b')
        destination:
          ports:
          - 80
          - 1000:2000
    - action: Deny
last: true
`),
      [
        {
          kind: 'GlobalNetworkPolicy',
          metadata: { name: 'web: 1', labels: {} },
          spec: {
            order: -10.5,
            selector: "app == 'web' && has(role)",
            nothing: null,
            types: ['Ingress', 'Egress'],
            ingress: [
              { action: 'Allow', source: { nets: [], selector: "(a == 'b')" }, destination: { ports: [80, quickPort()] } },
              { action: 'Deny' },
            ],
          },
          last: true,
        },
      ],
    )
  })

  const others = [
    'a: [1]',
    'a: {b: 1}',
    'a: |\n  text',
    'a: &x 1',
    'a: *x',
    'a: !!str 1',
    'a: "b\\n"',
    'a: "b" # c',
    'a: b # c',
    'a: b: c',
    'a: b\n  c',
    'a:\n  b\n',
    'a: "b\n  c"',
    'a: 1\na: 2',
    'a:\n    b: 1\n  c: 2',
    'a: 1\n  b: 2',
    '- a: 1',
    'a:\n- - b',
    'a:\n-\n  b: 1',
    'a: 1\n- b',
    '<<: x',
    'yes: 1',
    '"a": 1',
    '? a',
    '{"a": 1}',
    'a\t: 1',
    'a: ä',
    'a: 1\r\nb: 2',
    'a: 1\n...\nb: 2',
    '__proto__: 1',
    `${'a'.repeat(1100)}: 1`,
    '# nothing',
  ]
  for (const text of others) it(`left to the parser: ${JSON.stringify(text.slice(0, 40))}`, () => assert.deepEqual(quick(text), [undefined]))
})

describe('the parser says the same', () => {
  it('of all recorded manifests', () => {
    let taken = 0
    for (const text of manifests) taken += agree(text)
    assert.ok(taken > 2000, `${taken} of ${manifests.length}`)
  })

  it('of manifests with an injury', () => {
    const pieces = [
      '',
      ' ',
      '  ',
      '\n',
      '- ',
      ': ',
      ':',
      '#',
      ' #',
      '"',
      "'",
      '{}',
      '[]',
      '-',
      '~',
      '1',
      '---\n',
      'a: ',
      '\n  ',
      '\n- ',
      '!',
      '&a ',
      '*a',
      '|',
      '>',
      '%',
      '@',
      ',',
      '?',
      '. ',
      '...',
    ]
    const injured = fc
      .tuple(
        fc.constantFrom(...manifests.filter((text) => text.length < 1500)),
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.constantFrom(...pieces)), { minLength: 1, maxLength: 3 }),
      )
      .map(([text, edits]) =>
        edits.reduce((text, [at, cut, piece]) => {
          const place = at % (text.length + 1)
          return text.slice(0, place) + piece + text.slice(place + cut)
        }, text),
      )
    fc.assert(
      fc.property(injured, (text) => void agree(text)),
      { numRuns: 3000 },
    )
  })
})

// --- internal ---

/** A range of ports looks like a number of base 60 to YAML 1.1. */
function quickPort(): unknown {
  const [document] = quick('port: 1000:2000') as [{ port: unknown }]
  return document.port
}
