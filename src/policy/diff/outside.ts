import type { Net } from '../../model/net.ts'
import type { Atoms } from '../core/atoms.ts'

/** Addresses outside: a network, but for networks in it. */
export interface OutsidePart {
  readonly net: Net
  readonly except: readonly Net[]
}

/**
 * Atoms as few networks. `isVacant` tells atoms that have no address outside at all: they count as what is around them, so that a network is told
 * whole even where endpoints have some of its addresses.
 */
export function outsideParts(atoms: Atoms, chosen: ReadonlySet<number>, isVacant: (atom: number) => boolean): OutsidePart[] {
  const parts: (OutsidePart & { readonly except: Net[] })[] = []
  const around: { readonly last: number; readonly part: (typeof parts)[number] | undefined }[] = []
  for (let atom = 0; atom < atoms.size; atom++) {
    while (around.length > 0 && (around.at(-1)?.last ?? 0) < atom) around.pop()
    const outer = around.at(-1)?.part
    const net = atoms.netOf(atom)
    let part = outer
    if (chosen.has(atom) && !outer) parts.push((part = { net, except: [] }))
    else if (!chosen.has(atom) && !isVacant(atom)) {
      outer?.except.push(net)
      part = undefined
    }
    around.push({ last: atoms.within(net)[1], part })
  }
  return parts
}
