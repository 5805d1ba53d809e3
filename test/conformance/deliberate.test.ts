import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readRecords, recordFiles } from './data.ts'
import { deliberate, deliberateDifferences, isAbout } from './deliberate.ts'

const recorded = ['cli', 'convert', 'eras', 'validation'].flatMap((folder) =>
  recordFiles(folder).flatMap((topic) =>
    readRecords<{ name: string }>(`${folder}/${topic}`).map(({ name }) => ({ file: `${folder}/${topic}`, name })),
  ),
)

describe('the list of deliberate differences', () => {
  it('has no entry that is about nothing', () => {
    const idle = deliberateDifferences.filter((entry) => !recorded.some(({ file, name }) => isAbout(entry, file, name)))
    assert.deepEqual(idle, [])
  })

  it('is about less than two in a hundred of the recorded cases', () => {
    const different = recorded.filter(({ file, name }) => deliberate(file, name) !== undefined)
    assert.ok(different.length < recorded.length * 0.02, `${different.length} of ${recorded.length}`)
  })
})
