import { Duplex, type DuplexOptions } from 'node:stream';

/**
 * A byte stream that passes for a `net.Socket` where one is expected: `tls.connect({ socket })`, undici and node:http2
 * call these whatever they were given. There is nothing to set: the connection that carries the stream sends at once,
 * keeps itself alive, and each probe has a limit of its own.
 *
 * Its `error` always has a listener: a connection may die when nobody is looking, and that must not end the process.
 */
export class SocketLike extends Duplex {
  constructor(options: DuplexOptions = {}) {
    super({ allowHalfOpen: true, ...options });
    this.on('error', () => {});
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
