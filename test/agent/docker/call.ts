import { request } from 'node:http'

/** Calls a method of a driver as Docker does: by POST, with no content type. */
export async function call(socketPath: string, method: string, body?: string | object): Promise<{ status: number; answer: unknown }> {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  return await new Promise((resolve, reject) => {
    const headers = { Host: '', 'User-Agent': 'Go-http-client/1.1', 'Content-Length': Buffer.byteLength(text) }
    const sent = request({ socketPath, path: `/${method}`, method: 'POST', headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => void chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const answer = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, answer: JSON.parse(answer) as unknown })
      })
    })
    sent.on('error', reject)
    sent.end(text)
  })
}
