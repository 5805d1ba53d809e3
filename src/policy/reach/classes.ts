import type { Engine } from '../core/engine.ts'

/** Interim. */
export function classifyPlaces(engine: Engine): Int32Array {
  const size = engine.places.list.length
  const rows: string[][] = Array.from({ length: size }, () => [])
  const columns: string[][] = Array.from({ length: size }, () => [])
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      const { allowed, unknown } = engine.verdict(i, j)
      const text = `${allowed}:${unknown}`
      rows[i]?.push(text)
      columns[j]?.push(text)
    }
  }
  const ids = new Map<string, number>()
  return Int32Array.from({ length: size }, (_, i) => {
    const key = `${rows[i]?.join()}/${columns[i]?.join()}/${engine.places.list[i]?.family}`
    const id = ids.get(key) ?? ids.size
    ids.set(key, id)
    return id
  })
}
