import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, type Fault } from '../../src/model/decode.ts'
import { port } from '../../src/model/port.ts'

const good: readonly [raw: unknown, value: number | string][] = [
  [1, 1],
  [65535, 65535],
  ['80', 80],
  ['0080', 80],
  ['1:65535', '1:65535'],
  ['080:0090', '80:90'],
  ['80:80', 80],
  ['http', 'http'],
  ['http-alt', 'http-alt'],
  ['8a', '8a'],
]

for (const [raw, value] of good) {
  test(`${JSON.stringify(raw)} is the port ${value}`, () => {
    assert.deepEqual(read(raw), { value, faults: [] })
  })
}

const bad: readonly [raw: unknown, fault: RegExp][] = [
  [0, /^0 is not a port \(ports go from 1 to 65535\)/],
  ['0', /^0 is not a port/],
  ['0:80', /^"0:80" is not a port/],
  [65536, /^65536 is not a port/],
  ['65536', /^port 65536 is larger than 65535/],
  ['80:65536', /^port 65536 is larger than 65535/],
  ['90:80', /^the port range "90:80" runs backwards/],
  [-1, /^-1 is not a port/],
  [1.5, /^1\.5 is not a port/],
  ['', /^"" is not a port/],
  ['1:2:3', /^"1:2:3" is not a port/],
  [':80', /^":80" is not a port/],
  ['80:', /^"80:" is not a port/],
  ['1 : 2', /^"1 : 2" is not a port/],
  ['80,443', /^"80,443" is not a port \(a port is a number from 1 to 65535, a range such as 1000:2000, or a name\)/],
  ['-80', /^"-80" is not a name for a port/],
  ['HTTP', /^"HTTP" is not a name for a port/],
  ['a.b', /^"a\.b" is not a name for a port/],
  ['a--b', /^"a--b" is not a name for a port/],
  ['a234567890123456', /^"a234567890123456" is not a name for a port/],
  [true, /^expected a port, found true/],
]

for (const [raw, fault] of bad) {
  test(`${JSON.stringify(raw)} is no port`, () => {
    assert.match(read(raw).faults.join(), fault)
  })
}

test('a field for numbers refuses names', () => {
  assert.match(read('http', false).faults.join(), /^"http" is a name \(only port numbers and ranges are possible here\)/)
  assert.deepEqual(read('1:2', false), { value: '1:2', faults: [] })
})

// --- internal ---

function read(raw: unknown, named = true): { value: unknown; faults: string[] } {
  const faults: string[] = []
  const report = ({ message, help = '' }: Fault) => void faults.push(`${message} (${help})`)
  return { value: decode(port('A port.', { named, omit: 'absent' }), raw, [], { report }), faults }
}
