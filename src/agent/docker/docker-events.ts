import { existsSync } from 'node:fs'
import { request } from 'node:http'

export interface DockerEventsOptions {
  readonly socketPath: string
  readonly signal: AbortSignal
  /** Whether it is worth asking. */
  readonly isRunning: () => boolean
  /** Docker is there (again): what happened before is to be looked at. */
  readonly connected: () => void
  /** Something about networks has changed. */
  readonly changed: () => void
}

/** Whether Docker is running, as far as the file says in which it notes its process. To ask on its socket could start it: systemd listens there. */
export function dockerIsRunning(): boolean {
  return existsSync('/var/run/docker.pid')
}

/** Listens to what Docker tells about networks, whenever it is there, until the signal aborts. */
export async function followDockerEvents({ socketPath, signal, isRunning, connected, changed }: DockerEventsOptions): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ type: ['network'] }))
  while (!signal.aborted) {
    if (isRunning()) {
      await new Promise<void>((resolve) => {
        const asked = request({ socketPath, path: `/events?filters=${filters}`, headers: { Host: 'docker' }, signal }, (response) => {
          if (response.statusCode === 200) connected()
          response.on('data', changed)
          response.on('error', () => {})
          response.on('close', resolve)
        })
        asked.on('error', () => resolve())
        asked.end()
      })
    }
    await untilNextTry(signal)
  }
}

// --- internal ---

const PAUSE = 500

async function untilNextTry(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, PAUSE)
    signal.addEventListener('abort', end)
  })
}
