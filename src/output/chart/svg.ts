import { characterWidth, displayWidth } from '../width.ts'
import { type Chart, type ChartGroup, escapeXml, type Flow } from './chart.ts'

/**
 * A chart as a drawing in three columns: who begins on the left, what may pass in the middle, who is reached on the right. Nothing overlaps, however many
 * groups there are; lines add up instead of multiplying. Elements carry what they stand for, for a page that has the drawing in it.
 */
export function formatSvg({ title, groups, flows }: Chart): string {
  const lefts = used(flows.flatMap(({ from }) => from))
  const rights = used(flows.flatMap(({ to }) => to))
  const ordered = [...flows.entries()].sort(([, a], [, b]) => place(a, lefts, rights) - place(b, lefts, rights))
  const groupWidth = columnWidth([...lefts, ...rights].flatMap((at) => [groups[at]?.name ?? '', groups[at]?.detail ?? '']))
  const flowWidth = columnWidth(flows.map(({ text }) => text))
  const columns = [MARGIN, MARGIN + groupWidth + GUTTER, MARGIN + groupWidth + flowWidth + 2 * GUTTER] as const
  const width = columns[2] + groupWidth + MARGIN
  const height = HEAD + Math.max(lefts.length * GROUP_STEP, rights.length * GROUP_STEP, flows.length * FLOW_STEP, GROUP_STEP) + MARGIN
  const middle = (HEAD + height - MARGIN) / 2
  const at = (index: number, count: number, step: number) => middle + (index - (count - 1) / 2) * step
  const leftAt = new Map(lefts.map((group, index) => [group, at(index, lefts.length, GROUP_STEP)]))
  const rightAt = new Map(rights.map((group, index) => [group, at(index, rights.length, GROUP_STEP)]))
  const lines: string[] = []
  const boxes: string[] = []
  for (const [position, [number, flow]] of ordered.entries()) {
    const y = at(position, flows.length, FLOW_STEP)
    const kind = `${flow.kind} c${position % COLORS.length}`
    for (const group of flow.from)
      lines.push(line(`line ${kind}`, { flow: number, from: group }, columns[0] + groupWidth, leftAt.get(group) ?? 0, columns[1], y))
    for (const group of flow.to)
      lines.push(line(`line ${kind}`, { flow: number, to: group }, columns[1] + flowWidth, y, columns[2], rightAt.get(group) ?? 0))
    boxes.push(flowBox(flow, number, kind, columns[1], y, flowWidth))
  }
  for (const group of lefts) boxes.push(groupBox(groups[group], { from: group }, columns[0], leftAt.get(group) ?? 0, groupWidth))
  for (const group of rights) boxes.push(groupBox(groups[group], { to: group }, columns[2], rightAt.get(group) ?? 0, groupWidth))
  const heads = (['from', 'connections', 'to'] as const).map(
    (word, column) =>
      `<text class="head" x="${(columns[column] ?? 0) + (column === 1 ? flowWidth : groupWidth) / 2}" y="${MARGIN + 32}">${word}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">
<style>${STYLE}</style>
<rect class="ground" width="${width}" height="${height}"/>
<text class="title" x="${MARGIN}" y="${MARGIN + 6}">${escapeXml(title)}</text>
${[...heads, ...lines, ...boxes].join('\n')}
</svg>
`
}

// --- internal ---

const MARGIN = 24
const HEAD = 76
const GUTTER = 110
const GROUP_STEP = 50
const GROUP_HEIGHT = 40
const FLOW_STEP = 36
const FLOW_HEIGHT = 26
/** Of a character of the drawing's font, on average, and of the longest text that is shown in full. */
const CHARACTER = 7.2
const LONGEST = 42

/** Lines of neighbours are told apart by their colour. */
const COLORS = ['#3b7a86', '#5b6fa8', '#7a6a9b', '#4f8a5b', '#8a7a3f', '#a0655a']

const STYLE = [
  '.chart{font:13px system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}',
  '.chart .ground{fill:#fff}.chart text{fill:#1f2a37;dominant-baseline:central}.chart .title{font-weight:600;font-size:15px}',
  '.chart .head{fill:#6b7785;font-size:11px;letter-spacing:.08em;text-anchor:middle}',
  '.chart .group rect{fill:#f3f6f8;stroke:#c3ccd5}.chart .group .detail{fill:#6b7785;font-size:11px}',
  '.chart .flow rect{fill:#fff;stroke-width:1.4}.chart .flow text{text-anchor:middle;font-size:12px}',
  '.chart .line{fill:none;stroke-width:1.6;stroke-opacity:.6}',
  ...COLORS.map((color, index) => `.chart .c${index}{stroke:${color}}.chart .c${index} rect{stroke:${color}}.chart .flow.c${index}{stroke:none}`),
  '.chart .denied{stroke:#b4483c}.chart .denied rect{stroke:#b4483c}.chart .unknown{stroke:#b7791f;stroke-dasharray:5 4}.chart .unknown rect{stroke:#b7791f}',
  '.chart .flow.denied,.chart .flow.unknown{stroke:none}',
].join('')

function used(groups: readonly number[]): number[] {
  return [...new Set(groups)].sort((a, b) => a - b)
}

/** Where in the middle column a flow is best: half way between those it joins. */
function place({ from, to }: Flow, lefts: readonly number[], rights: readonly number[]): number {
  const mean = (groups: readonly number[], column: readonly number[]) =>
    groups.reduce((sum, group) => sum + (column.indexOf(group) + 0.5) / column.length, 0) / groups.length
  return mean(from, lefts) + mean(to, rights)
}

function columnWidth(texts: readonly string[]): number {
  return Math.ceil(Math.min(LONGEST, Math.max(8, ...texts.map(displayWidth))) * CHARACTER) + 24
}

function line(kind: string, data: Readonly<Record<string, number>>, x1: number, y1: number, x2: number, y2: number): string {
  const bend = (x2 - x1) / 2
  return `<path class="${kind}"${dataOf(data)} d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"/>`
}

function groupBox(group: ChartGroup | undefined, data: Readonly<Record<string, number>>, x: number, y: number, width: number): string {
  const { name, detail } = group ?? { name: '', detail: '' }
  const shift = detail === '' ? 0 : 8
  return [
    `<g class="group"${dataOf(data)}><title>${escapeXml(detail === '' ? name : `${name}: ${detail}`)}</title>`,
    `<rect x="${x}" y="${y - GROUP_HEIGHT / 2}" width="${width}" height="${GROUP_HEIGHT}" rx="7"/>`,
    `<text x="${x + 12}" y="${y - shift}">${escapeXml(shortened(name))}</text>`,
    detail === '' ? '' : `<text class="detail" x="${x + 12}" y="${y + shift + 1}">${escapeXml(shortened(detail))}</text>`,
    '</g>',
  ].join('')
}

function flowBox({ text }: Flow, number: number, kind: string, x: number, y: number, width: number): string {
  return [
    `<g class="flow ${kind}"${dataOf({ flow: number })}><title>${escapeXml(text)}</title>`,
    `<rect x="${x}" y="${y - FLOW_HEIGHT / 2}" width="${width}" height="${FLOW_HEIGHT}" rx="${FLOW_HEIGHT / 2}"/>`,
    `<text x="${x + width / 2}" y="${y}">${escapeXml(shortened(text))}</text></g>`,
  ].join('')
}

function dataOf(data: Readonly<Record<string, number>>): string {
  return Object.entries(data)
    .map(([key, value]) => ` data-${key}="${value}"`)
    .join('')
}

/** As much of a text as fits; the whole is in the title of its element. */
function shortened(text: string): string {
  if (displayWidth(text) <= LONGEST) return text
  let [result, width] = ['', 0]
  for (const char of text) {
    width += characterWidth(char)
    if (width >= LONGEST) break
    result += char
  }
  return `${result}…`
}
