import type { Direction } from '../facts.ts'
import type { Engine } from './engine.ts'
import { OPEN, type Verdict } from './outcomes.ts'
import type { Place } from './places.ts'
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
  // Both directions at once: code that has seen the one alone is made quick for it alone, and anew for the other.
  for (let place = 0; place < list.length; place++) {
    engine.answersAt('egress', place)
    engine.answersAt('ingress', place)
  }
  const [egress, ingress] = [saidIn(engine, 'egress'), saidIn(engine, 'ingress')]
  const families = Int32Array.from(list, ({ family }) => family)
  // What passes hangs on nothing but the kind of the sender and that of the receiver.
  const senders: Axis = { kinds: kindsOf(egress, ingress), said: egress }
  const receivers: Axis = { kinds: kindsOf(ingress, egress), said: ingress }
  const [sending, receiving] = compareLines(engine, senders, receivers)
  const [pairs, ids] = [new PairPool(), new PairPool()]
  const groupOf = new Int32Array(list.length)
  const groups: number[][] = []
  for (let place = 0; place < list.length; place++) {
    const pair = pairs.intern(sending[senders.kinds.of[place] ?? 0] ?? 0, receiving[receivers.kinds.of[place] ?? 0] ?? 0)
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
  /** The class of each place as a peer. */
  readonly classOf: Int32Array
  /** How many answers there are. */
  readonly size: number
  /** The outcomes of one answer after the other, each by class. */
  readonly byAnswer: Int32Array
  /** The outcomes about one class after the other, each by answer. */
  readonly byClass: Int32Array
}

function saidIn(engine: Engine, direction: Direction): Said {
  const { list: places } = engine.places
  const answers: (Answers | 4 | 6)[] = []
  const numbers = new Map<Answers | 4 | 6, number>()
  const of = new Int32Array(places.length)
  for (let place = 0; place < places.length; place++) {
    // Where no rule acts, it hangs on the version of IP alone.
    const found = engine.answersAt(direction, place) ?? (places[place] as Place).family
    let number = numbers.get(found)
    if (number === undefined) {
      number = answers.length
      numbers.set(found, number)
      answers.push(found)
    }
    of[place] = number
  }
  const { of: classOf, size: classes } = engine.peers(direction)
  const byAnswer = new Int32Array(answers.length * classes)
  for (const [number, one] of answers.entries()) {
    if (typeof one === 'object') byAnswer.set(one.byClass(), number * classes)
    else for (const [place, { family }] of places.entries()) if (family === one) byAnswer[number * classes + (classOf[place] ?? 0)] = OPEN
  }
  return { of, classOf, size: answers.length, byAnswer, byClass: transposed(byAnswer, answers.length, classes) }
}

function transposed(table: Int32Array, rows: number, columns: number): Int32Array {
  const result = new Int32Array(table.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0, from = row * columns, to = row; column < columns; column++, from++, to += rows) result[to] = table[from] as number
  }
  return result
}

interface Kinds {
  readonly of: Int32Array
  /** A place of each kind. */
  readonly examples: Int32Array
}

/** Sorts places by their own answers, and by what those of the other direction can tell apart. */
function kindsOf(own: Said, others: Said): Kinds {
  const pool = new PairPool()
  const examples: number[] = []
  const of = own.of.map((number, place) => {
    const kind = pool.intern(number, others.classOf[place] ?? 0)
    if (kind === examples.length) examples.push(place)
    return kind
  })
  return { of, examples: Int32Array.from(examples) }
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
function lineFiller({ outcomes }: Engine, { said: mine }: Axis, { said: theirs, kinds: { examples } }: Axis): FillLine {
  const classes = examples.map((place) => mine.classOf[place] ?? 0)
  const answers = examples.map((place) => theirs.of[place] ?? 0)
  const width = mine.byAnswer.length / mine.size
  return (line, place) => {
    const own = (mine.of[place] ?? 0) * width
    const asPeer = (theirs.classOf[place] ?? 0) * theirs.size
    for (let i = 0; i < line.length; i++) {
      line[i] = outcomes.both(mine.byAnswer[own + (classes[i] as number)] as number, theirs.byClass[asPeer + (answers[i] as number)] as number)
    }
  }
}

function classify(places: Int32Array, hashes: Int32Array, width: number, fill: FillLine): Int32Array {
  const byHash = new Map<number, { readonly place: number; readonly id: number }[]>()
  const [line, other] = [new Int32Array(width), new Int32Array(width)]
  let next = 0
  let filled = -1
  return places.map((place, index) => {
    const candidates = byHash.get(hashes[index] ?? 0)
    if (!candidates) {
      byHash.set(hashes[index] ?? 0, [{ place, id: next }])
      return next++
    }
    fill(line, place)
    const same = candidates.find((candidate) => {
      if (filled !== candidate.place) fill(other, (filled = candidate.place))
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
