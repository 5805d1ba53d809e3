import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { run } from '../context.ts'
import { type BrowserPage, chromiumHere, inBrowser } from '../lab/chromium.ts'
import { runBuilt } from '../system/built.ts'
import { CHECKOUT } from '../system/folder.ts'
import { hostileWorld, HOSTILE_NAMES, TUTORIAL } from './reach-worlds.ts'

/** Opens the page of a map, made of manifests, in a real browser; nothing may go wrong in it. */
async function withPage(
  manifests: string | readonly string[],
  hash: string,
  work: (page: BrowserPage) => Promise<void>,
  program: typeof runBuilt = run,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'calicoctl-page-'))
  try {
    const from = typeof manifests === 'string' ? ['-f', '-'] : manifests.flatMap((file) => ['-f', file])
    const options = { cwd: CHECKOUT, ...(typeof manifests === 'string' ? { stdin: manifests } : {}) }
    const { code, stdout, stderr } = await program(['reach', ...from, '-o', 'html'], options)
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    const file = join(folder, 'map.html')
    await writeFile(file, stdout)
    await inBrowser(`file://${file}${hash}`, async (page) => {
      await work(page)
      assert.deepEqual(page.complaints, [])
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const text = (page: BrowserPage, selector: string) =>
  page.evaluate<string>(`document.querySelector(${JSON.stringify(selector)})?.textContent ?? '(not there)'`)
const texts = (page: BrowserPage, selector: string) =>
  page.evaluate<string[]>(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent)`)

describe('the page of a map, in a browser', { skip: chromiumHere(), concurrency: 1 }, () => {
  it('shows who reaches whom as a matrix', () =>
    withPage(TUTORIAL, '', async (page) => {
      assert.deepEqual(await texts(page, '#grid th.row .name'), ['net1', 'workload-B', 'workload-D', 'outside'])
      assert.deepEqual(await texts(page, '#grid th.column .name'), ['net1', 'workload-B', 'workload-D', 'outside'])
      assert.deepEqual(await texts(page, '#grid tbody tr:first-child td'), ['all', '', '', 'all'])
      assert.equal(await text(page, '.summary'), '5 endpoints in 3 groups')
    }))

  it('tells why when a cell is clicked', () =>
    withPage(TUTORIAL, '', async (page) => {
      await page.click('td[data-from="0"][data-to="1"]')
      const why = await text(page, '#why')
      assert.match(why, /nothing allowed/)
      assert.match(why, /Egress of workload-A .*allowed/)
      assert.match(why, /examples\/tutorial\/net1\.yaml:9:5/)
      assert.match(why, /Ingress of workload-B .*denied/)
      assert.equal(await page.evaluate('location.hash'), '#0/1')
    }))

  it('is usable by keyboard alone', () =>
    withPage(TUTORIAL, '', async (page) => {
      await page.evaluate('document.getElementById("cell-0-0").focus()')
      for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft']) await page.press(key)
      await page.press('Enter')
      assert.equal(await page.evaluate('location.hash'), '#1/0')
      assert.match(await text(page, '#why'), /Egress of workload-B/)
      await page.evaluate('document.getElementById("tab-matrix").focus()')
      await page.press('ArrowRight')
      assert.equal(await page.evaluate('document.activeElement.id'), 'tab-graph')
      assert.equal(await page.evaluate('document.getElementById("view-graph").hidden'), false)
    }))

  it('opens at the pair that its address names; made by the built program', () =>
    withPage(
      TUTORIAL,
      '#1/3',
      async (page) => {
        assert.match(await text(page, '#why'), /fromworkload-B.*tooutside/s)
      },
      runBuilt,
    ))

  it('finds groups by their names and by their members', () =>
    withPage(TUTORIAL, '', async (page) => {
      await page.evaluate('document.getElementById("search").focus()')
      await page.type('workload-c')
      assert.equal(await text(page, '#shown'), '1 of 4 groups match')
      assert.deepEqual(await texts(page, '#grid th.row .name'), ['net1'])
    }))

  it('tells why when a connection in the graph is clicked', () =>
    withPage(TUTORIAL, '', async (page) => {
      await page.click('#tab-graph')
      assert.ok((await texts(page, '#graph .group')).length >= 5)
      await page.click('#graph g.flow')
      assert.match(await text(page, '#why'), /Egress of workload-/)
    }))

  it('shows names that look like HTML as they are, and runs none of them', () =>
    withPage(hostileWorld(), '', async (page) => {
      const rows = await texts(page, '#grid th.row .name')
      for (const name of HOSTILE_NAMES.shown) assert.ok(rows.includes(name), `${name} in ${JSON.stringify(rows)}`)
      assert.equal(await page.evaluate('window.hacked'), undefined)
      assert.equal(await page.evaluate('document.querySelectorAll("img, #grid script, aside script").length'), 0)
      for (let at = 0; at < rows.length; at++) await page.click(`td[data-from="${at}"][data-to="${(at + 1) % rows.length}"]`)
      await page.click('#tab-graph')
      assert.equal(await page.evaluate('document.querySelectorAll("img, svg script").length'), 0)
      assert.equal(await page.evaluate('window.hacked'), undefined)
    }))
})
