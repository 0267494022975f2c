import type { Script } from '../model.js';
import type { Transport } from '../transport.js';

export interface Answer {
  readonly text: string;
  /** Undefined where it did not end in time, or the connection was lost. */
  readonly exit?: number;
  readonly stderr: string;
}

/** Bytes of an answer that are kept. */
const mostOutput = 4 * 1024 * 1024;

/** Runs a short program. Never throws; a connection that hangs counts as lost when the time is over. */
export async function ask(transport: Transport, script: Script, seconds: number, signal: AbortSignal): Promise<Answer> {
  const { output, ended } = transport.run(script.raw, AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]));
  const chunks: Buffer[] = [];
  let left = mostOutput;
  for await (const chunk of output) {
    chunks.push(chunk.subarray(0, left));
    left = Math.max(0, left - chunk.length);
  }
  const { exit, stderr } = await ended;
  return { text: Buffer.concat(chunks).toString('utf8'), stderr, ...(exit !== undefined && { exit }) };
}
