import type { Script, ShellOutput } from '../../model.js';
import { FieldReader } from '../../shell/fields.js';
import { sh } from '../../shell/sh.js';

/** How a step answers: names and values in turn, each ended by a NUL byte, and `end` when all is said. */
export const tell: Script = sh`tell() { printf '%s\0%s\0' "$1" "$2"; }`;

export interface Told {
  /** Missing where it was not told, or is empty. */
  get(name: string): string | undefined;
  /** Lines that are not empty. */
  lines(name: string): readonly string[];
  /** A whole number. */
  number(name: string): number | undefined;
  flag(name: string): boolean;
}

/** @throws Error where the answer does not go to its end, with what was said on standard error */
export function readTold(output: ShellOutput): Told {
  const told = new Map<string, string>();
  const reader = new FieldReader(output.stdout);
  try {
    for (let name = reader.next(); name !== undefined; name = reader.next()) told.set(name, reader.next() ?? '');
  } catch {
    // Cut off: there is no end.
  }
  if (!told.has('end')) {
    const said = output.stderr.toString('utf8').trim().split('\n').slice(-1)[0] ?? '';
    throw new Error(
      `the answer is not whole (exit status ${output.exit})${said === '' ? '' : `: ${said.slice(0, 300)}`}`,
    );
  }
  const get = (name: string) => told.get(name) || undefined;
  return {
    get,
    lines: (name) => (told.get(name) ?? '').split('\n').filter((line) => line !== ''),
    number: (name) => (/^-?\d{1,15}$/.test(told.get(name) ?? '') ? Number(told.get(name)) : undefined),
    flag: (name) => told.get(name) === '1',
  };
}

/**
 * Runs a script to its end whatever becomes of the connection: a program's watcher kills what has its mark in the
 * environment, and this has none.
 */
export function unkillable(script: Script): Script {
  return sh`exec env -u NIXSPEC_MARK /bin/sh -c ${
    sh`trap '' HUP INT PIPE
${script}`.raw
  }`;
}
