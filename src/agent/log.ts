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
    if (AGENT_LOG_LEVELS.indexOf(level) >= least) write(`${JSON.stringify({ time: now().toISOString(), level, event, ...fields })}\n`)
  }
}
