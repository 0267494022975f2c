import type { Duplex } from 'node:stream';
import { SocketLike } from '../socket-like.js';

/** As much of ssh2's channel as is used here. */
export type Channel = Duplex & { close(): void };

/**
 * A channel of ssh2 as a stream that keeps Node's rules. Its own does not: it never counts as destroyed, swallows the
 * error given to `destroy`, leaves writes hanging when it closes, and ends like a file when the connection dies.
 */
export class ChannelSocket extends SocketLike {
  private writing: ((error?: Error | null) => void) | undefined;

  /** @param whyLost why the connection is gone; undefined while it stands */
  constructor(
    private readonly channel: Channel,
    private readonly whyLost: () => string | undefined,
  ) {
    super();
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.on('end', () => this.endUnlessLost());
    channel.on('close', () => this.endUnlessLost() && this.closeAfterReading());
    channel.on('error', (error: Error) => this.destroy(error));
  }

  override _read(): void {
    this.channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.writing = done;
    this.channel.write(chunk, (error) => {
      this.writing = undefined;
      done(error);
    });
  }

  override _final(done: () => void): void {
    this.channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.channel.close();
    // Nothing reads it from here on, and what is still on its way must not fill its window.
    this.channel.resume();
    done(error);
    // Node tells the writes that wait in line, but not the one under way.
    this.writing?.(error ?? new Error('the channel was closed'));
    this.writing = undefined;
  }

  private endUnlessLost(): boolean {
    const why = this.whyLost();
    if (why !== undefined) this.destroy(new Error(`the SSH connection was lost: ${why}`));
    else if (!this.destroyed && !this.readableEnded) this.push(null);
    return why === undefined;
  }

  /** The far end takes nothing any more; what it has sent can still be read. */
  private closeAfterReading(): void {
    if (this.readableEnded) this.destroy();
    else this.once('end', () => this.destroy());
  }
}
