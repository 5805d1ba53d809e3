import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ManifestInput, ReadOptions } from '../../src/manifest/manifest.ts'
import { readSources } from '../../src/manifest/sources.ts'
import type { Problem } from '../../src/model/problem.ts'

/** A tree of files: text is a file, an object a directory, an error code what reading gives. */
type Tree = { readonly [name: string]: string | Tree | Failure }
class Failure extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

function inputOf(tree: Tree, stdin = ''): ManifestInput {
  const find = (path: string): string | Tree => {
    let node: string | Tree | Failure | undefined = tree
    for (const part of path.split('/').filter((part) => part !== ''))
      node = typeof node === 'object' && !(node instanceof Failure) ? node[part] : undefined
    if (node instanceof Failure) throw node
    if (node === undefined) throw new Failure('ENOENT')
    return node
  }
  return {
    stdin: { read: async () => Buffer.from(stdin) },
    files: {
      isDirectory: async (path) => typeof find(path) === 'object',
      readFile: async (path) => {
        const node = find(path)
        if (typeof node !== 'string') throw new Failure('EISDIR')
        return Buffer.from(node)
      },
      readDirectory: async (path) => {
        const node = find(path)
        if (typeof node === 'string') throw new Failure('ENOTDIR')
        return Object.entries(node).map(([name, child]) => ({ name, isDirectory: typeof child === 'object' && !(child instanceof Failure) }))
      },
    },
  }
}

async function read(values: readonly string[], tree: Tree, options: ReadOptions = {}, stdin = ''): Promise<{ files: string[]; problems: Problem[] }> {
  const problems: Problem[] = []
  const files: string[] = []
  for await (const { name, bytes } of readSources(values, inputOf(tree, stdin), options, (problem) => problems.push(problem))) {
    files.push(`${name}=${Buffer.from(bytes).toString()}`)
  }
  return { files, problems }
}

const tree: Tree = {
  'one.txt': '1',
  dir: { 'b.yaml': 'b', 'a.YML': 'a', 'c.json': 'c', 'notes.txt': 'no', '.hidden.yaml': 'h', sub: { 'd.yaml': 'd', x: { 'e.Json': 'e' } } },
  empty: { 'notes.txt': 'no', sub: { 'd.yaml': 'd' } },
  secret: { 'a.yaml': new Failure('EACCES'), 'b.yaml': 'b' },
}

test('a file named by the user is read whatever its ending', async () => {
  assert.deepEqual(await read(['one.txt'], tree), { files: ['one.txt=1'], problems: [] })
})

test('a dash is standard input', async () => {
  assert.deepEqual(await read(['-'], tree, {}, 'piped'), { files: ['-=piped'], problems: [] })
})

test('several values are read in their order', async () => {
  assert.deepEqual((await read(['one.txt', '-', 'dir/b.yaml'], tree, {}, 'in')).files, ['one.txt=1', '-=in', 'dir/b.yaml=b'])
})

test('a directory gives its yaml, yml and json files in lexical order, any letter case', async () => {
  assert.deepEqual((await read(['dir'], tree)).files, ['dir/.hidden.yaml=h', 'dir/a.YML=a', 'dir/b.yaml=b', 'dir/c.json=c'])
})

test('a slash at the end of a directory does not double', async () => {
  assert.equal((await read(['dir/'], tree)).files[1], 'dir/a.YML=a')
})

test('sub-directories are read only when asked for, where they stand in the order', async () => {
  assert.deepEqual((await read(['dir'], tree, { recursive: true })).files.slice(3), ['dir/c.json=c', 'dir/sub/d.yaml=d', 'dir/sub/x/e.Json=e'])
})

const failures: readonly (readonly [what: string, values: readonly string[], options: ReadOptions, message: string])[] = [
  ['a missing file', ['x/y.yaml'], {}, 'cannot read x/y.yaml: no such file or directory'],
  ['a file that may not be read', ['secret/a.yaml'], {}, 'cannot read secret/a.yaml: permission denied'],
  ['a directory without manifests', ['empty'], {}, 'no resources specified in directory empty'],
]

for (const [what, values, options, message] of failures) {
  test(`is a problem: ${what}`, async () => {
    const { files, problems } = await read(values, tree, options)
    assert.deepEqual(files, [])
    assert.deepEqual(
      problems.map((problem) => problem.message),
      [message],
    )
  })
}

test('what cannot be read does not keep the others from being read', async () => {
  const { files, problems } = await read(['missing', 'secret', 'one.txt'], tree)
  assert.deepEqual(files, ['secret/b.yaml=b', 'one.txt=1'])
  assert.deepEqual(
    problems.map((problem) => problem.file),
    ['missing', 'secret/a.yaml'],
  )
})

test('with --skip-empty a directory without manifests is no problem, and -R finds those below', async () => {
  assert.deepEqual((await read(['empty'], tree, { skipEmpty: true })).problems, [])
  assert.deepEqual((await read(['empty'], tree, { recursive: true })).files, ['empty/sub/d.yaml=d'])
})
