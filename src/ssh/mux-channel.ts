import { Readable } from 'node:stream';
import { SocketLike } from '../socket-like.js';
import { writeString, writeUint32 } from './wire.js';

/** Message numbers of RFC 4254, section 9. */
export const message = {
  globalRequest: 80,
  requestFailure: 82,
  open: 90,
  openConfirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const;

/** Bytes that the far end may send before it is told that they were read: what one channel can hold in memory. */
export const windowSize = 1 << 20;
export const packetSize = 1 << 15;

/** What a channel needs of the connection that carries it. */
export interface Carrier {
  /** @returns false where it is better to wait for `onDrain` before more is sent */
  send(message: Buffer): boolean;
  onDrain(listener: () => void): void;
}

interface Write {
  bytes: Buffer;
  readonly done: (error?: Error | null) => void;
}

/**
 * One channel of an SSH connection (RFC 4254, section 5) as a stream: flow control by windows in both directions, so
 * that neither a slow reader nor a slow far end fills the memory. `errors` is the extended data: standard error.
 */
export class MuxChannel extends SocketLike {
  readonly errors: Readable;
  /** What the far end said: an exit status, or 128 and the number of the signal. */
  exit: number | undefined;
  private remote: { id: number; window: number; packet: number } | undefined;
  private window = windowSize;
  private writing: Write | undefined;
  private closeSent = false;

  constructor(private readonly carrier: Carrier) {
    super();
    this.errors = new Readable({ read: () => this.widen() });
    this.errors.on('error', () => {});
  }

  // ------------------------------------------------------------------------------------ what the connection tells it

  confirm(id: number, window: number, packet: number): void {
    this.remote = { id, window, packet: Math.max(1, Math.min(packet, packetSize)) };
    // Given up while it was being opened.
    if (this.destroyed) this.sendClose();
  }

  /** @throws RangeError where the far end sends more than it may */
  receive(bytes: Buffer, stream: 'output' | 'errors'): void {
    if (bytes.length > this.window) throw new RangeError('more data than the window allows');
    this.window -= bytes.length;
    if (this.destroyed) return;
    const goOn = stream === 'output' ? this.push(bytes) : this.errors.push(bytes);
    if (goOn) this.widen();
  }

  allow(bytes: number): void {
    if (this.remote) this.remote.window += bytes;
    this.flush();
  }

  /** Of the output. `errors` ends with the channel, so that whoever waits for its end knows the exit status as well. */
  receiveEof(): void {
    if (!this.destroyed) this.push(null);
  }

  /** Neither end sends any more; what has come in can still be read. */
  receiveClose(): void {
    this.receiveEof();
    if (!this.destroyed) this.errors.push(null);
    this.sendClose();
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }

  // ------------------------------------------------------------------------------------------------ what a user does

  /** @param details what follows the type in the request */
  request(type: string, details: Buffer): void {
    this.sendAbout(message.request, writeString(type), Buffer.from([1]), details);
  }

  override _read(): void {
    this.widen();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Write['done']): void {
    this.writing = { bytes, done };
    this.flush();
  }

  override _final(done: () => void): void {
    this.sendAbout(message.eof);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.sendClose();
    this.errors.destroy();
    done(error);
    // Node tells the writes that wait in line, but not the one under way.
    this.writing?.done(error ?? new Error('the channel was closed'));
    this.writing = undefined;
  }

  private flush(): void {
    const { writing, remote } = this;
    if (!writing || !remote || this.destroyed) return;
    while (writing.bytes.length > 0 && remote.window > 0) {
      const length = Math.min(writing.bytes.length, remote.window, remote.packet);
      remote.window -= length;
      const goOn = this.sendAbout(message.data, writeString(writing.bytes.subarray(0, length)));
      writing.bytes = writing.bytes.subarray(length);
      if (!goOn) {
        this.carrier.onDrain(() => this.flush());
        return;
      }
    }
    if (writing.bytes.length > 0) return;
    this.writing = undefined;
    writing.done();
  }

  /** Tells the far end that there is room again; not for every few bytes. */
  private widen(): void {
    if (this.window > windowSize / 2 || this.destroyed) return;
    this.sendAbout(message.windowAdjust, writeUint32(windowSize - this.window));
    this.window = windowSize;
  }

  private sendClose(): void {
    this.sendAbout(message.close);
    if (this.remote) this.closeSent = true;
  }

  private sendAbout(type: number, ...details: Buffer[]): boolean {
    if (!this.remote || this.closeSent) return true;
    return this.carrier.send(Buffer.concat([Buffer.from([type]), writeUint32(this.remote.id), ...details]));
  }
}
