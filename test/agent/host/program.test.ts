import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProgramError, ProgramLost, runProgram } from '../../../src/agent/host/program.ts'

describe('a program', () => {
  it('gets its input, and what it prints is given', async () => {
    assert.equal(await runProgram(['cat'], { input: 'one\n' }), 'one\n')
  })

  it('that says no is told with its words', async () => {
    await assert.rejects(runProgram(['sh', '-c', 'echo never >&2; exit 3']), (error) => {
      assert.ok(error instanceof ProgramError && !(error instanceof ProgramLost))
      assert.equal(error.message, 'never')
      return true
    })
  })

  it('that cannot be started, is killed or hangs has said nothing', async () => {
    await assert.rejects(runProgram(['/no/such/program']), ProgramLost)
    await assert.rejects(runProgram(['sh', '-c', 'kill -9 $$']), (error) => error instanceof ProgramLost && /ended by SIGKILL/.test(error.message))
    await assert.rejects(runProgram(['sleep', '1000'], { patience: 50 }), (error) => {
      assert.ok(error instanceof ProgramLost)
      assert.equal(error.message, 'sleep did not end within 0.05 s')
      return true
    })
  })
})
