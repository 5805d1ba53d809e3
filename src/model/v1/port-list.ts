import type { Port } from '../port.ts'

/** The same ports in as few entries as possible: names first, then numbers and ranges in order, joined where they touch. One number stays where it is. */
export function simplifyPorts(ports: readonly Port[]): Port[] {
  const ranges = ports.map(rangeOf).filter((range) => range !== undefined)
  if (ranges.reduce((count, [first, last]) => count + last - first + 1, 0) <= 1) return [...ports]
  const joined: [number, number][] = []
  for (const [first, last] of ranges.sort(([a], [b]) => a - b)) {
    const previous = joined.at(-1)
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last)
    else joined.push([first, last])
  }
  const names = ports.filter((port) => rangeOf(port) === undefined)
  return [...names, ...joined.map(([first, last]) => (first === last ? first : `${first}:${last}`))]
}

// --- internal ---

function rangeOf(port: Port): [number, number] | undefined {
  if (typeof port === 'number') return [port, port]
  const [, first, last] = /^(\d+):(\d+)$/.exec(port) ?? []
  return first === undefined || last === undefined ? undefined : [Number(first), Number(last)]
}
