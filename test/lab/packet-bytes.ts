import { formatIp, type Ip } from '../../src/model/net.ts'
import type { Packet } from '../../src/policy/interpreter/packet.ts'

/** A packet as it goes over the wire: IP header, the start of what its protocol has, checksums that hold. */
export function packetBytes(packet: Packet): Buffer {
  const payload = payloadOf(packet)
  return Buffer.concat([packet.source.family === 4 ? header4(packet, payload.length) : header6(packet, payload.length), payload])
}

/** The 4 or 16 bytes of an address. */
export function addressBytes(ip: Ip): Buffer {
  const hex = ip.family === 4 ? ip.value.toString(16).padStart(8, '0') : ip.value.toString(16).padStart(32, '0')
  return Buffer.from(hex, 'hex')
}

// --- internal ---

const [ICMP, TCP, UDP, ICMPV6, SCTP, UDPLITE] = [1, 6, 17, 58, 132, 136]

function payloadOf(packet: Packet): Buffer {
  const { protocol, srcPort = 0, dstPort = 0, icmpType = 0, icmpCode = 0 } = packet
  switch (protocol) {
    case TCP: {
      const bytes = Buffer.alloc(20)
      ports(bytes, srcPort, dstPort)
      bytes.writeUInt32BE(1, 4)
      // Twenty bytes of header, SYN, a window.
      bytes.writeUInt16BE(0x5002, 12)
      bytes.writeUInt16BE(1024, 14)
      bytes.writeUInt16BE(withPseudoHeader(packet, bytes), 16)
      return bytes
    }
    case UDP: {
      const bytes = Buffer.alloc(12)
      ports(bytes, srcPort, dstPort)
      bytes.writeUInt16BE(12, 4)
      bytes.writeUInt16BE(withPseudoHeader(packet, bytes) || 0xffff, 6)
      return bytes
    }
    case UDPLITE: {
      const bytes = Buffer.alloc(8)
      ports(bytes, srcPort, dstPort)
      // The checksum covers the header alone; the pseudo header has the whole length.
      bytes.writeUInt16BE(8, 4)
      bytes.writeUInt16BE(withPseudoHeader(packet, bytes) || 0xffff, 6)
      return bytes
    }
    case SCTP: {
      // An INIT chunk: verification tag 0, one stream each way.
      const bytes = Buffer.alloc(32)
      ports(bytes, srcPort, dstPort)
      bytes.writeUInt16BE(0x0100, 12)
      bytes.writeUInt16BE(20, 14)
      bytes.writeUInt32BE(7, 16)
      bytes.writeUInt32BE(65_536, 20)
      bytes.writeUInt16BE(1, 24)
      bytes.writeUInt16BE(1, 26)
      bytes.writeUInt32BE(1, 28)
      bytes.writeUInt32LE(crc32c(bytes), 8)
      return bytes
    }
    case ICMP:
    case ICMPV6: {
      const bytes = Buffer.alloc(16)
      bytes.writeUInt8(icmpType, 0)
      bytes.writeUInt8(icmpCode, 1)
      bytes.writeUInt16BE(7, 4)
      bytes.writeUInt16BE(protocol === ICMP ? checksum(bytes) : withPseudoHeader(packet, bytes), 2)
      return bytes
    }
    default:
      return Buffer.from('a payload of any other protocol.')
  }
}

function ports(bytes: Buffer, source: number, destination: number): void {
  bytes.writeUInt16BE(source, 0)
  bytes.writeUInt16BE(destination, 2)
}

function header4({ protocol, source, destination }: Packet, length: number): Buffer {
  const bytes = Buffer.alloc(20)
  bytes.writeUInt8(0x45, 0)
  bytes.writeUInt16BE(20 + length, 2)
  bytes.writeUInt8(64, 8)
  bytes.writeUInt8(protocol, 9)
  addressBytes(source).copy(bytes, 12)
  addressBytes(destination).copy(bytes, 16)
  bytes.writeUInt16BE(checksum(bytes), 10)
  return bytes
}

function header6({ protocol, source, destination }: Packet, length: number): Buffer {
  const bytes = Buffer.alloc(40)
  bytes.writeUInt8(0x60, 0)
  bytes.writeUInt16BE(length, 4)
  bytes.writeUInt8(protocol, 6)
  bytes.writeUInt8(64, 7)
  addressBytes(source).copy(bytes, 8)
  addressBytes(destination).copy(bytes, 24)
  return bytes
}

function withPseudoHeader({ protocol, source, destination }: Packet, payload: Buffer): number {
  const tail = Buffer.alloc(source.family === 4 ? 4 : 8)
  if (source.family === 4) {
    tail.writeUInt8(protocol, 1)
    tail.writeUInt16BE(payload.length, 2)
  } else {
    tail.writeUInt32BE(payload.length, 0)
    tail.writeUInt8(protocol, 7)
  }
  return checksum(Buffer.concat([addressBytes(source), addressBytes(destination), tail, payload]))
}

/** The checksum of the Internet: the complement of the sum of 16-bit words. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** The checksum of SCTP. */
function crc32c(bytes: Buffer): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1
  }
  return ~crc >>> 0
}

/** For messages. */
export function describePacket({ source, destination, protocol, srcPort, dstPort, icmpType, icmpCode }: Packet): string {
  const what = icmpType === undefined ? `${srcPort ?? ''}>${dstPort ?? ''}` : `${icmpType}/${icmpCode}`
  return `${formatIp(source)} -> ${formatIp(destination)} protocol ${protocol} ${what}`
}
