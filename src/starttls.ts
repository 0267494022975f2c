import type { Duplex } from 'node:stream';
import { BadAnswer } from './conversation.js';

/** What a protocol says before TLS begins. */
interface Dialogue {
  readonly port: number;
  /** @throws BadAnswer when the server does not want to */
  talk(wire: Wire, host: string): Promise<void>;
}

const dialogues = {
  /** RFC 3207. */
  smtp: {
    port: 25,
    talk: async (wire) => {
      await expectReply(wire, '220', 'greet');
      wire.say('EHLO nixspec.invalid\r\n');
      await expectReply(wire, '250', 'take EHLO');
      wire.say('STARTTLS\r\n');
      await expectReply(wire, '220', 'take STARTTLS');
    },
  },
  /** RFC 3501, section 6.2.1. */
  imap: {
    port: 143,
    talk: async (wire) => {
      expectStart(await wire.readLine(), '* OK', 'greet');
      wire.say('a1 STARTTLS\r\n');
      for (let line = '*'; line.startsWith('*'); ) {
        line = await wire.readLine();
        if (!line.startsWith('*')) expectStart(line, 'a1 OK', 'take STARTTLS');
      }
    },
  },
  /** RFC 2595, section 4. */
  pop3: {
    port: 110,
    talk: async (wire) => {
      expectStart(await wire.readLine(), '+OK', 'greet');
      wire.say('STLS\r\n');
      expectStart(await wire.readLine(), '+OK', 'take STLS');
    },
  },
  /** PostgreSQL's frontend/backend protocol: an SSLRequest, answered by one letter. */
  postgres: {
    port: 5432,
    talk: async (wire) => {
      wire.say(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
      const letter = (await wire.readBytes(1)).toString('latin1');
      if (letter !== 'S') throw new BadAnswer(`the server does not offer TLS (it said ${JSON.stringify(letter)})`);
    },
  },
  /** RFC 4511, section 4.14: an extended request with message id 1, and its answer with result code 0. */
  ldap: {
    port: 389,
    talk: async (wire) => {
      const name = Buffer.from('1.3.6.1.4.1.1466.20037');
      const request = Buffer.concat([Buffer.from([0x77, name.length + 2, 0x80, name.length]), name]);
      wire.say(Buffer.concat([Buffer.from([0x30, request.length + 3, 0x02, 0x01, 0x01]), request]));
      const answer = await readBerMessage(wire);
      const at = answer.indexOf(0x78);
      // The answer's length takes one byte, or several after one with the top bit set.
      const code = at < 0 ? -1 : answer.indexOf(Buffer.from([0x0a, 0x01]), at);
      if (code < 0 || answer[code + 2] !== 0) throw new BadAnswer('the server does not offer TLS (LDAP said no)');
    },
  },
  /** RFC 6120, section 5. */
  xmpp: {
    port: 5222,
    talk: async (wire, host) => {
      const to = host.replace(/[^A-Za-z0-9.:-]/g, '');
      wire.say(
        `<?xml version='1.0'?><stream:stream to='${to}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`,
      );
      const features = await wire.readUntil(/<\/stream:features>|<\/stream:stream>|<stream:features\s*\/>/);
      if (!/<starttls[\s/>]/.test(features)) throw new BadAnswer('the server does not offer STARTTLS');
      wire.say("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      const answer = await wire.readUntil(/<(proceed|failure)[^>]*>/);
      if (!/<proceed/.test(answer)) throw new BadAnswer('the server does not take STARTTLS');
    },
  },
} satisfies { readonly [name: string]: Dialogue };

export type StartTlsProtocol = keyof typeof dialogues;

export const startTlsProtocols = Object.keys(dialogues) as readonly StartTlsProtocol[];

export function startTlsPort(protocol: StartTlsProtocol): number {
  return dialogues[protocol].port;
}

/**
 * Talks a protocol up to where TLS begins; the stream is then ready for `tls.connect`.
 * @param host for the protocols that name the server first
 * @throws BadAnswer where the server does not offer TLS, or talks something else; the stream is then destroyed
 */
export async function startTls(stream: Duplex, protocol: StartTlsProtocol, host: string): Promise<void> {
  const wire = new Wire(stream);
  try {
    await dialogues[protocol].talk(wire, host);
    // What comes before the handshake was not said by whoever holds the key (CVE-2011-0411).
    if (wire.hasMore()) throw new BadAnswer('the server said something between STARTTLS and TLS');
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    wire.letGo();
  }
}

/** SMTP replies may have several lines: `250-…`, the last one `250 …` (RFC 5321, section 4.2.1). */
async function expectReply(wire: Wire, code: string, what: string): Promise<void> {
  let line = await wire.readLine();
  while (/^\d{3}-/.test(line)) line = await wire.readLine();
  expectStart(line, code, what);
}

function expectStart(line: string, start: string, what: string): void {
  if (line.toUpperCase().startsWith(start.toUpperCase())) return;
  throw new BadAnswer(`the server does not ${what}: it said ${JSON.stringify(line.slice(0, 120))}`);
}

/** A sequence with a length of one byte, or of one to four more. */
async function readBerMessage(wire: Wire): Promise<Buffer> {
  const [tag, first = 0] = await wire.readBytes(2);
  if (tag !== 0x30) throw new BadAnswer('the server does not talk LDAP');
  const more = first & 0x80 ? first & 0x7f : 0;
  const length = more === 0 ? first : more > 4 ? mostBytes + 1 : (await wire.readBytes(more)).readUIntBE(0, more);
  return wire.readBytes(length);
}

/** Of a whole dialogue. */
const mostBytes = 16 * 1024;

/** Reads a stream piece by piece without letting it flow on: what follows belongs to TLS. */
class Wire {
  private bytes = Buffer.alloc(0);
  private received = 0;
  private wake = () => {};
  private end: Error | undefined;

  constructor(private readonly stream: Duplex) {
    stream.on('data', this.take).on('error', this.stop).on('close', this.stop).on('end', this.stop);
  }

  say(words: string | Buffer): void {
    this.stream.write(words);
  }

  hasMore(): boolean {
    return this.bytes.length > 0;
  }

  async readLine(): Promise<string> {
    return (await this.readUntil(/\n/)).trimEnd();
  }

  /** Everything up to the end of the first match. Bytes are told as Latin-1: the protocols are ASCII. */
  async readUntil(pattern: RegExp): Promise<string> {
    return this.read(() => {
      const text = this.bytes.toString('latin1');
      const match = pattern.exec(text);
      return match ? match.index + match[0].length : undefined;
    }).then((bytes) => bytes.toString('latin1'));
  }

  async readBytes(count: number): Promise<Buffer> {
    return this.read(() => (this.bytes.length >= count ? count : undefined), count);
  }

  /** Leaves the stream as it was, paused: `tls.connect` starts it again. */
  letGo(): void {
    this.stream.off('data', this.take).off('error', this.stop).off('close', this.stop).off('end', this.stop);
    this.stream.pause();
  }

  private async read(enough: () => number | undefined, wanted = 0): Promise<Buffer> {
    for (;;) {
      const count = enough();
      if (count !== undefined) {
        const read = this.bytes.subarray(0, count);
        this.bytes = this.bytes.subarray(count);
        return read;
      }
      if (this.received > mostBytes || wanted > mostBytes) throw new BadAnswer('the server does not stop talking');
      if (this.end) throw this.end;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private readonly take = (chunk: Buffer): void => {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    this.received += chunk.length;
    if (this.received > mostBytes) this.stream.pause();
    this.wake();
  };

  private readonly stop = (error?: Error): void => {
    this.end ??= error ?? Object.assign(new Error('closed before TLS'), { code: 'ECONNRESET' });
    this.wake();
  };
}
