import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readRecords, recordFiles } from './data.ts'
import { deliberate, deliberateDifferences, isAbout } from './deliberate.ts'

const recorded = ['cli', 'convert', 'eras', 'validation'].flatMap((folder) =>
  recordFiles(folder).flatMap((topic) =>
    readRecords<{ name: string }>(`${folder}/${topic}`).map(({ name }) => ({ file: `${folder}/${topic}`, name })),
  ),
)

/** Of recorded operations on addresses, each step stands for itself. */
const steps = recordFiles('ipam')
  .filter((topic) => topic !== 'start')
  .flatMap((topic) =>
    readRecords<{ name: string; steps: unknown[] }>(`ipam/${topic}`).flatMap(({ name, steps }) =>
      steps.map((_, step) => ({ file: `ipam/${topic}`, name: `${name}, step ${step}` })),
    ),
  )
const all = [...recorded, ...steps]

describe('the list of deliberate differences', () => {
  it('has no entry that is about nothing', () => {
    const idle = deliberateDifferences.filter((entry) => !all.some(({ file, name }) => isAbout(entry, file, name)))
    assert.deepEqual(idle, [])
  })

  it('is about less than two in a hundred of the recorded cases', () => {
    const different = all.filter(({ file, name }) => deliberate(file, name) !== undefined)
    assert.ok(different.length < all.length * 0.02, `${different.length} of ${all.length}`)
  })
})
