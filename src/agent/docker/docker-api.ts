import { isObject } from '../../model/decode.ts'
import { DockerApiError, parseAnswer, requestDocker } from './docker-request.ts'

/** What the drivers ask of Docker itself. */
export interface DockerApi {
  /** Undefined: Docker knows no such network (yet). @throws DockerApiError when Docker does not answer */
  network(id: string): Promise<DockerNetwork | undefined>
  /** Undefined: there is none of that name. */
  containerNamed(name: string): Promise<DockerContainer | undefined>
  /** Whether networks are shared by several hosts (`--cluster-store`), as this Docker is set up. */
  sharesNetworks(): Promise<boolean>
}

export interface DockerNetwork {
  readonly name: string
  /** The endpoints on this host, by Docker's ids; each has the name of its container. */
  readonly endpoints: readonly { readonly id: string; readonly name: string }[]
}

export interface DockerContainer {
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
}

/**
 * Docker's API on its unix socket. Only questions that Docker answers while it waits for a driver: asking for one container by its id would block both
 * for ever (`reference/docker-e2e.md 3.4`).
 */
export function dockerApi(socketPath: string): DockerApi {
  const get = (path: string) => getJson(socketPath, path)
  return {
    async network(id) {
      const found = await get(`/networks/${encodeURIComponent(id)}`)
      if (!isObject(found)) return undefined
      // While an endpoint joins, it stands under its own id here instead of its container's.
      const containers = isObject(found['Containers']) ? Object.values(found['Containers']) : []
      return {
        name: text(found['Name']),
        endpoints: containers.flatMap((facts) => (isObject(facts) ? [{ id: text(facts['EndpointID']), name: text(facts['Name']) }] : [])),
      }
    },
    async containerNamed(name) {
      const filters = JSON.stringify({ name: [`^/${name.replaceAll('.', '[.]')}$`] })
      const found = await get(`/containers/json?all=1&filters=${encodeURIComponent(filters)}`)
      const [container] = Array.isArray(found) ? (found as unknown[]) : []
      if (!isObject(container)) return undefined
      const labels = isObject(container['Labels']) ? container['Labels'] : {}
      const texts = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
      return { id: text(container['Id']), labels: Object.fromEntries(texts) }
    },
    async sharesNetworks() {
      const info = await get('/info')
      return isObject(info) && text(info['ClusterStore']) !== ''
    },
  }
}

// --- internal ---

/** Docker answers in milliseconds, or it waits for us. */
const TIMEOUT = 1000

/** Undefined for 404. */
async function getJson(socketPath: string, path: string): Promise<unknown> {
  const { status, text } = await requestDocker(socketPath, { path, timeout: TIMEOUT })
  if (status === 404) return undefined
  if (status !== 200) throw new DockerApiError(`Docker answers ${path} with status ${status}`)
  return parseAnswer(path, text)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
