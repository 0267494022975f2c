import { mkdtempSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { windowSize } from '../../src/ssh/mux-channel.js';
import { MuxConnection } from '../../src/ssh/mux-connection.js';
import { WireReader, writeString, writeUint32 } from '../../src/ssh/wire.js';
import { waitFor } from '../transports/behaviour.js';

const folder = mkdtempSync(join(tmpdir(), 'nixspec-test-'));
let sockets = 0;

/** A master that says what the test wants: the real one is in the tests of the transport. */
class FakeMaster {
  readonly messages: Buffer[] = [];
  private received = Buffer.alloc(0);

  constructor(readonly socket: Socket) {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      while (this.received.length >= 4 && this.received.length >= 4 + this.received.readUInt32BE()) {
        const end = 4 + this.received.readUInt32BE();
        this.messages.push(this.received.subarray(4, end));
        this.received = this.received.subarray(end);
      }
    });
  }

  frame(...parts: Buffer[]): void {
    const bytes = Buffer.concat(parts);
    this.socket.write(Buffer.concat([writeUint32(bytes.length), bytes]));
  }

  say(type: number, ...parts: Buffer[]): void {
    this.frame(Buffer.from([0, type]), ...parts);
  }

  /** The next message of this type, without its number. */
  async hear(type: number): Promise<WireReader> {
    const find = () => this.messages.findIndex((message) => message[1] === type && message[0] === 0);
    if (!(await waitFor(() => find() >= 0, 2_000))) throw new Error(`no message ${type}`);
    return new WireReader((this.messages.splice(find(), 1)[0] ?? Buffer.alloc(0)).subarray(2));
  }
}

async function start(t: Test, greet = true) {
  sockets += 1;
  const path = join(folder, String(sockets));
  const server = createServer().listen(path);
  const connected = new Promise<FakeMaster>((resolve) => server.once('connection', (s) => resolve(new FakeMaster(s))));
  const opening = MuxConnection.open(path);
  opening.catch(() => {});
  const master = await connected;
  if (greet) {
    master.frame(writeUint32(1), writeUint32(4));
    master.frame(writeUint32(0x8000000f), writeUint32(0));
  }
  t.teardown(() => {
    master.socket.destroy();
    server.close();
  });
  return { master, opening };
}

/** A channel that the far end has confirmed as its number 7, with this window. */
async function openChannel(t: Test, window: number) {
  const { master, opening } = await start(t);
  const connection = await opening;
  const connecting = connection.connectTcp('db', 5432);
  const open = await master.hear(90);
  t.equal(open.readText(), 'direct-tcpip');
  const id = open.readUint32();
  master.say(91, writeUint32(id), writeUint32(7), writeUint32(window), writeUint32(10));
  return { master, connection, id, channel: await connecting };
}

t.test('greetings', async (t) => {
  const cases: readonly (readonly [string, Buffer[], RegExp])[] = [
    ['another version', [writeUint32(1), writeUint32(5)], /another version/],
    ['no greeting', [writeUint32(9), writeUint32(4)], /another version/],
    ['cut off', [writeUint32(1)], /cut off/],
  ];
  for (const [name, parts, message] of cases) {
    const { master, opening } = await start(t, false);
    master.frame(...parts);
    await t.rejects(opening, { message }, name);
  }
  const { master, opening } = await start(t, false);
  master.frame(writeUint32(1), writeUint32(4));
  master.frame(writeUint32(0x80000003), writeUint32(0), writeString('unsupported'));
  await t.rejects(opening, { message: /proxy mode was refused/ });
  const huge = await start(t, false);
  huge.master.socket.write(Buffer.from([0x7f, 0, 0, 0]));
  await t.rejects(huge.opening, { message: /a message of 2130706432 bytes/ });
  const gone = await start(t, false);
  gone.master.socket.end();
  await t.rejects(gone.opening, { message: 'ssh closed the connection' });
});

t.test('data is sent no faster than the window allows', async (t) => {
  const { master, channel } = await openChannel(t, 25);
  let written = false;
  channel.write(Buffer.alloc(32, 'a'), () => {
    written = true;
  });
  const lengths = async (count: number) => {
    const found: number[] = [];
    for (let at = 0; at < count; at += 1) {
      const data = await master.hear(94);
      t.equal(data.readUint32(), 7);
      found.push(data.readString().length);
    }
    return found;
  };
  t.same(await lengths(3), [10, 10, 5], 'packets of the size that the far end takes');
  t.notOk(written);
  master.say(93, writeUint32(0), writeUint32(100));
  t.same(await lengths(1), [7]);
  t.ok(await waitFor(() => written, 1_000));
  channel.end();
  t.equal((await master.hear(96)).readUint32(), 7, 'end of file');
});

