import { PassThrough, type Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { NoReading, Value } from './model.js';
import { absentReading, unknownReading } from './resource.js';

/** Bytes of a body that are kept for `body` and `json`. */
const mostKept = 1024 * 1024;
/** Bytes that are counted: a longer body, or a bomb that unpacks to more, is not read to its end. */
const mostCounted = 100 * 1024 * 1024;

export interface HttpBody {
  readonly body: string | NoReading;
  readonly json: Value | NoReading;
  readonly size: number | NoReading;
}

type Headers = { readonly [name: string]: string };

/**
 * Reads the body of an answer, unpacked, in the character set that it says it has.
 * @param size whether its size is wanted; otherwise a body that is too long to be kept is not read to its end
 * @throws what broke the connection off before there was anything to say about the body
 */
export async function readHttpBody(stream: Readable, headers: Headers, size: boolean): Promise<HttpBody> {
  const unpackers = makeUnpackers(headers['content-encoding'] ?? '');
  if (!unpackers) return allUnknown(`its content-encoding cannot be read: ${headers['content-encoding']}`);
  const kept: Buffer[] = [];
  let count = 0;
  try {
    for await (const chunk of chainStreams(stream, unpackers)) {
      const bytes = chunk as Buffer;
      if (count < mostKept) kept.push(bytes.subarray(0, mostKept - count));
      count += bytes.length;
      if (count > mostCounted) return allUnknown('the body is longer than 100 MiB');
      if (!size && count > mostKept) break;
    }
  } catch (error) {
    return allUnknown(`the body broke off after ${count} bytes: ${error instanceof Error ? error.message : error}`);
  }
  if (count > mostKept) {
    const tooLong = unknownReading('the body is longer than 1 MiB: assert its `size` or its headers');
    return { body: tooLong, json: tooLong, size: size ? count : tooLong };
  }
  const body = decode(Buffer.concat(kept), headers['content-type'] ?? '');
  return { body, json: readJson(body), size: count };
}

/** RFC 9110, section 8.4: encodings are listed in the order in which they were applied. */
function makeUnpackers(encodings: string): readonly Transform[] | undefined {
  const names = encodings
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const wanted = names.filter((name) => name !== '' && name !== 'identity').reverse();
  // More than one is already odd; many are an attack.
  if (wanted.length > 3) return undefined;
  const unpackers = wanted.map(makeUnpacker);
  return unpackers.every((one) => one !== undefined) ? unpackers : undefined;
}

function makeUnpacker(encoding: string): Transform | undefined {
  if (encoding === 'gzip' || encoding === 'x-gzip') return createGunzip();
  if (encoding === 'deflate') return createInflate();
  if (encoding === 'br') return createBrotliDecompress();
  return undefined;
}

/** `stream.compose` was ruled out: it is experimental. An error anywhere ends the last stream. */
function chainStreams(first: Readable, others: readonly Transform[]): Readable {
  let last: Readable = first;
  for (const next of others) {
    const before = last;
    before.on('error', (error) => next.destroy(error));
    next.on('close', () => before.destroy());
    last = before.pipe(next);
  }
  return last;
}

function decode(bytes: Buffer, contentType: string): string {
  const label = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    return bytes.toString('utf8');
  }
}

function readJson(body: string): Value | NoReading {
  try {
    return JSON.parse(body) as Value;
  } catch {
    return absentReading(body === '' ? 'the body is empty' : 'the body is not JSON');
  }
}

function allUnknown(reason: string): HttpBody {
  const unknown = unknownReading(reason);
  return { body: unknown, json: unknown, size: unknown };
}

/** A stream for a body that arrives by calls. */
export function makeBodyStream(): PassThrough {
  const stream = new PassThrough();
  // Whether somebody reads it is decided later; until then a broken connection must not end the process.
  stream.on('error', () => {});
  return stream;
}
