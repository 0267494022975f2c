import type { Script } from '../model.js';
import { sh } from './sh.js';

/** What one command of a script printed, line by line, and how it ended. */
export interface Section {
  /** The worst exit code, where the command ran more than once. */
  readonly exit: number;
  readonly lines: readonly string[];
  /** What it said on standard error. */
  readonly said: readonly string[];
}

/**
 * Runs a command and ends its lines, on both outputs, with a line of their own, `=name exit`. Only for commands whose
 * lines cannot look like that.
 */
export function section(name: string, command: Script): Script {
  return sh`{ ${command}
}; x=$?; echo =${name} $x; echo =${name} $x >&2`;
}

/** Takes apart what a script of sections printed. A section that is missing in the script's output is missing here. */
export function readSections(output: {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}): ReadonlyMap<string, Section> {
  const said = splitSections(output.stderr);
  const sections = new Map<string, Section>();
  for (const [name, { exit, lines }] of splitSections(output.stdout)) {
    sections.set(name, { exit, lines, said: said.get(name)?.lines ?? [] });
  }
  return sections;
}

function splitSections(bytes: Buffer): Map<string, { exit: number; lines: string[] }> {
  const sections = new Map<string, { exit: number; lines: string[] }>();
  let lines: string[] = [];
  for (const line of bytes.toString('utf8').split('\n')) {
    const [, name, exit] = /^=([a-z-]+) (\d{1,3})$/.exec(line) ?? [];
    if (name === undefined) {
      if (line !== '') lines.push(line);
      continue;
    }
    const before = sections.get(name);
    sections.set(name, {
      exit: Math.max(before?.exit ?? 0, Number(exit)),
      lines: [...(before?.lines ?? []), ...lines],
    });
    lines = [];
  }
  return sections;
}
