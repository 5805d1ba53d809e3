/** Time and chance, passed in. */
export interface Clock {
  now(): Date
  /** RFC 3339, whole seconds, UTC: how Calico stores times. */
  timestamp(): string
  /** A random version 4 UUID. */
  uuid(): string
  /** Waits before a repeated attempt. */
  pause(milliseconds: number): Promise<void>
}
