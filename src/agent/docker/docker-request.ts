import { request } from 'node:http'
import { UserError } from '../../model/user-error.ts'

/** Docker does not answer, or not as it should. */
export class DockerApiError extends UserError {}

export interface DockerRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
  /** Milliseconds without a word after which it is given up. */
  readonly timeout: number
}

/** Asks Docker on its unix socket, and gives status and text of the answer. @throws DockerApiError when there is none */
export async function requestDocker(
  socketPath: string,
  { method = 'GET', path, body, timeout }: DockerRequest,
): Promise<{ readonly status: number; readonly text: string }> {
  const sent = body === undefined ? '' : JSON.stringify(body)
  const headers = {
    Host: 'docker',
    ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(sent) }),
  }
  return await new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new DockerApiError(`Docker does not answer on ${socketPath}: ${why}`))
    const asked = request({ socketPath, method, path, headers, timeout }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => void chunks.push(chunk))
      response.on('error', (error) => fail(error.message))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }))
    })
    asked.on('error', (error) => fail(error.message))
    asked.on('timeout', () => {
      fail(`nothing came for ${timeout / 1000} s`)
      asked.destroy()
    })
    asked.end(sent)
  })
}

/** @throws DockerApiError for a text that is not JSON */
export function parseAnswer(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new DockerApiError(`Docker answers ${path} with something that is not JSON`)
  }
}
