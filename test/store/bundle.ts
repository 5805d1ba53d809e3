import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import vm from 'node:vm'

type Chunk = (exports: object, require: (request: string) => unknown, module: { exports: object }, file: string, folder: string) => void

/** Loads chunks of the files in `dist/` as the launcher does, for tests of what only the bundle holds. */
export function bundleLoader(dist: string): (file: string, chunk: string) => object {
  const nodes = createRequire(join(dist, 'start.cjs'))
  const loaded = new Map<string, object>()
  return function load(file: string, chunk: string): object {
    const known = loaded.get(chunk)
    if (known) return known
    const chunks = vm.runInThisContext(readFileSync(join(dist, file), 'latin1')) as Record<string, Chunk>
    const module_ = { exports: {} }
    loaded.set(chunk, module_.exports)
    const require_ = (request: string): unknown => {
      const [, otherFile = '', other = ''] = /^\.\/(.*)#(.*)$/.exec(request) ?? []
      return other === '' ? nodes(request) : load(otherFile, other)
    }
    chunks[chunk]?.(module_.exports, require_, module_, join(dist, file), dist)
    return module_.exports
  }
}
