import { compareNets, containsNet, type Net } from '../../model/net.ts'

/** The networks that lie in no other of the list, each once: sets of intervals take no overlapping ones. */
export function withoutContained(nets: readonly Net[]): Net[] {
  const kept: Net[] = []
  for (const net of [...nets].sort(compareNets)) {
    const last = kept.at(-1)
    if (!last || !containsNet(last, net)) kept.push(net)
  }
  return kept
}
