import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TextFault } from '../../src/manifest/text-fault.ts'
import { splitDocuments } from '../../src/manifest/split.ts'

const cases: readonly (readonly [what: string, text: string, documents: readonly string[], faults?: readonly string[]])[] = [
  ['no separator', 'a: 1\n', ['a: 1\n']],
  ['nothing', '', []],
  ['a separator at the start stays with its document', '---\na: 1\n', ['---\na: 1\n']],
  ['a line feed and three dashes', 'a: 1\n---\nb: 2\n', ['a: 1', 'b: 2\n']],
  ['a comment behind the dashes', 'a: 1\n--- # next\nb: 2\n', ['a: 1', 'b: 2\n']],
  ['words behind the dashes are decoration', 'a: 1\n--- next one\nb: 2\n---- x\nc: 3', ['a: 1', 'b: 2', 'c: 3']],
  ['separators one after the other', 'a: 1\n---\n---\nb: 2\n', ['a: 1', '---\nb: 2\n']],
  ['a separator as the last line', 'a: 1\n---\n', ['a: 1']],
  ['a separator at the very end', 'a: 1\n---', ['a: 1']],
  ['carriage returns before line feeds', 'a: 1\r\n---\r\nb: 2\r\n', ['a: 1\r', 'b: 2\r\n']],
  ['carriage returns alone do not separate', 'a: 1\r---\rb: 2\r', ['a: 1\r---\rb: 2\r']],
  ['indented dashes do not separate', 'a: |\n  ---\n', ['a: |\n  ---\n']],
  ['a last separator with something behind it drops the document before', 'a: 1\n--- ', ['a: 1'], ['dropped-document']],
  ['a last separator with a comment as well', 'a: 1\n--- # end', ['a: 1'], ['dropped-document']],
  ['nothing to drop before it', '---\n--- ', ['---'], ['dropped-document']],
  ['content on the separator line', 'a: 1\n--- {b: 2}\nc: 3\n', ['a: 1', 'c: 3\n'], ['dropped-text']],
  ['a field on the separator line', 'a: 1\n---b: 2\n', ['a: 1'], ['dropped-text']],
]

for (const [what, text, documents, codes = []] of cases) {
  test(`documents are cut as the peer cuts them: ${what}`, () => {
    const faults: TextFault[] = []
    const chunks = splitDocuments(text, (fault) => faults.push(fault))
    assert.deepEqual(
      chunks.map(({ start, end }) => text.slice(start, end)),
      documents,
    )
    assert.deepEqual(
      faults.map((fault) => fault.code),
      codes,
    )
  })
}
