import type { Command } from './command.js';
import { fillLines } from './text.js';

type Examples = Command['examples'];

/** The way of a newcomer: from nothing to a guarded switch. */
const examples: Examples = [
  ['nixspec init', 'write a first spec for the flake of this folder'],
  ['nixspec verify vm', 'before the switch: does it work in the staging VM?'],
  ['nixspec switch production', 'switch, and go back where something breaks'],
  ['nixspec verify production', 'at any time, compared with the VM'],
];

/** Columns of help: lines of a wide terminal would be hard to read, and half of one tears it apart. */
export function helpWidth(terminal: number): number {
  return Math.max(80, Math.min(120, terminal));
}

/** What help begins with. What an example does stands beside it, or below where both together are too wide. */
export function showExamples(width: number, own: Examples = examples): string {
  const widest = Math.max(0, ...own.map(([line]) => line.length));
  const beside = own.every(([, what]) => 2 + widest + 3 + what.length <= width);
  const lines = own.map(([line, what]) =>
    beside ? `  ${line.padEnd(widest)}   ${what}` : `  ${line}\n${fill(what, 6, width)}`,
  );
  return `Examples:\n${lines.join('\n')}\n`;
}

function fill(text: string, indent: number, width: number): string {
  const lines = fillLines(text, width - indent);
  return lines.map((line) => `${' '.repeat(indent)}${line}`).join('\n');
}
