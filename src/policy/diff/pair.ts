import type { ConnectionSpace } from '../connections/space.ts'
import { Engine } from '../core/engine.ts'
import type { World } from '../world/world.ts'
import { type Joint, joinPlaces, type Sided } from './joint.ts'

/** Both sides with their engines, and their places brought together. */
export interface Pair {
  readonly before: Sided
  readonly after: Sided
  readonly joint: Joint
}

/** Engines for two worlds with one space, so that their results can be compared. */
export function pairOf(before: World, after: World, space: ConnectionSpace): Pair {
  const [a, b] = [before, after].map((world): Sided => ({ world, engine: new Engine(world, space) })) as [Sided, Sided]
  return { before: a, after: b, joint: joinPlaces(a, b) }
}
