import { connect, type Socket } from 'node:net';
import { constants } from 'node:os';
import { explainOpenFailure } from '../unreachable.js';
import { type Carrier, MuxChannel, message, packetSize, windowSize } from './mux-channel.js';
import { WireReader, writeString, writeUint32 } from './wire.js';

/** Numbers of OpenSSH's PROTOCOL.mux. */
const hello = 1;
const protocolVersion = 4;
const proxyRequest = 0x1000000f;
const proxyAnswer = 0x8000000f;
const standardError = 1;

/** Longer than any message that OpenSSH lets through (256 KiB), and short enough not to hurt. */
const longestMessage = 1 << 19;

interface Opening {
  readonly resolve: (channel: MuxChannel) => void;
  readonly reject: (error: Error) => void;
  readonly refused: (code: number, text: string) => Error;
}

interface Entry {
  readonly channel: MuxChannel;
  opening?: Opening;
  /** Awaits the answer to a request. */
  answer?: (accepted: boolean) => void;
}

/**
 * A connection to an OpenSSH master in proxy mode: on its Unix socket, the messages of the SSH connection protocol
 * (RFC 4254) go in the clear, and the master passes them on. So programs, forwarded TCP connections and Unix sockets all
 * run over the one connection that ssh has made, whatever it took to make it. In every other mode of that socket each
 * program takes a process of ssh.
 */
