import type { Direction } from '../facts.ts'
import type { Engine } from './engine.ts'
import { CLOSED, OPEN, type Verdict } from './outcomes.ts'
import { PairPool } from './pool.ts'
import type { Answers } from './program.ts'

/**
 * Who may reach whom, for all places of a world at once. Places that may send the same to every place and get the same from every place are one group;
 * a world of 10,000 endpoints has some hundreds of groups, and no list of pairs of endpoints is ever made.
 */
export interface WholeMap {
  /** The places of each group, in order; groups in the order of their first places. All places of a group are of one IP version. */
  readonly groups: readonly (readonly number[])[]
  /** The group of each place. */
  readonly groupOf: Int32Array
  /** What may pass from each place of one group to each place of another, or of the same. */
  verdict(source: number, destination: number): Verdict
}

/**
 * Groups the places of a world (`reference/beyond.md 4.2`, step 9). Places outside of all endpoints are there too; between two of them everything
 * passes, since no rule acts. Numbers of sets are those of `engine.space`.
 */
export function wholeMap(engine: Engine): WholeMap {
  const { list } = engine.places
  const egress = answersOf(engine, 'egress')
  const ingress = answersOf(engine, 'ingress')
  const families = Int32Array.from(list, ({ family }) => family)
  // What passes hangs on nothing but the kind of the sender and that of the receiver.
  const senders = kindsOf(families, egress, ingress)
  const receivers = kindsOf(families, ingress, egress)
  const [sending, receiving] = compareLines(engine, { kinds: senders, said: egress }, { kinds: receivers, said: ingress })
  const [pairs, ids] = [new PairPool(), new PairPool()]
  const groupOf = new Int32Array(list.length)
  const groups: number[][] = []
  for (let place = 0; place < list.length; place++) {
    const pair = pairs.intern(sending[senders.of[place] ?? 0] ?? 0, receiving[receivers.of[place] ?? 0] ?? 0)
    // A place that reaches nothing and is not reached would be like one of the other version.
    const group = ids.intern(pair, families[place] ?? 4)
    groupOf[place] = group
    const members = groups[group]
    if (members) members.push(place)
    else groups.push([place])
  }
  return { groups, groupOf, verdict: (source, destination) => engine.verdict(groups[source]?.[0] ?? -1, groups[destination]?.[0] ?? -1) }
}

// --- internal ---

/** What rules say in one direction: the different answers, and which of them each place has. */
interface Said {
  readonly of: Int32Array
  readonly list: readonly Answers[]
}

function answersOf(engine: Engine, direction: Direction): Said {
  const { list: places } = engine.places
  const unruled = {
    4: Int32Array.from(places, ({ family }) => (family === 4 ? OPEN : CLOSED)),
    6: Int32Array.from(places, ({ family }) => (family === 6 ? OPEN : CLOSED)),
  }
  const list: Answers[] = []
  const numbers = new Map<Answers, number>()
  const of = Int32Array.from(places, ({ family }, place) => {
    const answers = engine.answersAt(direction, place) ?? unruled[family]
    let number = numbers.get(answers)
    if (number === undefined) {
      number = list.length
      numbers.set(answers, number)
      list.push(answers)
    }
    return number
  })
  return { of, list }
}

interface Kinds {
  readonly of: Int32Array
  /** A place of each kind. */
  readonly examples: Int32Array
}

/** Sorts places by their own answers, and by what every answer of the other direction says about them. */
function kindsOf(families: Int32Array, own: Said, others: Said): Kinds {
  const size = families.length
  const pool = new PairPool()
  const of = Int32Array.from(families, (family, place) => pool.intern(family, own.of[place] ?? 0))
  let count = pool.size
  const first = new Int32Array(size)
  for (const answers of others.list) {
    if (count === size) break
    first.fill(-1, 0, count)
    const before = count
    const apart = new PairPool()
    for (let place = 0; place < size; place++) {
      const kind = of[place] ?? 0
      const outcome = answers[place] ?? 0
      const usual = first[kind] ?? -1
      if (usual === -1) first[kind] = outcome
      else if (usual !== outcome) {
        of[place] = before + apart.intern(kind, outcome)
        count = before + apart.size
      }
    }
  }
  const examples = new Int32Array(count)
  for (let place = size - 1; place >= 0; place--) examples[of[place] ?? 0] = place
  return { of, examples }
}

interface Axis {
  readonly kinds: Kinds
  readonly said: Said
}

/**
 * A number for each kind of sender, the same for those that may send the same to everybody, and the like for receivers. The grid of all kinds is never held
 * as a whole, since it may have many millions of fields: lines are compared by a hash, and those whose hashes are equal, field by field.
 */
function compareLines(engine: Engine, senders: Axis, receivers: Axis): [sending: Int32Array, receiving: Int32Array] {
  const [rows, columns] = [senders.kinds.examples, receivers.kinds.examples]
  const [rowHashes, columnHashes] = [new Int32Array(rows.length), new Int32Array(columns.length)]
  const line = lineFiller(engine, senders, receivers)
  const row = new Int32Array(columns.length)
  for (let i = 0; i < rows.length; i++) {
    line(row, rows[i] ?? 0)
    let hash = 1
    for (let j = 0; j < row.length; j++) {
      const verdict = row[j] ?? 0
      hash = Math.imul(hash ^ verdict, PRIME)
      columnHashes[j] = Math.imul((columnHashes[j] ?? 0) ^ verdict, PRIME)
    }
    rowHashes[i] = hash
  }
  return [classify(rows, rowHashes, columns.length, line), classify(columns, columnHashes, rows.length, lineFiller(engine, receivers, senders))]
}

const PRIME = 0x01000193

type FillLine = (line: Int32Array, place: number) => void

/** Fills in the verdicts between a place and an example of each kind across. Which of the two sends does not matter to what both ends come to. */
function lineFiller({ outcomes }: Engine, own: Axis, across: Axis): FillLine {
  const { examples } = across.kinds
  const said = across.said.list
  const numbers = Int32Array.from(examples, (place) => across.said.of[place] ?? 0)
  const here = new Int32Array(said.length)
  return (line, place) => {
    for (let number = 0; number < here.length; number++) here[number] = said[number]?.[place] ?? CLOSED
    const mine = own.said.list[own.said.of[place] ?? 0]
    if (mine) outcomes.line(line, examples, mine, numbers, here)
  }
}

function classify(places: Int32Array, hashes: Int32Array, width: number, fill: FillLine): Int32Array {
  const byHash = new Map<number, { readonly place: number; readonly id: number }[]>()
  const [line, other] = [new Int32Array(width), new Int32Array(width)]
  let next = 0
  return places.map((place, index) => {
    const candidates = byHash.get(hashes[index] ?? 0)
    if (!candidates) {
      byHash.set(hashes[index] ?? 0, [{ place, id: next }])
      return next++
    }
    fill(line, place)
    const same = candidates.find((candidate) => {
      fill(other, candidate.place)
      return areEqual(line, other)
    })
    if (same) return same.id
    candidates.push({ place, id: next })
    return next++
  })
}

function areEqual(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
