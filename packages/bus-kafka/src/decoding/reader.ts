import { Undecodable } from './undecodable.ts';

/** Reads the types of Kafka's protocol (https://kafka.apache.org/protocol#protocol_types), and never beyond the end. Throws `Undecodable`. */
export class Reader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  int8(): number {
    return this.bytes.readInt8(this.forward(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.forward(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.forward(4));
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.forward(8));
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.forward(1)] ?? 0;
      value |= (byte & 127) << shift;
      if (byte < 128) return (value >>> 1) ^ -(value & 1);
    }
    throw new Undecodable('a number has too many bytes');
  }

  varlong(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.forward(1)] ?? 0;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new Undecodable('a number has too many bytes');
  }

  /** The next bytes, shared and not copied; null for a length of -1. */
  take(length: number): Buffer | null {
    if (length === -1) return null;
    const from = this.forward(length);
    return this.bytes.subarray(from, from + length);
  }

  rest(): Buffer {
    return this.bytes.subarray(this.forward(this.left));
  }

  private forward(length: number): number {
    const from = this.at;
    if (length < 0 || length > this.bytes.length - from) throw new Undecodable('it ends too early');
    this.at = from + length;
    return from;
  }
}
