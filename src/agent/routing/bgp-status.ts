import { parseIp } from '../../model/net.ts'
import { birdSocket } from './bird.ts'
import { BirdConnection, type BirdLine } from './bird-socket.ts'

/** A session of this host, as BIRD tells of it (`reference/felix.md 5.3`). */
export interface PeerStatus {
  readonly address: string
  /** Absent: BGP's own. */
  readonly port?: number
  readonly type: 'node-to-node mesh' | 'global' | 'node specific'
  /** BIRD's word: `up`, `start`, ... */
  readonly state: string
  readonly since: string
  /** State of BGP, such as `Established`, and what else BIRD has to say. */
  readonly info: string
}

export interface BgpStatus {
  readonly v4: readonly PeerStatus[]
  readonly v6: readonly PeerStatus[]
}

/** Asks the BIRD of a folder for its sessions; undefined when none runs there. @throws Error when it does not answer as it should */
export async function askBgpStatus(folder: string): Promise<BgpStatus | undefined> {
  let connection: BirdConnection
  try {
    connection = await BirdConnection.open(birdSocket(folder))
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
  try {
    return parseProtocols(await connection.ask('show protocols'))
  } finally {
    connection.close()
  }
}

/** Reads the answer to `show protocols`. @throws Error when it is none */
export function parseProtocols(lines: readonly BirdLine[]): BgpStatus {
  const status = { v4: [] as PeerStatus[], v6: [] as PeerStatus[] }
  for (const { code, text } of lines) {
    if (code === END) continue
    if (code === HEADINGS) {
      if (text.trim().split(/\s+/).join(' ').toLowerCase() !== 'name proto table state since info')
        throw new Error(`unknown BIRD table output format "${text}"`)
    } else if (code === ROW) {
      const [name = '', protocol, , state = '', since = '', ...info] = text.trim().split(/\s+/)
      const [, type = '', rest = ''] = /^(Global|Node|Mesh)_(.+)$/.exec(name) ?? []
      if (protocol !== 'BGP' || rest === '') continue
      const [, written = '', port] = /^(.*?)(?:_port_(\d+))?$/.exec(rest) ?? []
      const dotted = written.replaceAll('_', '.')
      const isFour = parseIp(dotted) !== undefined
      status[isFour ? 'v4' : 'v6'].push({
        address: isFour ? dotted : written.replaceAll('_', ':'),
        ...(port === undefined ? {} : { port: Number(port) }),
        type: TYPES[type as keyof typeof TYPES],
        state,
        since,
        info: info.join(' '),
      })
    } else throw new Error(`unexpected output line from BIRD: "${text}"`)
  }
  return status
}

// --- internal ---

/** Codes of BIRD's answers. */
const [END, ROW, HEADINGS] = [0, 1002, 2002]

const TYPES = { Global: 'global', Node: 'node specific', Mesh: 'node-to-node mesh' } as const
