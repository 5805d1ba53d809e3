import type { PageData } from './page-data.ts'

/**
 * The script of a map's page. Its text is put into the page as it is: nothing from outside of the function can be used in it, and it takes what it shows from
 * `data` as text, never as HTML.
 */
export function runPage(data: PageData): void {
  const MOST = 60
  const byId = (id: string): PageElement => document.getElementById(id) ?? document.createElement('div')
  const make = (tag: string, className: string, text = ''): PageElement => {
    const element = document.createElement(tag)
    if (className !== '') element.className = className
    if (text !== '') element.textContent = text
    return element
  }
  const cellOf: number[][] = data.rows.map((row) => {
    const cells: number[] = []
    for (const [cell, targets] of row) for (const to of targets) cells[to] = cell
    return cells
  })
  const cellAt = (from: number, to: number) => data.cells[cellOf[from]?.[to] ?? 0] ?? { text: '', kind: 'none' as const }
  const saysNothing = (from: number, to: number) => {
    const [a, b] = [data.groups[from], data.groups[to]]
    return (a?.outside && b?.outside) || (!a?.about && !b?.about) || (from === to && !a?.outside && a?.members.length === 1 && a.more === 0)
  }

  // --- why: the panel at the side

  const showLines = (into: PageElement, lines: readonly number[]): void => {
    for (const number of lines) {
      const line = make('div', 'line')
      let rest = data.lines[number] ?? ''
      while (rest !== '') {
        const start = rest.indexOf('\u0001')
        const end = rest.indexOf('\u0002', start)
        if (start === -1 || end === -1) break
        if (start > 0) line.append(rest.slice(0, start))
        line.append(make('span', `r-${rest.charAt(start + 1)}`, rest.slice(start + 2, end)))
        rest = rest.slice(end + 1)
      }
      line.append(rest === '' && line.childNodes.length === 0 ? '\u00a0' : rest)
      into.append(line)
    }
  }
  const groupItem = (word: string, at: number): PageElement => {
    const group = data.groups[at]
    const item = make('div', 'end')
    item.append(make('span', 'word', word), make('bdi', 'name', group?.name ?? ''), make('span', 'detail', group?.detail ?? ''))
    if (group && group.members.length > 1) {
      const details = make('details', '')
      details.append(make('summary', '', 'members'))
      const list = make('ul', 'members')
      for (const member of group.members) {
        const entry = make('li', '')
        entry.append(make('bdi', '', member))
        list.append(entry)
      }
      if (group.more > 0) list.append(make('li', 'detail', `and ${group.more} more`))
      details.append(list)
      item.append(details)
    }
    return item
  }
  const showWhy = (from: number, to: number): void => {
    const panel = byId('why')
    const cell = cellAt(from, to)
    const pair = `${from}/${to}`
    const instead = data.why[pair] ? undefined : data.instead.find((block) => block.from.includes(from) && block.to.includes(to))
    panel.replaceChildren(groupItem('from', from), groupItem('to', to))
    const verdict = make('p', `verdict ${cell.kind}${data.denied ? ' denied' : ''}`)
    verdict.append(make('span', 'chip', cell.text === '' ? 'nothing' : cell.text), data.denied ? ' denied' : cell.kind === 'none' ? ' allowed' : '')
    panel.append(verdict)
    for (const number of data.why[instead?.pair ?? pair] ?? []) {
      const block = make('div', 'walk')
      showLines(block, data.explanations[number] ?? [])
      panel.append(block)
    }
    if (instead) panel.append(make('p', 'hint', 'Shown for one of the pairs with the same connections; of this pair:'))
    if (instead || !data.why[pair]) {
      const [a, b] = [data.groups[from]?.example ?? '', data.groups[to]?.example ?? '']
      panel.append(make('code', '', `calicoctl why ${a} ${b}`))
    }
    location.replace(`#${pair}`)
  }

  // --- the matrix

  let shownRows: number[] = []
  let shownColumns: number[] = []
  let [focusRow, focusColumn] = [0, 0]
  const matches = (at: number, words: readonly string[]) => {
    const group = data.groups[at]
    const text = [group?.name, group?.detail, ...(group?.members ?? [])].join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  }
  const cellElement = (row: number, column: number) => document.getElementById(`cell-${row}-${column}`)
  const moveTo = (row: number, column: number): void => {
    cellElement(focusRow, focusColumn)?.setAttribute('tabindex', '-1')
    focusRow = Math.min(Math.max(row, 0), shownRows.length - 1)
    focusColumn = Math.min(Math.max(column, 0), shownColumns.length - 1)
    const target = cellElement(focusRow, focusColumn)
    target?.setAttribute('tabindex', '0')
    target?.focus()
  }
  const mark = (element: PageElement): void => {
    for (const other of document.querySelectorAll('.chosen')) other.classList.remove('chosen')
    element.classList.add('chosen')
  }
  const header = (at: number, className: string, scope: string): PageElement => {
    const element = make('th', className)
    element.setAttribute('scope', scope)
    element.setAttribute('title', `${data.groups[at]?.name ?? ''} ${data.groups[at]?.detail ?? ''}`)
    const inner = make('span', 'tilt')
    inner.append(make('bdi', 'name', data.groups[at]?.name ?? ''))
    if (className === 'row') inner.append(make('span', 'detail', data.groups[at]?.detail ?? ''))
    element.append(inner)
    return element
  }
  const drawMatrix = (): void => {
    const words = byId('search')
      .value.toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '')
    const all = data.groups.map((_, at) => at)
    const found = new Set(all.filter((at) => matches(at, words)))
    const touches = (from: number, to: number) => found.has(from) || found.has(to)
    const rows = all.filter(
      (at) => data.groups[at]?.source && (found.has(at) || (data.rows[at] ?? []).some(([, targets]) => targets.some((to) => found.has(to)))),
    )
    const columns = all.filter(
      (at) => data.groups[at]?.target && (found.has(at) || rows.some((from) => found.has(from) && cellOf[from]?.[at] !== undefined)),
    )
    shownRows = rows.slice(0, MOST)
    shownColumns = columns.slice(0, MOST)
    const head = make('tr', '')
    head.append(make('td', 'corner'), ...shownColumns.map((at) => header(at, 'column', 'col')))
    const body = shownRows.map((from, row) => {
      const line = make('tr', '')
      line.append(header(from, 'row', 'row'))
      for (const [column, to] of shownColumns.entries()) {
        const cell = cellAt(from, to)
        const blank = saysNothing(from, to)
        const element = make(
          'td',
          `cell ${blank ? 'blank' : cell.kind}${touches(from, to) ? '' : ' dim'}`,
          blank ? '' : cell.kind === 'none' ? '' : cell.text,
        )
        element.id = `cell-${row}-${column}`
        element.setAttribute('role', 'gridcell')
        element.setAttribute('tabindex', row === 0 && column === 0 ? '0' : '-1')
        element.setAttribute(
          'aria-label',
          `${data.groups[from]?.name ?? ''} to ${data.groups[to]?.name ?? ''}: ${cell.text === '' ? 'nothing' : cell.text}`,
        )
        element.setAttribute(
          'title',
          `${data.groups[from]?.name ?? ''} → ${data.groups[to]?.name ?? ''}: ${cell.text === '' ? 'nothing' : cell.text}`,
        )
        element.dataset['from'] = String(from)
        element.dataset['to'] = String(to)
        line.append(element)
      }
      return line
    })
    const [thead, tbody] = [make('thead', ''), make('tbody', '')]
    thead.append(head)
    tbody.append(...body)
    byId('grid').replaceChildren(thead, tbody)
    focusRow = 0
    focusColumn = 0
    const hidden = rows.length - shownRows.length + columns.length - shownColumns.length
    byId('shown').textContent =
      words.length === 0 && hidden === 0
        ? `${data.groups.length} groups`
        : `${found.size} of ${data.groups.length} groups match${hidden > 0 ? `; the first ${MOST} are shown: search for others` : ''}`
  }
  const choose = (element: PageElement | null): void => {
    const { from, to } = element?.dataset ?? {}
    if (!element || from === undefined || to === undefined || element.classList.contains('blank')) return
    const [, row = 0, column = 0] = element.id.split('-').map(Number)
    moveTo(row, column)
    mark(element)
    showWhy(Number(from), Number(to))
  }
  const grid = byId('grid')
  grid.addEventListener('click', (event) => choose(event.target.closest('td.cell')))
  grid.addEventListener('keydown', (event) => {
    const steps: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      Home: [0, -data.groups.length],
      End: [0, data.groups.length],
    }
    const step = steps[event.key]
    if (step) moveTo(focusRow + step[0], focusColumn + step[1])
    else if (event.key === 'Enter' || event.key === ' ') choose(event.target.closest('td.cell'))
    else return
    event.preventDefault()
  })
  byId('search').addEventListener('input', drawMatrix)

  // --- the graph

  const flows = () => [...document.querySelectorAll('#graph [data-flow], #graph .group')]
  const highlight = (keep: (element: PageElement) => boolean): void => {
    for (const element of flows()) element.classList.toggle('dim', !keep(element))
  }
  const chooseInGraph = (element: PageElement | null): void => {
    const { flow, from, to } = element?.dataset ?? {}
    if (!element) return highlight(() => true)
    if (flow !== undefined) {
      const own = flows().filter((other) => other.dataset['flow'] === flow)
      const first = (key: 'from' | 'to') => own.map((other) => other.dataset[key]).filter((value) => value !== undefined)
      const [sources, targets] = [first('from'), first('to')]
      highlight((other) => {
        if (other.dataset['flow'] !== undefined) return other.dataset['flow'] === flow
        return sources.includes(other.dataset['from'] ?? '-') || targets.includes(other.dataset['to'] ?? '-')
      })
      const pair = sources.flatMap((source) => targets.map((target) => [Number(source), Number(target)] as const))
      const [source, target] = pair.find(([a, b]) => !saysNothing(a, b)) ?? [0, 0]
      return showWhy(source, target)
    }
    const key = from === undefined ? 'to' : 'from'
    const mine = new Set(
      flows().flatMap((other) => (other.dataset['flow'] !== undefined && other.dataset[key] === (from ?? to) ? [other.dataset['flow']] : [])),
    )
    highlight((other) =>
      other.dataset['flow'] === undefined
        ? other === element
        : mine.has(other.dataset['flow']) && (other.dataset[key] ?? from ?? to) === (from ?? to),
    )
  }
  const graph = byId('graph')
  graph.addEventListener('click', (event) => chooseInGraph(event.target.closest('g.flow, g.group')))
  graph.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    chooseInGraph(event.target.closest('g.flow, g.group'))
  })
  for (const element of document.querySelectorAll('#graph g')) {
    element.setAttribute('tabindex', '0')
    element.setAttribute('role', 'button')
  }

  // --- the page

  const tabs = [...document.querySelectorAll('[role=tab]')]
  const open = (tab: PageElement): void => {
    for (const other of tabs) {
      other.setAttribute('aria-selected', String(other === tab))
      other.setAttribute('tabindex', other === tab ? '0' : '-1')
      byId(other.getAttribute('aria-controls') ?? '').hidden = other !== tab
    }
  }
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener('click', () => open(tab))
    tab.addEventListener('keydown', (event) => {
      const next = tabs[(at + (event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? tabs.length - 1 : 0)) % tabs.length]
      if (!next || next === tab) return
      open(next)
      next.focus()
    })
  }
  drawMatrix()
  const [, from, to] = /^#(\d+)\/(\d+)$/.exec(location.hash) ?? []
  const linked = from === undefined ? null : document.querySelector(`td[data-from="${from}"][data-to="${to}"]`)
  if (linked) choose(linked)
}

// --- internal ---

/** As much of a browser as the script uses. */
interface PageElement {
  id: string
  className: string
  textContent: string
  value: string
  hidden: boolean
  readonly childNodes: { readonly length: number }
  readonly dataset: Record<string, string | undefined>
  readonly classList: {
    add(name: string): void
    remove(name: string): void
    contains(name: string): boolean
    toggle(name: string, on: boolean): void
  }
  append(...children: (PageElement | string)[]): void
  replaceChildren(...children: PageElement[]): void
  setAttribute(name: string, value: string): void
  getAttribute(name: string): string | null
  addEventListener(type: string, listener: (event: PageEvent) => void): void
  closest(selector: string): PageElement | null
  focus(): void
}

interface PageEvent {
  readonly target: PageElement
  readonly key: string
  preventDefault(): void
}

declare const document: {
  getElementById(id: string): PageElement | null
  createElement(tag: string): PageElement
  querySelector(selector: string): PageElement | null
  querySelectorAll(selector: string): Iterable<PageElement>
}
declare const location: { readonly hash: string; replace(url: string): void }
