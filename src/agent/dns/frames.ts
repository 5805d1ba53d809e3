/** A packet as it goes over TCP: after its length in two bytes (RFC 1035, 4.2.2). */
export function frame(packet: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(packet.length)
  return Buffer.concat([length, packet])
}

/** Cuts what comes over TCP into packets. */
export class Frames {
  #rest: Buffer = Buffer.alloc(0)

  /** Gives the packets that are whole now. */
  push(chunk: Buffer): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const packets: Buffer[] = []
    while (this.#rest.length >= 2) {
      const end = 2 + this.#rest.readUInt16BE(0)
      if (this.#rest.length < end) break
      packets.push(this.#rest.subarray(2, end))
      this.#rest = this.#rest.subarray(end)
    }
    return packets
  }
}
