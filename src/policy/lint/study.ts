import type { Problem } from '../../model/problem.ts'
import { Engine } from '../core/engine.ts'
import type { World } from '../world/world.ts'
import { Coverage } from './coverage.ts'
import { type Proofs, proveRules } from './proofs.ts'
import { findShadows, type Shadows } from './shadows.ts'
import { selectorTexts, type SelectorText } from './texts.ts'
import { findTrails, type Site, type Trail } from './trails.ts'

/** A world under examination: what several rules of lint want to know, computed when one asks. */
export class Study {
  readonly world: World
  readonly engine: Engine
  /** What was noted when the resources were read. */
  readonly noted: readonly Problem[]
  #found: { readonly trails: readonly Trail[]; readonly sites: readonly Site[] } | undefined
  #proofs: Proofs | undefined
  #coverage: Coverage | undefined
  #shadows: Shadows | undefined
  #texts: readonly SelectorText[] | undefined

  constructor(world: World, noted: readonly Problem[]) {
    this.world = world
    this.noted = noted
    this.engine = new Engine(world)
  }

  /** Without endpoints there is nothing that a selector could pick. */
  get hasEndpoints(): boolean {
    return this.world.endpoints.length > 0
  }

  get trails(): readonly Trail[] {
    return (this.#found ??= findTrails(this.world, this.engine)).trails
  }

  get sites(): readonly Site[] {
    return (this.#found ??= findTrails(this.world, this.engine)).sites
  }

  get proofs(): Proofs {
    return (this.#proofs ??= proveRules(this.engine, this.sites))
  }

  get coverage(): Coverage {
    return (this.#coverage ??= new Coverage(this.engine, this.world))
  }

  get shadows(): Shadows {
    return (this.#shadows ??= findShadows(this.world, this.trails, this.proofs, this.coverage))
  }

  get selectorTexts(): readonly SelectorText[] {
    return (this.#texts ??= selectorTexts(this.world))
  }
}
