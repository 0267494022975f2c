import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { ProblemCode } from '../problem.js';
import type { SpecFile } from './node.js';

/** Bytes of one file. A spec of 10,000 entries has under 1 MiB. */
export const largestFile = 4 * 1024 * 1024;

export type Loaded =
  | { readonly text: string }
  | { readonly code: ProblemCode; readonly message: string; readonly hint?: string };

/** Reads a file as UTF-8, or says why not: completes "web.yaml …". An empty path is standard input. */
export async function loadText(path: string, stdin: AsyncIterable<Buffer | string>): Promise<Loaded> {
  try {
    const bytes = path === '' ? await readStream(stdin) : await readFileBytes(path);
    return bytes === undefined ? tooLarge : decode(bytes);
  } catch (error) {
    return explainFailure(error as NodeJS.ErrnoException);
  }
}

const tooLarge: Loaded = { code: 'too-large', message: `is larger than ${largestFile / 1024 / 1024} MiB` };

async function readFileBytes(path: string): Promise<Buffer | undefined> {
  // Without O_NONBLOCK the opening of a pipe waits for somebody who writes.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (status.isDirectory()) throw Object.assign(new Error('is a folder'), { code: 'EISDIR' });
    if (!status.isFile()) throw new Error('is not a file');
    if (status.size > largestFile) return undefined;
    const bytes = await file.readFile();
    return bytes.length > largestFile ? undefined : bytes;
  } finally {
    await file.close();
  }
}

async function readStream(stream: AsyncIterable<Buffer | string>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > largestFile) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** A byte order mark is taken off. */
function decode(bytes: Buffer): Loaded {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const binary = text.search(binaryCharacter);
    if (binary < 0) return { text };
    const line = text.slice(0, binary).split('\n').length;
    return { code: 'not-text', message: `is not text: line ${line} has a control character` };
  } catch {
    return { code: 'not-text', message: 'is not UTF-8 text' };
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what YAML forbids (YAML 1.2.2, 5.1), and no text file has
const binaryCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

function explainFailure(error: NodeJS.ErrnoException): Loaded {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
    return { code: 'unreadable', message: 'does not exist', hint: 'name the spec by `--spec FILE`' };
  }
  if (error.code === 'EISDIR') return { code: 'unreadable', message: 'is a folder, not a file' };
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return { code: 'unreadable', message: 'may not be read: permission denied' };
  }
  if (error.code === 'ELOOP') return { code: 'unreadable', message: 'is a link that leads to itself' };
  return { code: 'unreadable', message: error.code ? `cannot be read (${error.code})` : error.message };
}

/** An included file as people know it: beside the name of the file that includes it. */
export function nameFile(from: SpecFile, path: string): string {
  const folder = from.path === '' ? '.' : dirname(from.name);
  return join(folder, relative(from.folder, path));
}
