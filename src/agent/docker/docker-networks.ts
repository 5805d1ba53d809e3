import { isObject } from '../../model/decode.ts'
import { DockerApiError, parseAnswer, requestDocker } from './docker-request.ts'

/** A network as Docker has it. */
export interface DockerNetworkFacts {
  readonly id: string
  readonly name: string
  readonly driver: string
  readonly ipamDriver: string
  /** Of one host alone; other networks are Docker's to share. */
  readonly isLocal: boolean
  /** The networks that its addresses come from, as users named them; none: any pool. */
  readonly subnets: readonly string[]
  readonly ipv6: boolean
  readonly options: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

export type NewDockerNetwork = Omit<DockerNetworkFacts, 'id' | 'isLocal'>

/** What can be done to Docker's networks from outside. Never to be called while Docker waits for a driver's answer to the same network. */
export interface DockerNetworks {
  list(): Promise<readonly DockerNetworkFacts[]>
  /** Gives the id. @throws DockerApiError with Docker's words */
  create(network: NewDockerNetwork): Promise<string>
  /** Whether it is gone now; otherwise containers are attached. */
  remove(id: string): Promise<boolean>
}

export function dockerNetworks(socketPath: string): DockerNetworks {
  return {
    async list() {
      const path = '/networks'
      const { status, text } = await requestDocker(socketPath, { path, timeout: TIMEOUT })
      const found = status === 200 ? parseAnswer(path, text) : undefined
      if (!Array.isArray(found)) throw new DockerApiError(`Docker answers ${path} with status ${status}`)
      return (found as unknown[]).flatMap((one) => (isObject(one) ? [factsOf(one)] : []))
    },
    async create({ name, driver, ipamDriver, subnets, ipv6, options, labels }) {
      const path = '/networks/create'
      const body = {
        Name: name,
        CheckDuplicate: true,
        Driver: driver,
        EnableIPv6: ipv6,
        IPAM: { Driver: ipamDriver, Config: subnets.map((Subnet) => ({ Subnet })) },
        Options: options,
        Labels: labels,
      }
      const { status, text } = await requestDocker(socketPath, { method: 'POST', path, body, timeout: TIMEOUT })
      const answer = status === 201 ? parseAnswer(path, text) : undefined
      const id = isObject(answer) ? textOf(answer['Id']) : ''
      if (id === '') throw new DockerApiError(reasonOf(text) ?? `Docker answers ${path} with status ${status}`)
      return id
    },
    async remove(id) {
      const path = `/networks/${encodeURIComponent(id)}`
      const { status, text } = await requestDocker(socketPath, { method: 'DELETE', path, timeout: TIMEOUT })
      if (status === 204 || status === 404) return true
      const reason = reasonOf(text)
      if (/active endpoints/i.test(reason ?? '')) return false
      throw new DockerApiError(reason ?? `Docker answers ${path} with status ${status}`)
    },
  }
}

// --- internal ---

/** Docker asks our drivers about a network, and those the datastore. */
const TIMEOUT = 30_000
/** What our IPAM driver says of a network that has no subnet of its own. */
const NOWHERE: readonly string[] = ['0.0.0.0/0', '::/0']

function factsOf(network: Readonly<Record<string, unknown>>): DockerNetworkFacts {
  const ipam = isObject(network['IPAM']) ? network['IPAM'] : {}
  const config = Array.isArray(ipam['Config']) ? (ipam['Config'] as unknown[]) : []
  return {
    id: textOf(network['Id']),
    name: textOf(network['Name']),
    driver: textOf(network['Driver']),
    ipamDriver: textOf(ipam['Driver']),
    isLocal: network['Scope'] === 'local',
    subnets: config
      .flatMap((one) => (isObject(one) ? [textOf(one['Subnet'])] : []))
      .filter((subnet) => subnet !== '' && !NOWHERE.includes(subnet))
      .sort(),
    ipv6: network['EnableIPv6'] === true,
    options: textsOf(network['Options']),
    labels: textsOf(network['Labels']),
  }
}

function reasonOf(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    return isObject(answer) && typeof answer['message'] === 'string' ? answer['message'] : undefined
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function textsOf(value: unknown): Record<string, string> {
  const entries = Object.entries(isObject(value) ? value : {})
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
