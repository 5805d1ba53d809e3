import { dscp } from './dscp.ts'
import { integer, struct } from './schema.ts'

/** Limits to the traffic of a workload endpoint (`reference/model.md 2.7`). Zero is the same as no limit. */
export function qosControls(description: string) {
  return struct(description, {
    ingressBandwidth: integer('Bits a second to the workload.'),
    ingressBurst: integer('Bits that may arrive at once above the bandwidth.'),
    ingressPeakrate: integer('Bits a second within a burst.'),
    ingressMinburst: integer('Bytes that may arrive at the peak rate.'),
    egressBandwidth: integer('Bits a second from the workload.'),
    egressBurst: integer('Bits that may leave at once above the bandwidth.'),
    egressPeakrate: integer('Bits a second within a burst.'),
    egressMinburst: integer('Bytes that may leave at the peak rate.'),
    ingressPacketRate: integer('Packets a second to the workload.'),
    ingressPacketBurst: integer('Packets that may arrive at once above the rate.'),
    egressPacketRate: integer('Packets a second from the workload.'),
    egressPacketBurst: integer('Packets that may leave at once above the rate.'),
    ingressMaxConnections: integer('Connections to the workload at a time.'),
    egressMaxConnections: integer('Connections from the workload at a time.'),
    dscp: dscp('Mark of outgoing packets, by number or by a name such as EF.'),
  })
}