t.test('the far end is given room as its data is read, and no sooner', async (t) => {
  const { master, channel, id } = await openChannel(t, 1_000);
  const chunk = Buffer.alloc(32_768, 'b');
  for (let sent = 0; sent < windowSize; sent += chunk.length) master.say(94, writeUint32(id), writeString(chunk));
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.equal(master.messages.filter((message) => message[1] === 93).length, 0, 'nothing was read yet');
  let read = 0;
  channel.on('data', (bytes: Buffer) => {
    read += bytes.length;
  });
  const adjust = await master.hear(93);
  t.equal(adjust.readUint32(), 7);
  t.ok(adjust.readUint32() > windowSize / 2);
  t.ok(await waitFor(() => read === windowSize, 1_000));
});

t.test('more data than there was room for ends the connection', async (t) => {
  const { master, channel, id } = await openChannel(t, 1_000);
  const failed = new Promise<Error>((resolve) => channel.once('error', resolve));
  for (let sent = 0; sent <= windowSize; sent += 32_768)
    master.say(94, writeUint32(id), writeString(Buffer.alloc(32_768)));
  t.match(await failed, { message: /more data than the window allows/ });
  t.ok(await waitFor(() => master.socket.destroyed || master.socket.readableEnded, 1_000));
});

t.test('closing', async (t) => {
  const { master, channel, id } = await openChannel(t, 1_000);
  master.say(94, writeUint32(id), writeString('last words'));
  master.say(97, writeUint32(id));
  t.equal((await master.hear(97)).readUint32(), 7, 'is answered');
  const chunks: Buffer[] = [];
  for await (const chunk of channel) chunks.push(chunk as Buffer);
  t.equal(Buffer.concat(chunks).toString(), 'last words', 'what had come in can still be read');
  t.ok(channel.destroyed);
});

t.test('a channel that nobody wants any more', async (t) => {
  const { master, channel, id } = await openChannel(t, 1_000);
  channel.destroy();
  t.equal((await master.hear(97)).readUint32(), 7);
  master.say(94, writeUint32(id), writeString('too late'));
  master.say(97, writeUint32(id));
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(master.messages.filter((message) => message[1] === 97).length, 0, 'nothing is said twice');
});

const lost = /ssh closed the connection|ECONNRESET|EPIPE/;

t.test('the connection is lost', async (t) => {
  const { master, channel, connection } = await openChannel(t, 0);
  const failed = new Promise<Error>((resolve) => channel.once('error', resolve));
  const opening = connection.connectTcp('db', 1);
  const executing = connection.exec('true');
  for (const promise of [opening, executing]) promise.catch(() => {});
  const written = new Promise<unknown>((resolve) => channel.write('x', resolve));
  master.socket.destroy();
  t.match(await failed, { message: lost });
  t.ok((await written) instanceof Error, 'a write that waits is told');
  await t.rejects(opening, { message: lost });
  await t.rejects(executing, { message: lost });
  await t.rejects(connection.connectTcp('db', 2), { message: lost });
});

t.test('programs', async (t) => {
  const { master, opening } = await start(t);
  const connection = await opening;
  const executing = connection.exec('the command');
  const open = await master.hear(90);
  t.equal(open.readText(), 'session');
  const id = open.readUint32();
  master.say(91, writeUint32(id), writeUint32(3), writeUint32(0), writeUint32(32_768));
  const request = await master.hear(98);
  t.same(
    [request.readUint32(), request.readText(), request.readByte(), request.readText()],
    [3, 'exec', 1, 'the command'],
  );
  master.say(99, writeUint32(id));
  const channel = await executing;
  master.say(95, writeUint32(id), writeUint32(1), writeString('oops'));
  const closed = new Promise((resolve) => channel.errors.once('close', () => resolve(channel.exit)));
  master.say(96, writeUint32(id));
  await new Promise((resolve) => setTimeout(resolve, 20));
  master.say(98, writeUint32(id), writeString('exit-signal'), Buffer.from([0]), writeString('KILL'), Buffer.from([0]));
  master.say(97, writeUint32(id));
  const errors: Buffer[] = [];
  for await (const chunk of channel.errors) errors.push(chunk as Buffer);
  t.equal(Buffer.concat(errors).toString(), 'oops');
  t.equal(await closed, 137, 'though it came behind the end of the output');

  const refused = connection.exec('the command');
  const second = await master.hear(90);
  second.readText();
  const secondId = second.readUint32();
  master.say(91, writeUint32(secondId), writeUint32(4), writeUint32(0), writeUint32(32_768));
  await master.hear(98);
  master.say(100, writeUint32(secondId));
  await t.rejects(refused, { message: 'the server refused the command' });
});

t.test('a request of the server is refused, and what is not understood is passed over', async (t) => {
  const { master, opening } = await start(t);
  await opening;
  master.say(80, writeString('hostkeys-00@openssh.com'), Buffer.from([0]));
  master.say(80, writeString('keepalive@openssh.com'), Buffer.from([1]));
  master.say(94, writeUint32(99), writeString('nobody'));
  master.say(200);
  await master.hear(82);
  t.equal(master.messages.filter((message) => message[1] === 82).length, 0, 'only the one that wants an answer');
});
