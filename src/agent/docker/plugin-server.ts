import { chmod, mkdir, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { dirname } from 'node:path'
import { isObject } from '../../model/decode.ts'
import { UserError } from '../../model/user-error.ts'

/** What Docker sends with a call: an object, empty when there was no body. Nothing about it is certain. */
export type Body = Readonly<Record<string, unknown>>

/** The methods of a driver by their names, such as `NetworkDriver.Join`. What they throw is told to Docker: a `UserError` as it stands. */
export type Methods = Readonly<Record<string, (body: Body) => Promise<object> | object>>

export interface PluginOptions {
  /** The socket's path; its file name without ending is the driver's name for Docker. */
  readonly path: string
  readonly methods: Methods
  /** The field of an answer in which this kind of driver tells an error (`reference/docker-e2e.md 3`). */
  readonly errorField: 'Err' | 'Error'
  /** A call that failed. */
  readonly failed: (method: string, error: unknown) => void
  /** A call that was answered, well or badly, and how long Docker waited for it. */
  readonly answered?: (method: string, milliseconds: number) => void
}

export interface PluginServer {
  /** Takes no more calls, ends those under way, and removes the socket. */
  close(): Promise<void>
}

/** Serves a driver to Docker on a unix socket that only root may use. A socket that a killed process left behind is replaced. */
export async function servePlugin(options: PluginOptions): Promise<PluginServer> {
  const server = createServer((request, response) => void answer(request, response, options))
  await mkdir(dirname(options.path), { recursive: true })
  await rm(options.path, { force: true })
  // Nobody may connect in the moment before the mode is set.
  const mask = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options.path, resolve)
    })
  } finally {
    process.umask(mask)
  }
  await chmod(options.path, 0o600)
  return {
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
      await rm(options.path, { force: true })
    },
  }
}

/** A text of the body; empty when it is absent. @throws UserError when it is something else */
export function textField(body: Body, name: string): string {
  const value = body[name] ?? ''
  if (typeof value !== 'string') throw new UserError(`${name} is not a text`)
  return value
}

/** An object of the body; empty when it is absent. @throws UserError when it is something else */
export function objectField(body: Body, name: string): Body {
  const value = body[name] ?? {}
  if (!isObject(value)) throw new UserError(`${name} is not an object`)
  return value
}

// --- internal ---

/** Docker's own bodies have a few hundred bytes. */
const LARGEST_BODY = 1024 * 1024

async function answer(request: IncomingMessage, response: ServerResponse, options: PluginOptions): Promise<void> {
  const { methods, errorField, failed, answered } = options
  const begun = performance.now()
  const name = (request.url ?? '').replace(/^\//, '')
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  if (!method) {
    // Docker takes this for "not implemented", which is fine for what is optional.
    request.resume()
    reply(response, 404, { [errorField]: `${name} is not implemented` })
    return
  }
  try {
    reply(response, 200, await method(parseBody(await readBody(request))))
  } catch (error) {
    failed(name, error)
    reply(response, 200, { [errorField]: describe(error) })
  }
  answered?.(name, performance.now() - begun)
}

function reply(response: ServerResponse, status: number, value: object): void {
  const text = JSON.stringify(value)
  response.writeHead(status, { 'Content-Type': 'application/vnd.docker.plugins.v1.2+json', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > LARGEST_BODY) throw new UserError('the request is too large')
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Docker names no content type, and sends nothing at all where there is nothing to say. */
function parseBody(text: string): Body {
  if (text.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new UserError('the request is not JSON')
  }
  if (!isObject(value)) throw new UserError('the request is not an object')
  return value
}

function describe(error: unknown): string {
  if (error instanceof UserError) return error.help === undefined ? error.message : `${error.message} (${error.help})`
  return `internal error: ${error instanceof Error ? error.message : String(error)}`
}
