import { createInterface, type Interface } from 'node:readline/promises';
import type { Io } from '../command.js';
import { NixspecError } from '../error.js';
import type { Progress } from '../progress.js';
import { makePaint, printable } from '../terminal.js';
import { listSome } from '../text.js';
import type { Wishes } from './wishes.js';

/** Asks a person. Where nobody can be asked, or nobody wants to be, `asks` is false and nothing may be asked. */
export interface Asker {
  readonly asks: boolean;
  ask<T>(question: Question<T>): Promise<T>;
  /** Tells what was decided without asking. */
  tell(text: string): void;
  close(): void;
}

export interface Question<T> {
  readonly text: string;
  /** What there is to choose from, shown above the question. */
  readonly choices?: readonly string[];
  /** What an empty answer means. */
  readonly preset?: string;
  readonly accept: (answer: string) => Accepted<T>;
}

/** What an answer means, or what is wrong with it, in words: then it is asked again. */
export type Accepted<T> = { readonly value: T } | { readonly wrong: string };

/** A person who has not understood by then is better served by the documentation; and a stuck input ends. */
const mostTries = 5;

/** Three questions in plain lines: `node:readline` is all that it takes. */
export function openAsker({ asks }: Pick<Wishes, 'asks'>, progress: Progress, io: Io): Asker {
  let reader: Interface | undefined;
  const gone = new AbortController();
  const open = () => {
    if (reader) return reader;
    reader = createInterface({ input: process.stdin, output: process.stderr });
    // In its raw mode Ctrl-C is a key, and a closed input would leave the question open for ever.
    reader.on('SIGINT', () => gone.abort());
    reader.on('close', () => gone.abort());
    return reader;
  };
  const paint = makePaint(io.color.err);
  return {
    asks,
    async ask({ text, preset, choices = [], accept }) {
      if (!asks) throw new TypeError('nobody is to be asked');
      progress.stop();
      const shown = `${paint('bold', printable(text))}${preset ? ` ${paint('gray', `[${printable(preset)}]`)}` : ''} `;
      if (choices.length > 0) io.err(`${printable(listSome(choices, 60))}\n`);
      for (let tries = 0; tries < mostTries; tries += 1) {
        const answer = await read(open(), shown, AbortSignal.any([gone.signal, io.signal]));
        const found = accept(answer.trim() === '' ? (preset ?? '') : answer.trim());
        if ('value' in found) return found.value;
        io.err(`${printable(found.wrong)}\n`);
      }
      throw new NixspecError('usage', `no answer could be used to: ${text}`, { operation: 'init' });
    },
    tell(text) {
      progress.stop();
      io.err(`${printable(text, { lines: true })}\n`);
    },
    close() {
      reader?.close();
    },
  };
}

async function read(reader: Interface, text: string, signal: AbortSignal): Promise<string> {
  try {
    return await reader.question(text, { signal });
  } catch {
    process.stderr.write('\n');
    throw new NixspecError('interrupted', 'nothing was written', { operation: 'init' });
  }
}
