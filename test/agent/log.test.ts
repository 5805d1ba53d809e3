import assert from 'node:assert/strict'
import { it } from 'node:test'
import { jsonLog } from '../../src/agent/log.ts'

it('a line of the log is JSON that no terminal obeys, whatever names there are', () => {
  const lines: string[] = []
  const log = jsonLog(
    (line) => void lines.push(line),
    () => new Date(0),
    'info',
  )
  const name = 'a\u001b[2J\u009b2J\u202e\u2066\u2028\nb"'
  log('warning', 'something happened', { name })
  log('debug', 'nothing to see')
  assert.equal(lines.length, 1)
  assert.match(lines[0] ?? '', /^[\x20-\x7e]+\n$/)
  assert.deepEqual(JSON.parse(lines[0] ?? ''), { time: '1970-01-01T00:00:00.000Z', level: 'warning', event: 'something happened', name })
})
