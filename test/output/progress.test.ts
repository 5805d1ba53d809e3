import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startProgress } from '../../src/output/progress.ts'

test('nothing is shown where no person watches', () => {
  const { stream, clock } = world({ isTerminal: false })
  const progress = startProgress(stream, clock)
  clock.pass(1000)
  progress.update('1 of 3')
  progress.stop()
  assert.equal(stream.text, '')
})

test('work that is done within 300 ms shows nothing', () => {
  const { stream, clock } = world({ isTerminal: true })
  const progress = startProgress(stream, clock)
  clock.pass(299)
  progress.update('1 of 3')
  progress.stop()
  assert.equal(stream.text, '')
})

test('longer work shows one line that is written over and taken away at the end', () => {
  const { stream, clock } = world({ isTerminal: true })
  const progress = startProgress(stream, clock)
  clock.pass(300)
  progress.update('1 of 3')
  progress.update('1 of 3')
  progress.update('2 of 3')
  progress.stop()
  progress.stop()
  assert.equal(stream.text, '\r\x1b[K1 of 3\r\x1b[K2 of 3\r\x1b[K')
})

test('the line is never wider than the terminal, and safe', () => {
  const { stream, clock } = world({ isTerminal: true, columns: 10 })
  const progress = startProgress(stream, clock)
  clock.pass(300)
  progress.update('\x1b[31m applied 3 of 1000')
  assert.equal(stream.text, '\r\x1b[K\\x1b[31m ')
})

test('a terminal that does not say how wide it is has 80 columns', () => {
  const { stream, clock } = world({ isTerminal: true, columns: 0 })
  const progress = startProgress(stream, clock)
  clock.pass(300)
  progress.update('.'.repeat(100))
  assert.equal(stream.text, `\r\x1b[K${'.'.repeat(79)}`)
})

// --- internal ---

function world(terminal: { isTerminal: boolean; columns?: number }) {
  let milliseconds = 1_700_000_000_000
  const stream = {
    ...terminal,
    text: '',
    write(text: string) {
      stream.text += text
    },
  }
  const clock = {
    now: () => new Date(milliseconds),
    pass(time: number) {
      milliseconds += time
    },
  }
  return { stream, clock }
}
