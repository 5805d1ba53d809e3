export const AGENT_LOG_LEVELS = ['debug', 'info', 'warning', 'error'] as const
export type AgentLogLevel = (typeof AGENT_LOG_LEVELS)[number]

/** Notes what happened: a sentence that is always the same for the same kind of event, and the particulars beside it. */
export interface Log {
  (level: AgentLogLevel, event: string, fields?: Readonly<Record<string, unknown>>): void
}

/** A log of JSON lines, with time, level and event first. What is below the threshold is not written. */
export function jsonLog(write: (line: string) => void, now: () => Date, threshold: AgentLogLevel): Log {
  const least = AGENT_LOG_LEVELS.indexOf(threshold)
  return (level, event, fields = {}) => {
    if (AGENT_LOG_LEVELS.indexOf(level) >= least) write(`${withEscapes(JSON.stringify({ time: now().toISOString(), level, event, ...fields }))}\n`)
  }
}

// --- internal ---

/** What JSON lets stand, and terminals obey: control characters beyond ASCII's, and those that turn the direction of text. */
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

function withEscapes(json: string): string {
  return json.replace(UNSAFE, (character) => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