export class MuxConnection implements Carrier {
  private readonly entries = new Map<number, Entry>();
  private readonly waiting: (() => void)[] = [];
  private received: Buffer = Buffer.alloc(0);
  private state: 'greeting' | 'proxy' | 'open' = 'greeting';
  private nextId = 0;
  private lost: Error | undefined;
  private ready: { readonly resolve: () => void; readonly reject: (error: Error) => void } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.takeIn(chunk));
    socket.on('drain', () => {
      for (const listener of this.waiting.splice(0)) listener();
    });
    socket.on('error', (error) => this.lose(error));
    socket.on('close', () => this.lose(new Error('ssh closed the connection')));
  }

  /** @throws Error where nothing answers, or not as a master does */
  static async open(path: string): Promise<MuxConnection> {
    const connection = new MuxConnection(connect(path));
    await new Promise<void>((resolve, reject) => {
      connection.ready = { resolve, reject };
      connection.sendFrame(Buffer.concat([writeUint32(hello), writeUint32(protocolVersion)]));
    });
    return connection;
  }

  close(): void {
    this.socket.destroy();
  }

  /** A program; its output is the channel's, its standard error `errors`. */
  async exec(command: string): Promise<MuxChannel> {
    const refused = (_: number, text: string) => new Error(text || 'the server opens no session');
    const channel = await this.openChannel('session', Buffer.alloc(0), refused);
    const entry = [...this.entries.values()].find((candidate) => candidate.channel === channel);
    await new Promise<void>((resolve, reject) => {
      if (!entry) return reject(new Error('the server closed the session'));
      entry.answer = (accepted) => (accepted ? resolve() : reject(new Error('the server refused the command')));
      channel.request('exec', writeString(command));
    });
    return channel;
  }

  /** @throws Unreachable where the far end cannot be connected to from the target */
  connectTcp(host: string, port: number): Promise<MuxChannel> {
    const origin = Buffer.concat([writeString('127.0.0.1'), writeUint32(0)]);
    const details = Buffer.concat([writeString(host), writeUint32(port), origin]);
    return this.openChannel('direct-tcpip', details, (code, text) => explainOpenFailure(code, text, host, port));
  }

  /** A Unix socket on the target (OpenSSH's PROTOCOL, section 2.4). */
  connectUnix(path: string): Promise<MuxChannel> {
    const details = Buffer.concat([writeString(path), writeString(''), writeUint32(0)]);
    return this.openChannel('direct-streamlocal@openssh.com', details, (_, text) => new Error(`${path}: ${text}`));
  }

  send(bytes: Buffer): boolean {
    // A length, the length of no padding, and the message.
    return this.sendFrame(Buffer.concat([Buffer.from([0]), bytes]));
  }

  onDrain(listener: () => void): void {
    this.waiting.push(listener);
  }

  private openChannel(type: string, details: Buffer, refused: Opening['refused']): Promise<MuxChannel> {
    if (this.lost) return Promise.reject(this.lost);
    const id = this.nextId;
    this.nextId += 1;
    const channel = new MuxChannel(this);
    const limits = [writeUint32(id), writeUint32(windowSize), writeUint32(packetSize)];
    return new Promise((resolve, reject) => {
      this.entries.set(id, { channel, opening: { resolve, reject, refused } });
      this.send(Buffer.concat([Buffer.from([message.open]), writeString(type), ...limits, details]));
    });
  }

  private sendFrame(bytes: Buffer): boolean {
    if (this.socket.destroyed) return true;
    return this.socket.write(Buffer.concat([writeUint32(bytes.length), bytes]));
  }

  // ------------------------------------------------------------------------------------------------------ receiving

  private takeIn(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    try {
      while (this.received.length >= 4 && !this.lost) {
        const length = this.received.readUInt32BE();
        if (length > longestMessage) throw new RangeError(`a message of ${length} bytes`);
        if (this.received.length < 4 + length) break;
        const frame = this.received.subarray(4, 4 + length);
        this.received = this.received.subarray(4 + length);
        this.handleFrame(new WireReader(frame));
      }
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      this.lose(new Error(`ssh does not keep to its protocol: ${what}`));
    }
  }

  private handleFrame(reader: WireReader): void {
    if (this.state === 'open') {
      this.handleMessage(reader);
      return;
    }
    const type = reader.readUint32();
    if (this.state === 'greeting') {
      if (type !== hello || reader.readUint32() !== protocolVersion) throw new Error('another version of it');
      this.state = 'proxy';
      this.sendFrame(Buffer.concat([writeUint32(proxyRequest), writeUint32(0)]));
    } else {
      // OpenSSH before 7.4 does not know the request.
      if (type !== proxyAnswer) throw new Error(`proxy mode was refused (0x${type.toString(16)})`);
      this.state = 'open';
      this.ready?.resolve();
    }
  }

  private handleMessage(reader: WireReader): void {
    reader.readByte();
    const type = reader.readByte();
    if (type === message.globalRequest) {
      reader.readString();
      if (reader.readByte() !== 0) this.send(Buffer.from([message.requestFailure]));
    }
    if (type < message.openConfirmation || type > message.failure) return;
    const id = reader.readUint32();
    const entry = this.entries.get(id);
    if (entry?.opening) this.handleOpening(type, id, entry, entry.opening, reader);
    else if (entry) this.handleChannel(type, id, entry, reader);
  }

  private handleOpening(type: number, id: number, entry: Entry, opening: Opening, reader: WireReader): void {
    delete entry.opening;
    if (type === message.openConfirmation) {
      entry.channel.confirm(reader.readUint32(), reader.readUint32(), reader.readUint32());
      opening.resolve(entry.channel);
    } else {
      this.entries.delete(id);
      const refusal =
        type === message.openFailure ? opening.refused(reader.readUint32(), reader.readText()) : undefined;
      entry.channel.destroy();
      opening.reject(refusal ?? new Error('the server closed the channel'));
    }
  }

  private handleChannel(type: number, id: number, entry: Entry, reader: WireReader): void {
    const { channel } = entry;
    if (type === message.windowAdjust) channel.allow(reader.readUint32());
    else if (type === message.data) channel.receive(reader.readString(), 'output');
    else if (type === message.extendedData) {
      if (reader.readUint32() === standardError) channel.receive(reader.readString(), 'errors');
    } else if (type === message.eof) channel.receiveEof();
    else if (type === message.request) readExit(channel, reader);
    else if (type === message.success) entry.answer?.(true);
    else if (type === message.failure) entry.answer?.(false);
    else if (type === message.close) {
      this.entries.delete(id);
      entry.answer?.(false);
      channel.receiveClose();
    }
  }

  private lose(error: Error): void {
    if (this.lost) return;
    this.lost = error;
    this.socket.destroy();
    this.ready?.reject(error);
    for (const { channel, opening, answer } of this.entries.values()) {
      opening?.reject(error);
      answer?.(false);
      channel.destroy(error);
    }
    this.entries.clear();
  }
}

/** RFC 4254, section 6.10. */
function readExit(channel: MuxChannel, reader: WireReader): void {
  const type = reader.readText();
  reader.readByte();
  if (type === 'exit-status') channel.exit = reader.readUint32();
  if (type === 'exit-signal') {
    channel.exit = 128 + (constants.signals[`SIG${reader.readText()}` as NodeJS.Signals] ?? 0);
  }
}
