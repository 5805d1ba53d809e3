import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeResult, type Summary } from '../../src/output/results.ts'

const cases: readonly (readonly [what: string, summary: Summary, stdout: string, stderr: string])[] = [
  ['all of one kind', of('apply', ['Profile', 'Profile'], 2), "Successfully applied 2 'Profile' resource(s)\n", ''],
  ['one resource', of('create', ['IPPool'], 1), "Successfully created 1 'IPPool' resource(s)\n", ''],
  ['mixed kinds are not named', of('replace', ['Profile', 'Tier', 'Tier'], 3), 'Successfully replaced 3 resource(s)\n', ''],
  ['a patch is of one resource', of('patch', ['Node'], 1), "Successfully patched 1 'Node' resource\n", ''],
  ['validate', of('validate', ['Profile'], 1), "Successfully validated 1 'Profile' resource(s)\n", ''],
  [
    'some failed',
    of('create', ['Profile', 'Profile', 'Profile'], 2, 'resource already exists: Profile(bb)'),
    "Partial success: created 2 out of 3 'Profile' resources\n",
    'hit error: resource already exists: Profile(bb)\n',
  ],
  [
    'some of mixed kinds failed',
    of('apply', ['Profile', 'Tier', 'Tier'], 1, 'a', 'b'),
    'Partial success: applied 1 out of 3 resources\n',
    'hit error: a\nhit error: b\n',
  ],
  ['the one failed', of('apply', ['IPPool'], 0, 'it overlaps'), '', "failed to apply 'IPPool' resource: it overlaps\n"],
  ['all failed', of('create', ['Tier', 'Tier'], 0, 'a', 'b'), '', "failed to create any 'Tier' resources:\n  a\n  b\n"],
  ['all of mixed kinds failed', of('create', ['Profile', 'Tier'], 0, 'a', 'b'), '', 'failed to create any resources:\n  a\n  b\n'],
  ['replace does not count what failed', of('replace', ['Profile'], 0, 'x'), '', "failed to replace 'Profile' resource: x\n"],
  ['the errors were shown before', of('apply', ['IPPool'], 0), '', "failed to apply 'IPPool' resource\n"],
  ['some errors were shown before', of('apply', ['IPPool', 'IPPool'], 1), "Partial success: applied 1 out of 2 'IPPool' resources\n", ''],
  ['deleted', of('delete', ['Profile', 'Profile'], 2), "Successfully deleted 2 'Profile' resource(s)\n", ''],
  [
    'deleted some',
    of('delete', ['Profile', 'Profile', 'Profile'], 2, 'resource does not exist: Profile(ee)'),
    "Successfully deleted 2 'Profile' resource(s)\n",
    "Failed to delete 'Profile' resource: resource does not exist: Profile(ee)\n",
  ],
  [
    'deleted some of mixed kinds',
    of('delete', ['Profile', 'Tier'], 1, 'x'),
    'Successfully deleted 1 resource(s)\n',
    'Failed to delete resource: x\n',
  ],
  [
    'deleted none',
    of('delete', ['Profile', 'Profile'], 0, 'x', 'y'),
    '',
    "Failed to delete 'Profile' resource: x\nFailed to delete 'Profile' resource: y\n",
  ],
  ['deleted none, told before', of('delete', ['Profile', 'Profile'], 0), '', "failed to delete 2 'Profile' resources\n"],
  ['deleted not the one, told before', of('delete', ['Profile'], 0), '', "failed to delete 'Profile' resource\n"],
  ['text of the input is made safe', of('apply', ['IPPool'], 0, 'bad \x1b[31m'), '', "failed to apply 'IPPool' resource: bad \\x1b[31m\n"],
]

for (const [what, summary, stdout, stderr] of cases) {
  test(`what ${summary.verb} says: ${what}`, () => {
    assert.deepEqual(describeResult(summary), { stdout, stderr })
  })
}

// --- internal ---

function of(verb: Summary['verb'], kinds: readonly string[], done: number, ...errors: string[]): Summary {
  return { verb, kinds, total: kinds.length, done, errors }
}
