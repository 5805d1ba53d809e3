import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import process from 'node:process'
import { isObject } from '../../model/decode.ts'
import { UserError } from '../../model/user-error.ts'

/** What an agent says of itself to another one. */
export interface Claim {
  readonly node: string
  readonly runFolder: string
}

/**
 * Makes this process the one agent of the host: two would undo each other's rules for ever, whatever folders they have. The claim ends with the process. Gives how to
 * end it sooner. @throws UserError when there is an agent already
 */
export async function claimHost(claim: Claim): Promise<() => void> {
  const server = createServer((connection) =>
    connection.on('error', () => {}).end(JSON.stringify({ node: claim.node, runFolder: claim.runFolder, pid: process.pid })),
  )
  // Sockets of this kind belong to a network, as the rules do: there is one name for each, and nothing is left of it when its process is gone.
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) =>
    server.once('error', resolve).listen(NAME, () => resolve(undefined)),
  )
  if (!error) {
    server.unref()
    return () => void server.close()
  }
  if (error.code !== 'EADDRINUSE') throw error
  // Anyone can have the name; only root can be an agent.
  if (await isHeldByUser()) return () => {}
  const holder = await askHolder()
  throw new UserError(
    `an agent is at work on this host already${holder ? `: process ${holder.pid}, as node ${holder.node}` : ''}`,
    holder && `ask it: calicoctl node status --run-dir=${holder.runFolder}`,
  )
}

// --- internal ---

/** As long as such a name can be: some releases of Node lengthen shorter ones. */
const NAME = `\0${'calicoctl-agent'.padEnd(107, '.')}`
const TIMEOUT = 1000

/** Undefined: it does not say. */
async function askHolder(): Promise<(Claim & { readonly pid: number }) | undefined> {
  const text = await new Promise<string>((resolve) => {
    let said = ''
    const asked = connect(NAME)
    asked.setTimeout(TIMEOUT, () => asked.destroy())
    asked.on('data', (bytes: Buffer) => void (said += bytes.toString('utf8')))
    asked.on('error', () => {})
    asked.once('close', () => resolve(said))
  })
  try {
    const value: unknown = JSON.parse(text)
    const { pid, node, runFolder } = isObject(value) ? value : {}
    return typeof pid === 'number' && typeof node === 'string' && typeof runFolder === 'string' ? { pid, node, runFolder } : undefined
  } catch {
    return undefined
  }
}

/** Whether the name is known to be held by a process that is not root's. */
async function isHeldByUser(): Promise<boolean> {
  const sockets = (await readFile('/proc/net/unix', 'utf8')).split('\n')
  const inode = sockets.map((line) => line.split(/ +/)).find((fields) => fields[7] === NAME.replace('\0', '@'))?.[6]
  if (inode === undefined) return false
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const file of files) {
      const target = await readlink(`/proc/${pid}/fd/${file}`).catch(() => '')
      if (target === `socket:[${inode}]`) return (await stat(`/proc/${pid}`)).uid !== 0
    }
  }
  return false
}
