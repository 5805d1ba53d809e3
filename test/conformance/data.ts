import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** Where the packed data lies: beside the sources, also when this runs compiled. */
const FOLDER = new URL(import.meta.url.includes('/.build') ? '../../../test/conformance/data/' : './data/', import.meta.url)

/** The records of one file of recorded answers, such as `validation/profile` or `cli/get`. */
export function readRecords<T>(name: string): T[] {
  const text = gunzipSync(readFileSync(new URL(`${name}.jsonl.gz`, FOLDER))).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

/** The names of all files in a folder of recorded answers, without ending. */
export function recordFiles(folder: string): string[] {
  return readdirSync(fileURLToPath(new URL(`${folder}/`, FOLDER)))
    .map((file) => file.replace(/\.jsonl\.gz$/, ''))
    .sort()
}
