import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseProtocols } from '../../../src/agent/routing/bgp-status.ts'

/** What BIRD answers to `show protocols`, read. */
const rows = (...texts: readonly string[]) => [
  { code: 2002, text: 'Name       Proto      Table      State  Since         Info' },
  ...texts.map((text) => ({ code: 1002, text })),
  { code: 0, text: '' },
]

describe("BIRD's list of sessions", () => {
  it('sessions of Calico by their names, others not at all', () => {
    assert.deepEqual(
      parseProtocols(
        rows(
          'device1    Device     ---        up     16:03:31.065  ',
          'Mesh_172_18_18_102 BGP        ---        up     16:03:31.215  Established   ',
          'Global_192_0_2_1_port_1790 BGP        ---        start  16:03:31.215  Active        Socket: Connection refused',
          'Node_fd00__1_port_200 BGP        ---        start  16:03:31.215  Passive       ',
          'Mesh_fd00_0_0_1__2 BGP        ---        down   16:03:31.215  ',
          'other BGP        ---        up     16:03:31.215  Established   ',
        ),
      ),
      {
        v4: [
          { address: '172.18.18.102', type: 'node-to-node mesh', state: 'up', since: '16:03:31.215', info: 'Established' },
          { address: '192.0.2.1', port: 1790, type: 'global', state: 'start', since: '16:03:31.215', info: 'Active Socket: Connection refused' },
        ],
        v6: [
          { address: 'fd00::1', port: 200, type: 'node specific', state: 'start', since: '16:03:31.215', info: 'Passive' },
          { address: 'fd00:0:0:1::2', type: 'node-to-node mesh', state: 'down', since: '16:03:31.215', info: '' },
        ],
      },
    )
  })

  it('what is no such list is refused', () => {
    assert.throws(() => parseProtocols([{ code: 2002, text: 'Name Proto' }]), /unknown BIRD table output format "Name Proto"/)
    assert.throws(() => parseProtocols([{ code: 9001, text: 'syntax error' }]), /unexpected output line from BIRD: "syntax error"/)
  })
})
