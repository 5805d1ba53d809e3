import { createHash } from 'node:crypto'
import { escapeXml } from './chart.ts'
import type { PageData } from './page-data.ts'
import { runPage } from './page-script.ts'
import { PAGE_STYLE } from './page-style.ts'

/**
 * A map as one HTML file that needs nothing else: a searchable matrix, a graph and, for a cell that is chosen, why. It may run its own script only, and load
 * nothing. `drawing`: the SVG of the graph; left out when it would be too large.
 */
export function formatPage(data: PageData, drawing: string | undefined): string {
  const script = `(${runPage.toString()})(JSON.parse(document.getElementById('data').textContent))`
  const hash = createHash('sha256').update(script).digest('base64')
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`
  const notes = data.notes.map((note) => `<p class="note">${escapeXml(note)}</p>`).join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${escapeXml(data.title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body class="${data.denied ? 'denied' : 'map'}">
<header>
<div><h1>${escapeXml(data.title)}</h1><p class="summary">${escapeXml(data.summary)}</p></div>
<div class="tools">
<div role="tablist" aria-label="View">
<button role="tab" id="tab-matrix" aria-controls="view-matrix" aria-selected="true" tabindex="0">Matrix</button>
<button role="tab" id="tab-graph" aria-controls="view-graph" aria-selected="false" tabindex="-1">Graph</button>
</div>
<label class="search"><span>Search</span> <input id="search" type="search" placeholder="name, label, member" autocomplete="off" spellcheck="false"></label>
</div>
</header>
${notes}
<main>
<section id="view-matrix" role="tabpanel" aria-labelledby="tab-matrix">
<p id="shown" class="hint" aria-live="polite"></p>
<div class="scroll"><table id="grid" role="grid" aria-label="${escapeXml(data.title)}: from rows to columns"></table></div>
<p class="legend"><span class="swatch all"></span>everything <span class="swatch some"></span>something <span class="swatch none"></span>nothing <span class="swatch unknown"></span>not known</p>
</section>
<section id="view-graph" role="tabpanel" aria-labelledby="tab-graph" hidden>
<div id="graph" class="scroll">${drawing ?? '<p class="hint">There are too many groups to draw: ask about a part of them, as in calicoctl reach net1 -o html.</p>'}</div>
</section>
<aside id="why" aria-live="polite" aria-label="Why"><p class="hint">Choose a cell, or a connection in the graph, to see why. Arrow keys move, Enter chooses.</p></aside>
</main>
<noscript>This page needs its script to show the map.</noscript>
<script type="application/json" id="data">${embed(data)}</script>
<script>${script}</script>
</body>
</html>
`
}

// --- internal ---

/** JSON that nothing within a script element can end, and that is plain ASCII. */
function embed(data: PageData): string {
  return JSON.stringify(data).replace(/[<>&\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
