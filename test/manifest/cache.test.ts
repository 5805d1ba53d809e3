import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CacheStore } from '../../src/manifest/cache.ts'
import type { Manifest } from '../../src/manifest/manifest.ts'
import { readManifests } from '../../src/manifest/read.ts'
import { v1Converter } from '../../src/model/v1/convert.ts'
import { readRecords } from '../conformance/data.ts'

class MemoryCache implements CacheStore {
  version = 'one'
  readonly kept = new Map<string, Uint8Array>()
  writes = 0

  read(name: string): Uint8Array | undefined {
    return this.kept.get(name)
  }

  write(name: string, bytes: Uint8Array): void {
    this.writes++
    this.kept.set(name, bytes)
  }
}

/** Reads a folder of some files; `conversions` counts how often something had to be read anew. */
async function read(cache: CacheStore, files: Readonly<Record<string, string>>): Promise<Manifest & { readonly conversions: number }> {
  let conversions = 0
  const manifest = await readManifests(
    ['policies'],
    {
      files: {
        readFile: async (path) => new TextEncoder().encode(files[path.replace('policies/', '')]),
        readDirectory: async () => Object.keys(files).map((name) => ({ name, isDirectory: false })),
        isDirectory: async () => true,
      },
      stdin: { read: async () => new Uint8Array() },
    },
    {
      cache,
      loadConvertV1: async () => {
        conversions++
        return v1Converter
      },
    },
  )
  const { items, problems, files: count, source } = manifest
  return { items, problems, files: count, source, conversions }
}

const NET1 = 'apiVersion: v1\nkind: profile\nmetadata:\n  name: net1\nspec:\n  ingress:\n  - action: allow\n    source: {tag: net1}\n'
const NET2 =
  '# Two of them.\n---\napiVersion: projectcalico.org/v3\nkind: Profile\nmetadata: {name: a}\n---\napiVersion: projectcalico.org/v3\nkind: Profile\nmetadata:\n  name: b\n'

/** All that commands look at. */
function facts({ items, problems, files }: Manifest): unknown {
  return { items: items.map(({ resource, kind, file, document, place }) => ({ resource, kind, file, document, place })), problems, files }
}

describe('what good manifests came to', () => {
  it('is the same the next time, places and texts too, and nothing is read anew', async () => {
    const cache = new MemoryCache()
    const first = await read(cache, { 'net1.yaml': NET1, 'net2.yaml': NET2 })
    const second = await read(cache, { 'net1.yaml': NET1, 'net2.yaml': NET2 })
    assert.deepEqual(facts(second), facts(first))
    assert.deepEqual([first.conversions, second.conversions, cache.writes], [1, 0, 1])
    for (const path of [['metadata', 'name'], ['spec', 'ingress', 0, 'action'], []]) {
      assert.deepEqual(
        second.items.map((item) => item.locate(path)),
        first.items.map((item) => item.locate(path)),
      )
    }
    assert.equal(second.source('policies/net1.yaml'), NET1)
  })

  it('is read anew where a byte is another one, and only there', async () => {
    const cache = new MemoryCache()
    await read(cache, { 'net1.yaml': NET1, 'net2.yaml': NET2 })
    const changed = await read(cache, { 'net1.yaml': NET1, 'net2.yaml': NET2.replace('name: b', 'name: c') })
    assert.deepEqual(
      changed.items.map(({ resource }) => resource.metadata.name),
      ['net1', 'a', 'c'],
    )
    assert.deepEqual([changed.conversions, cache.writes], [1, 2])
    const again = await read(cache, { 'net2.yaml': NET2.replace('name: b', 'name: c') })
    assert.deepEqual([again.items.length, again.conversions], [2, 0])
  })

  it('is not taken from another build of the program, nor from what is no entry', async () => {
    const cache = new MemoryCache()
    await read(cache, { 'net1.yaml': NET1 })
    cache.version = 'two'
    assert.equal((await read(cache, { 'net1.yaml': NET1 })).conversions, 1)
    for (const broken of ['', '7\n', '12\n{"version":', '999999\n{"version":"two","files":[]}']) {
      for (const name of cache.kept.keys()) cache.kept.set(name, new TextEncoder().encode(broken))
      assert.equal((await read(cache, { 'net1.yaml': NET1 })).items.length, 1, broken)
    }
  })

  it('is not kept when something is wrong with the file', async () => {
    const cache = new MemoryCache()
    const files = { 'bad.yaml': NET1.replace('allow', 'alow'), 'net2.yaml': NET2 }
    const [first, second] = [await read(cache, files), await read(cache, files)]
    assert.equal(second.problems.length, 1)
    assert.deepEqual(facts(second), facts(first))
    assert.equal(second.conversions, 1)
  })

  it('is the same for every recorded manifest that is accepted', async () => {
    const accepted = ['globalnetworkpolicy', 'workloadendpoint', 'hostendpoint', 'profile', 'ippool', 'felixconfiguration'].flatMap((kind) =>
      readRecords<{ manifest?: string; accepted: boolean }>(`validation/${kind}`).flatMap(({ manifest, accepted }) =>
        accepted && manifest ? [manifest] : [],
      ),
    )
    assert.ok(accepted.length > 500)
    const cache = new MemoryCache()
    const files = Object.fromEntries(accepted.map((text, index) => [`${index}.yaml`, text]))
    const first = await read(cache, files)
    const second = await read(cache, files)
    assert.deepEqual(facts(second), facts(first))
  })
})
