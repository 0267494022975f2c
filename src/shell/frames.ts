import type { ShellOutput } from '../model.js';
import type { Program } from './program.js';

/** What a program prints, taken apart. */
export type Frame =
  | { readonly kind: 'start' }
  | { readonly kind: 'answer'; readonly probe: number; readonly output: ShellOutput }
  /** It ran, but gave no answer: why, for people. */
  | { readonly kind: 'no-answer'; readonly probe: number; readonly reason: string }
  /** The program could not be run at all. */
  | { readonly kind: 'stop'; readonly reason: string }
  | { readonly kind: 'finished' };

/** A mistake in what a target printed: nothing after it can be trusted. */
export class BrokenFrames extends Error {}

const longestLine = 256;
const mostNoise = 65_536;
const newline = 0x0a;

/**
 * Reads the output of a program as it streams in, at most one frame in memory.
 * @throws BrokenFrames where the output is not what the program prints
 */
export async function* readFrames(program: Program, output: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  const reader = new SegmentReader(program, output);
  // Login files may print before the program begins; between two frames there is nothing.
  let between = mostNoise;
  while (await reader.findMarker(between)) {
    const line = await reader.readLine();
    if (line === undefined) return;
    const frame = await readFrame(line, reader, program);
    yield frame;
    if (frame.kind === 'finished' || frame.kind === 'stop') return;
    between = 0;
  }
}

async function readFrame(line: string, reader: SegmentReader, program: Program): Promise<Frame> {
  if (line === 'start') return { kind: 'start' };
  if (line === 'finished') return { kind: 'finished' };
  if (line.startsWith('stop ')) return { kind: 'stop', reason: line.slice(5) };
  const [, number, status] = /^(\d{1,9}) (\d{1,3}|T|B)$/.exec(line) ?? [];
  const at = Number(number);
  const probe = program.probes[at];
  if (!probe || status === undefined) throw new BrokenFrames(`unexpected line ${JSON.stringify(line)}`);
  const stdout = await reader.readSegment(probe.maxBytes + 1, '=');
  const stderr = await reader.readSegment(probe.maxBytes + 1, '.');
  if (status === 'T') return { kind: 'no-answer', probe: at, reason: `no answer within ${probe.limit} s` };
  if (status === 'B')
    return { kind: 'no-answer', probe: at, reason: 'its output could not be kept on the target (disk full?)' };
  const truncated = stdout.length > probe.maxBytes || stderr.length > probe.maxBytes;
  const kept = (bytes: Buffer) => bytes.subarray(0, probe.maxBytes);
  return {
    kind: 'answer',
    probe: at,
    output: { exit: Number(status), stdout: kept(stdout), stderr: kept(stderr), truncated },
  };
}

/** Cuts a stream at the marker of a program. */
class SegmentReader {
  private readonly marker: Buffer;
  private readonly source: AsyncIterator<Buffer>;
  private pending: Buffer = Buffer.alloc(0);

  constructor(program: Program, output: AsyncIterable<Buffer>) {
    this.marker = Buffer.from(`\n${program.marker} `);
    this.source = output[Symbol.asyncIterator]();
  }

  /** Goes on to the next marker, passing over at most so many bytes; false at the end of the stream. */
  async findMarker(most: number): Promise<boolean> {
    return (await this.readUntil(this.marker, most)) !== undefined;
  }

  /** The rest of a marker's line; undefined at the end of the stream. */
  async readLine(): Promise<string | undefined> {
    return (await this.readUntil(Buffer.of(newline), longestLine))?.toString('utf8');
  }

  /** All bytes up to the next marker, whose line must be `closing`. */
  async readSegment(most: number, closing: string): Promise<Buffer> {
    const bytes = await this.readUntil(this.marker, most);
    const line = bytes && (await this.readLine());
    if (!bytes || line !== closing) throw new BrokenFrames('the answer was cut off');
    return bytes;
  }

  /** Takes all up to and including `end`; undefined where the stream ends before it. Gives what stood before it. */
  private async readUntil(end: Buffer, most: number): Promise<Buffer | undefined> {
    let searched = 0;
    for (;;) {
      const at = this.pending.indexOf(end, searched);
      if (at >= 0) {
        if (at > most) throw new BrokenFrames('an answer was longer than it may be');
        const bytes = this.pending.subarray(0, at);
        this.pending = this.pending.subarray(at + end.length);
        return bytes;
      }
      if (this.pending.length > most + end.length) throw new BrokenFrames('an answer was longer than it may be');
      searched = Math.max(0, this.pending.length - end.length);
      const next = await this.source.next();
      if (next.done) return undefined;
      this.pending = this.pending.length === 0 ? next.value : Buffer.concat([this.pending, next.value]);
    }
  }
}
