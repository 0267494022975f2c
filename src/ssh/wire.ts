/** The data types of RFC 4251, section 5: what keys, the agent and the mux socket are all written in. */

export function writeUint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** A length and so many bytes. */
export function writeString(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([writeUint32(bytes.length), bytes]);
}

/** Reads one message from front to back; what is cut off or too long is an error, never a guess. */
export class WireReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** @throws RangeError at the end of the message, as do all of these */
  readByte(): number {
    return this.take(1).readUInt8();
  }

  readUint32(): number {
    return this.take(4).readUInt32BE();
  }

  readString(): Buffer {
    return this.take(this.readUint32());
  }

  readText(): string {
    return this.readString().toString('utf8');
  }

  private take(length: number): Buffer {
    if (length > this.left) throw new RangeError('the message is cut off');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
