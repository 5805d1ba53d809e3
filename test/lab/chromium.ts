import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

/** A page in a real browser without a window. */
export interface BrowserPage {
  /** What an expression comes to in the page; it has to be something that JSON can say. */
  evaluate<T>(expression: string): Promise<T>
  /** Presses and lets go of a key, by its name (`ArrowRight`, `Enter`). */
  press(key: string): Promise<void>
  /** Clicks with the mouse in the middle of the first element that a selector picks. */
  click(selector: string): Promise<void>
  /** Types a text where the focus is. */
  type(text: string): Promise<void>
  /** Errors of the page's script and of its security policy, and addresses that it asked for besides its own. */
  readonly complaints: readonly string[]
}

/** Why tests that need a browser are skipped here, or false when it is there. With `CI=true` nothing is skipped: the test fails instead. */
export function chromiumHere(): string | false {
  const found = (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'chromium')))
  return found || process.env['CI'] === 'true' ? false : 'needs chromium (Debian package chromium)'
}

/** Opens a URL in a browser of its own, which is gone when `work` is done. */
export async function inBrowser(url: string, work: (page: BrowserPage) => Promise<void>): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'calicoctl-chromium-'))
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-pipe']
  // The browser listens on its descriptor 3 and answers on 4.
  const child = spawn('chromium', [...options, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  })
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    const pipe = new Pipe(child.stdio[3] as Writable, child.stdio[4] as Readable)
    child.once('error', (error) => pipe.fail(error))
    child.once('close', () => pipe.fail(new Error('the browser has ended')))
    await work(await open(pipe, url))
  } finally {
    child.kill('SIGKILL')
    await gone
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

// --- internal ---

type Message = Readonly<Record<string, unknown>>

/** Commands and events of the Chrome DevTools protocol: JSON, each ended by a zero byte. */
class Pipe {
  readonly #input: Writable
  readonly #waiting = new Map<number, { resolve: (result: Message) => void; reject: (error: Error) => void }>()
  readonly #listeners: ((method: string, params: Message) => void)[] = []
  #last = 0
  #failure: Error | undefined

  constructor(input: Writable, output: Readable) {
    this.#input = input
    input.on('error', (error) => this.fail(error))
    let rest = Buffer.alloc(0)
    output.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      for (let end = rest.indexOf(0); end !== -1; end = rest.indexOf(0)) {
        this.#take(JSON.parse(rest.subarray(0, end).toString('utf8')) as Message)
        rest = rest.subarray(end + 1)
      }
    })
  }

  on(listener: (method: string, params: Message) => void): void {
    this.#listeners.push(listener)
  }

  send(method: string, params: Message = {}, sessionId?: string): Promise<Message> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure)
      const id = ++this.#last
      this.#waiting.set(id, { resolve, reject })
      this.#input.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`)
    })
  }

  fail(error: Error): void {
    this.#failure ??= error
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }

  // --- internal ---

  #take(message: Message): void {
    if (typeof message['method'] === 'string') for (const listener of this.#listeners) listener(message['method'], message['params'] as Message)
    const waiting = this.#waiting.get(message['id'] as number)
    if (!waiting) return
    this.#waiting.delete(message['id'] as number)
    if (message['error']) waiting.reject(new Error(JSON.stringify(message['error'])))
    else waiting.resolve(message['result'] as Message)
  }
}

async function open(pipe: Pipe, url: string): Promise<BrowserPage> {
  const { targetId } = await pipe.send('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await pipe.send('Target.attachToTarget', { targetId: targetId as string, flatten: true })
  const send = (method: string, params: Message = {}) => pipe.send(method, params, sessionId as string)
  const complaints: string[] = []
  let arrived = false
  const loaded = new Promise<void>((resolve) => {
    pipe.on((method, params) => {
      // The empty page that comes first is loaded, too.
      if (method === 'Page.frameNavigated' && (params['frame'] as { url: string }).url === url.split('#')[0]) arrived = true
      if (method === 'Page.loadEventFired' && arrived) resolve()
      if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params['exceptionDetails']))
      if (method === 'Log.entryAdded') complaints.push(JSON.stringify(params['entry']))
      const asked = method === 'Network.requestWillBeSent' ? (params['request'] as { url: string }).url : url
      if (asked.split('#')[0] !== url.split('#')[0] && !asked.startsWith('data:')) complaints.push(asked)
    })
  })
  await Promise.all(['Page.enable', 'Runtime.enable', 'Log.enable', 'Network.enable'].map((method) => send(method)))
  await send('Page.navigate', { url })
  await loaded
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = (await send('Runtime.evaluate', { expression, returnByValue: true })) as {
      result: { value: T }
      exceptionDetails?: unknown
    }
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails))
    return result.value
  }
  return {
    evaluate,
    complaints,
    press: async (key) => {
      const text = key === 'Enter' ? { text: '\r' } : {}
      await send('Input.dispatchKeyEvent', { type: 'keyDown', key, code: key, ...text })
      await send('Input.dispatchKeyEvent', { type: 'keyUp', key, code: key })
    },
    click: async (selector) => {
      const middle = `(() => { const e = document.querySelector(${JSON.stringify(selector)}); e.scrollIntoView({ block: 'center' }); const b = e.getBoundingClientRect(); return { x: b.x + b.width / 2, y: b.y + b.height / 2 } })()`
      const at = await evaluate<{ x: number; y: number }>(middle)
      for (const type of ['mousePressed', 'mouseReleased']) await send('Input.dispatchMouseEvent', { type, ...at, button: 'left', clickCount: 1 })
    },
    type: async (text) => void (await send('Input.insertText', { text })),
  }
}
