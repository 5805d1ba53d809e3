import { escapeForTerminal } from '../escape.ts'
import type { Chart, Flow } from './chart.ts'

/**
 * A chart in the language of Graphviz. A flow between several groups on both sides goes through a node of its own, so that lines add up instead of
 * multiplying.
 */
export function formatDot({ title, groups, flows }: Chart): string {
  const used = new Set(flows.flatMap(({ from, to }) => [...from, ...to]))
  const nodes = groups.flatMap(({ name, detail }, at) => {
    return used.has(at) ? [`  g${at} [label=${quote([name, detail].filter((text) => text !== '').join('\n'))}]`] : []
  })
  return [
    'digraph reach {',
    `  label=${quote(title)}`,
    '  labelloc=t',
    '  rankdir=LR',
    '  node [shape=box, style="rounded,filled", fillcolor="#f4f6f8", color="#9aa5b1", fontname="Helvetica", fontsize=11]',
    '  edge [color="#6b7a89", fontname="Helvetica", fontsize=10]',
    ...nodes,
    ...flows.flatMap(edgesOf),
    '}\n',
  ].join('\n')
}

// --- internal ---

const COLORS: Readonly<Record<Flow['kind'], string>> = { allowed: '#2f7d6d', denied: '#b4483c', unknown: '#b7791f' }

function edgesOf({ from, to, text, kind }: Flow, at: number): string[] {
  const color = `color="${COLORS[kind]}"${kind === 'unknown' ? ', style=dashed' : ''}`
  if (from.length === 1 || to.length === 1)
    return from.flatMap((source) => to.map((target) => `  g${source} -> g${target} [label=${quote(text)}, ${color}]`))
  return [
    `  f${at} [label=${quote(text)}, shape=plain, style="", fontsize=10]`,
    ...from.map((source) => `  g${source} -> f${at} [arrowhead=none, ${color}]`),
    ...to.map((target) => `  f${at} -> g${target} [${color}]`),
  ]
}

/** Graphviz takes backslashes in labels for its own commands. */
function quote(text: string): string {
  const lines = text.split('\n').map((line) => escapeForTerminal(line).replace(/["\\]/g, '\\$&'))
  return `"${lines.join('\\n')}"`
}
